"""Documents → loads → results: what is selected becomes a tree of loads, each a few statements for all of its rows.

How: docs/architecture.md. What a plan was and took: docs/explain.md.
"""
