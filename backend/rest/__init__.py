"""REST: a router for each entity, on the operations and policies that GraphQL has, and routes written by hand.

`build_rest` makes the application. It imports FastAPI, so it is imported in a thread once the gateway runs.
"""
