import { graphql } from "relay-runtime";

export const MemberFragment = graphql`
  fragment members_member on CourseMember {
    id
    version
    user {
      fullName
    }
  }
`;

/** Read outside of components, so that it is handed over whole. */
export const TitleFragment = graphql`
  fragment members_title on Course @inline {
    title
    path
  }
`;

/** A list that grows page by page: Relay writes the query for the next page from the course's id. */
export const MembersFragment = graphql`
  fragment members_course on Course
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "membersPageQuery") {
    members(first: $count, after: $cursor, orderBy: [{ id: ASC }]) @connection(key: "members_course_members") {
      edges {
        node {
          ...members_member
        }
      }
    }
  }
`;

export const MembersQuery = graphql`
  query membersQuery($id: ID!) {
    course(id: $id) {
      ...members_title
      ...members_course @arguments(count: 2)
    }
  }
`;
