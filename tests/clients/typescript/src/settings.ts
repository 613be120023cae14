function needed(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set.`);
  return value;
}

/** Where the gateway is, who asks, and which course to ask about. */
export const endpoint = { url: needed("GATEWAY_URL"), token: needed("GATEWAY_TOKEN") };
export const courseId = needed("COURSE_ID");
