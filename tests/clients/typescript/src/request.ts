import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";

import { endpoint } from "./settings.js";

interface Answer<Data> {
  data?: Data | null;
  errors?: readonly { message: string; extensions?: { code?: string } }[];
}

/** The data that a document asks for, as its types say. Rejects where the gateway answers with errors. */
export async function request<Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  token: string = endpoint.token,
): Promise<Data> {
  const response = await fetch(endpoint.url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json",
      Authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = (await response.json()) as Answer<Data>;
  const [error] = errors ?? [];
  if (error !== undefined) throw new RequestError(error.message, error.extensions?.code);
  if (data === undefined || data === null) throw new Error(`Status ${response.status}, and no data.`);
  return data;
}

/** What the gateway says it could not do; `code` is one of `ErrorCode` in docs/errors.md. */
export class RequestError extends Error {
  constructor(
    message: string,
    readonly code: string | undefined,
  ) {
    super(message);
  }
}
