import { graphql } from "./generated/index.js";
import type { CreateGroupMutation } from "./generated/graphql.js";
import { request } from "./request.js";

const CreateGroup = graphql(`
  mutation CreateGroup($input: CreateCourseGroupInput!) {
    createCourseGroup(input: $input) {
      courseGroup {
        id
        title
        properties
      }
      errors {
        __typename
        message
        ... on ConflictError {
          fields
          conflicting {
            __typename
            id
          }
        }
        ... on ValidationError {
          path
        }
        ... on StaleVersionError {
          currentVersion
        }
      }
    }
  }
`);

const RenameGroup = graphql(`
  mutation RenameGroup($id: ID!, $input: UpdateCourseGroupInput!, $version: BigInt!) {
    updateCourseGroup(id: $id, input: $input, expectedVersion: $version) {
      courseGroup {
        title
        version
      }
      errors {
        __typename
        ... on StaleVersionError {
          currentVersion
        }
      }
    }
  }
`);

type Problem = CreateGroupMutation["createCourseGroup"]["errors"][number];

/** The id of a new group, or in a word why there is none. */
export async function create(courseId: string, title: string, id: string): Promise<string> {
  const input = { courseId, title, id, properties: { room: 12 } };
  const { courseGroup, errors } = (await request(CreateGroup, { input })).createCourseGroup;
  return courseGroup?.id ?? errors.map(explain).join();
}

function explain(problem: Problem): string {
  switch (problem.__typename) {
    case "ConflictError":
      return `${problem.fields.join()} is taken by ${problem.conflicting?.id ?? "one that is not shown"}`;
    case "ValidationError":
      return `${problem.path.join(".")} is wrong`;
    case "StaleVersionError":
      return `changed since: ${problem.currentVersion}`;
    default:
      return problem.message;
  }
}

/** The version of the group after the change; where somebody else was faster, the one that they made. */
export async function rename(id: string, title: string, version: number | string): Promise<string | undefined> {
  const { courseGroup, errors } = (await request(RenameGroup, { id, input: { title }, version })).updateCourseGroup;
  const [problem] = errors;
  return problem?.__typename === "StaleVersionError" ? problem.currentVersion : courseGroup?.version;
}
