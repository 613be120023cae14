"""GraphQL over HTTP: requests read, answers sent, by the specification of that name.

`GraphQLEndpoint` is the ASGI application; `HttpOptions` is what of it is settable.
"""

from backend.graphql.http.endpoint import GraphQLEndpoint, HttpOptions

__all__ = ["GraphQLEndpoint", "HttpOptions"]
