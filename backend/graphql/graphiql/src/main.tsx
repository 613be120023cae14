import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./style.css";

import { createRoot } from "react-dom/client";

import { App } from "./app";
import { fetchDemoTokens } from "./identity";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

// Who is asking is known before GraphiQL starts, so that its first introspection is not refused.
const demoTokens = await fetchDemoTokens();
createRoot(root).render(<App demoTokens={demoTokens} />);
