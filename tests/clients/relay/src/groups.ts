import { graphql } from "relay-runtime";

/** The new group is put into the list that is shown; errors are data like any other. */
export const CreateGroup = graphql`
  mutation groupsCreateMutation($input: CreateCourseGroupInput!, $connections: [ID!]!) {
    createCourseGroup(input: $input) {
      courseGroup @appendNode(connections: $connections, edgeTypeName: "CourseGroupEdge") {
        id
        title
      }
      errors {
        __typename
        message
        ... on ConflictError {
          fields
        }
      }
    }
  }
`;

export const DeleteGroup = graphql`
  mutation groupsDeleteMutation($id: ID!, $connections: [ID!]!) {
    deleteCourseGroup(id: $id) {
      deletedCourseGroupId @deleteEdge(connections: $connections)
      errors {
        message
      }
    }
  }
`;
