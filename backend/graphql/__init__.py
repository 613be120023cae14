"""GraphQL: the schema made of the interfaces, documents read and answered, HTTP, GraphiQL.

Fields written by hand: docs/written-fields.md.
"""
