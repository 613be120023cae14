import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  // Node.js wants the endings of files in imports.
  importExtension: ".js",
  schema: "../../../schema.graphql",
  documents: ["src/**/*.ts", "!src/generated/**"],
  generates: {
    "src/generated/": {
      preset: "client",
      config: {
        strictScalars: true,
        scalars: {
          BigInt: { input: "string | number", output: "string" },
          DateTime: "string",
          JSON: "unknown",
          TreePath: "string",
        },
        useTypeImports: true,
      },
    },
  },
};
export default config;
