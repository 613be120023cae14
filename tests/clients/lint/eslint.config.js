import graphql from "@graphql-eslint/eslint-plugin";

const { "flat/schema-recommended": recommended, "flat/schema-relay": relay } = graphql.configs;
const { "ObjectTypeDefinition,ObjectTypeExtension": _, ...naming } =
  recommended.rules["@graphql-eslint/naming-convention"][1];

export default [
  {
    files: ["**/*.graphql"],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: "schema.graphql" } },
    },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...recommended.rules,
      ...relay.rules,
      // Pages, payloads and figures are no objects of their own; all else has an id.
      "@graphql-eslint/strict-id-in-types": [
        "error",
        {
          exceptions: {
            types: ["DeletedRows", "PageInfo"],
            suffixes: [
              "Aggregate",
              "Avg",
              "Connection",
              "Edge",
              "Error",
              "Grouping",
              "GroupingKeys",
              "Max",
              "Min",
              "Payload",
              "Sum",
            ],
          },
        },
      ],
      // `nodes` stands beside `edges`, as GitHub has it, and some lists are of texts.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
      // Entities are called what they are called in Computor: a course has a courseFamily, a content a CourseContentType.
      "@graphql-eslint/no-typename-prefix": "off",
      "@graphql-eslint/naming-convention": ["error", naming],
      // The codes of errors stand in the schema though no field has them; tests/contract holds that nothing else does.
      "@graphql-eslint/no-unreachable-types": "off",
    },
  },
];
