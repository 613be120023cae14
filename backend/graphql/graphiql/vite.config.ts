import { defineConfig } from "vite";

export default defineConfig({
  base: "/graphiql/",
  build: {
    target: "es2022",
    // Monaco is large and loaded once, from the machine itself or a cache.
    chunkSizeWarningLimit: 5000,
    reportCompressedSize: false,
    rolldownOptions: {
      input: ["index.html", "docs.html"],
      onwarn(warning, warn) {
        // "use client" speaks to servers that render React; a browser needs no such hint.
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
    },
  },
  worker: { format: "es" },
  // `npm run dev` talks to a gateway that runs beside it.
  server: {
    proxy: {
      "/graphql": "http://127.0.0.1:8000",
      "/openapi.json": "http://127.0.0.1:8000",
      "/graphiql/demo-tokens.json": "http://127.0.0.1:8000",
    },
  },
});
