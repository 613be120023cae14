import {
  commitMutation,
  Environment,
  fetchQuery,
  type GraphQLResponse,
  Network,
  readInlineData,
  RecordSource,
  Store,
} from "relay-runtime";

import type { groupsCreateMutation } from "./__generated__/groupsCreateMutation.graphql";
import type { members_course$key } from "./__generated__/members_course.graphql";
import type { members_title$key } from "./__generated__/members_title.graphql";
import type { membersQuery } from "./__generated__/membersQuery.graphql";
import { CreateGroup } from "./groups";
import { MembersQuery, TitleFragment } from "./members";

/** Relay's own part of a page: what components call, without a framework. */
export function environment(url: string, token: string): Environment {
  return new Environment({
    network: Network.create(async ({ text }, variables): Promise<GraphQLResponse> => {
      const response = await fetch(url, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          Accept: "application/graphql-response+json",
          Authorization: `Bearer ${token}`,
        },
        body: JSON.stringify({ query: text, variables }),
      });
      return (await response.json()) as GraphQLResponse;
    }),
    store: new Store(new RecordSource()),
  });
}

/** What the list of members takes, and the title above it. */
export async function load(relay: Environment, id: string): Promise<[string, members_course$key] | null> {
  const found = await fetchQuery<membersQuery>(relay, MembersQuery, { id }).toPromise();
  if (found?.course == null) return null;
  const { title, path } = readInlineData<members_title$key>(TitleFragment, found.course);
  return [title ?? path, found.course];
}

/** Makes a group; `done` gets what hindered it, in words. */
export function create(relay: Environment, courseId: string, title: string, done: (why: string[]) => void): void {
  commitMutation<groupsCreateMutation>(relay, {
    mutation: CreateGroup,
    variables: { input: { courseId, title }, connections: [] },
    onCompleted({ createCourseGroup: { errors } }) {
      done(errors.map((error) => error.fields?.join() ?? error.message));
    },
  });
}
