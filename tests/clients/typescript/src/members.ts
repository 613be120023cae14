import type { MembersQuery } from "./generated/graphql.js";
import { type FragmentType, graphql, useFragment as read } from "./generated/index.js";
import { request } from "./request.js";

const Member = graphql(`
  fragment Member on CourseMember {
    id
    version
    createdAt
    user {
      fullName
    }
    courseRole {
      id
    }
  }
`);

const Members = graphql(`
  query Members($course: ID!, $first: Int!, $after: String) {
    course(id: $course) {
      id
      path
      members(first: $first, after: $after, orderBy: [{ id: ASC }]) {
        totalCount
        edges {
          cursor
          node {
            ...Member
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

/** A line about a member: what it reads of them is what its fragment names. */
export function line(member: FragmentType<typeof Member>): string {
  const { user, courseRole, version, createdAt } = read(Member, member);
  // BigInt and DateTime come as texts.
  const changes: bigint = BigInt(version);
  const since: Date = new Date(createdAt);
  return `${user?.fullName ?? "?"} (${courseRole?.id ?? "?"}), ${changes} changes since ${since.getUTCFullYear()}`;
}

/** Lines about all members of a course, page by page. */
export async function* members(course: string, size: number): AsyncGenerator<string> {
  let after: string | null = null;
  do {
    const page: Page = (await request(Members, { course, first: size, after })).course?.members;
    for (const edge of page?.edges ?? []) yield line(edge.node);
    after = page?.pageInfo.hasNextPage ? page.pageInfo.endCursor ?? null : null;
  } while (after !== null);
}

type Page = NonNullable<MembersQuery["course"]>["members"] | undefined;
