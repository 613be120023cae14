const ROLES = ["everyone", "student", "tutor", "lecturer"];

/** The tabs that GraphiQL opens with, as long as the browser remembers none: `examples/`, for everyone and by role. */
export const EXAMPLES: { query: string; variables?: string }[] = tabs();

function tabs() {
  const queries = import.meta.glob<string>("./examples/*/*.graphql", { query: "?raw", import: "default", eager: true });
  const variables = import.meta.glob<string>("./examples/*/*.variables.json", {
    query: "?raw",
    import: "default",
    eager: true,
  });
  return ROLES.flatMap((role) =>
    Object.keys(queries)
      .filter((path) => path.startsWith(`./examples/${role}/`))
      .sort()
      .map((path) => {
        const given = variables[path.replace(/graphql$/, "variables.json")];
        return { query: queries[path] ?? "", ...(given === undefined ? {} : { variables: given.trim() }) };
      }),
  );
}
