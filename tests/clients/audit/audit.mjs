// The audits of the GraphQL-over-HTTP specification against a server, as JSON: node audit.mjs URL [TOKEN]
import { createRequire } from "node:module";

const require = createRequire(new URL("../package.json", import.meta.url));
const { serverAudits } = require("graphql-http");
const [url, token] = process.argv.slice(2);

function fetchFn(address, options = {}) {
  const headers = { ...options.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  // No page of another site can send this GET unasked.
  if ((options.method ?? "GET") === "GET") headers["graphql-require-preflight"] = "1";
  return fetch(address, { ...options, headers });
}

const results = [];
for (const audit of serverAudits({ url, fetchFn })) {
  const { id, name } = audit;
  const { status, reason } = await audit.fn();
  results.push({ id, name, status, ...(reason === undefined ? {} : { reason }) });
}
process.stdout.write(JSON.stringify(results));
