"""GraphQL over HTTP: requests read, answers sent, by the specification of that name.

`GraphQLEndpoint` is the ASGI application. What holds on every face is in `backend.face.shell`.
"""

from backend.graphql.http.endpoint import GraphQLEndpoint

__all__ = ["GraphQLEndpoint"]
