/** The tabs that GraphiQL opens with, as long as the browser remembers none. */
export const EXAMPLES: { query: string; variables?: string }[] = [
  {
    query: `# Your courses, and what you are there.
# Ctrl-Enter runs the query.
query Me {
  me {
    fullName
    courseMembers {
      nodes {
        courseRole {
          title
        }
        course {
          title
          organization {
            title
          }
        }
      }
    }
  }
}
`,
  },
  {
    query: `# Every list is a page:
# of courses, and of members in each.
query CoursesAndMembers {
  courses(first: 5) {
    totalCount
    nodes {
      title
      organization {
        title
      }
      members(first: 3) {
        totalCount
        nodes {
          courseRoleId
          user {
            fullName
          }
        }
      }
    }
  }
}
`,
  },
  {
    query: `# The contents of a course, depth first:
# units, and the assignments in them.
query ContentTree {
  courses(first: 1) {
    nodes {
      title
      contents(first: 100) {
        nodes {
          path
          title
          isSubmittable
          courseContentType {
            title
            color
          }
        }
      }
    }
  }
}
`,
  },
  {
    query: `# The newest test runs that you may see,
# and how many there are.
query NewestResults {
  results(first: 10, orderBy: [{ createdAt: DESC }]) {
    totalCount
    nodes {
      createdAt
      status
      result
      courseMember {
        user {
          fullName
        }
      }
      courseContent {
        title
        course {
          title
        }
      }
    }
  }
}
`,
  },
  {
    query: `# Courses where some member has the role,
# ordered by a column of a relation.
query CoursesByRole($role: ID!) {
  courses(
    filter: { members: { some: { courseRoleId: { eq: $role } } } }
    orderBy: [{ organization: { title: ASC } }, { title: ASC }]
  ) {
    totalCount
    nodes {
      title
      organization {
        title
      }
      members(filter: { courseRoleId: { eq: $role } }) {
        nodes {
          user {
            fullName
          }
        }
      }
    }
  }
}
`,
    variables: JSON.stringify({ role: "_lecturer" }, null, 2),
  },
  {
    query: `# One page after the other: put the endCursor
# of this page into the variable "after".
query Paging($size: Int!, $after: String) {
  courseContents(first: $size, after: $after, orderBy: [{ title: ASC }]) {
    pageInfo {
      hasNextPage
      endCursor
    }
    edges {
      cursor
      node {
        title
        course {
          title
        }
      }
    }
  }
}
`,
    variables: JSON.stringify({ size: 5, after: null }, null, 2),
  },
  {
    query: `# Figures over a list, at the root and in
# each course. What is not asked costs nothing.
query Figures {
  results {
    aggregate {
      count
      avg {
        result
      }
      min {
        createdAt
      }
      max {
        createdAt
      }
    }
  }
  courses(first: 5) {
    nodes {
      title
      members {
        aggregate {
          count
        }
      }
    }
  }
}
`,
  },
];
