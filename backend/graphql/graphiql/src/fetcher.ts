import { type ExecutionResult, Kind, parse } from "graphql";

import type { Plan, Told } from "./plan/plan";

export interface GraphQLRequest {
  query: string;
  operationName?: string | null | undefined;
  variables?: unknown;
}

interface RequestOptions {
  headers?: Record<string, string>;
}

const ENDPOINT = "/graphql";

/**
 * Posts a request as the holder of `token`, and gives the GraphQL answer whatever its HTTP status.
 * Rejects, with a message for people, where no GraphQL answer came.
 */
export async function postRequest(
  token: string | null,
  request: GraphQLRequest,
  headers: Record<string, string> = {},
): Promise<ExecutionResult> {
  const response = await fetch(ENDPOINT, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json, application/json",
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify(request),
  }).catch(() => {
    throw new Error("The gateway cannot be reached. Is it running?");
  });
  const answer: unknown = await response.json().catch(() => null);
  if (isAnswer(answer)) return answer;
  throw new Error(`The gateway answered with status ${response.status} and no GraphQL result.`);
}

/**
 * The fetcher that GraphiQL asks; headers typed into its headers editor win. `tell` gets the plans of queries, which
 * are no part of what GraphiQL shows.
 */
export function gatewayFetcher(token: string | null, tell: (told: Told) => void) {
  return async (request: GraphQLRequest, options?: RequestOptions) => {
    const operation = operationName(request) ?? null;
    const asked = { ...request, operationName: operation };
    if (operation === "IntrospectionQuery") return postRequest(token, asked, options?.headers);
    const answer = await postRequest(token, asked, { "X-Explain": "1", ...options?.headers });
    const { plan, ...others } = answer.extensions ?? {};
    tell({ operation, plan: (plan as Plan | undefined) ?? null });
    const { extensions: _, ...shown } = answer;
    return Object.keys(others).length === 0 ? shown : { ...shown, extensions: others };
  };
}

/**
 * The operation to run. GraphiQL reads a document a moment after it changes: whoever runs it at once, after opening
 * another tab, say, would ask for the operation of the former one.
 */
function operationName({ query, operationName: asked }: GraphQLRequest): string | null | undefined {
  try {
    const operations = parse(query).definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    const names = operations.map((operation) => ("name" in operation ? operation.name?.value : undefined));
    return names.length === 1 ? names[0] : asked;
  } catch {
    return asked;
  }
}

function isAnswer(value: unknown): value is ExecutionResult {
  return typeof value === "object" && value !== null && ("data" in value || "errors" in value);
}
