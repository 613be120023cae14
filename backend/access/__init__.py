"""Who is asking, and what they may do: principals from credentials, policies as data, and the SQL that these become.

Rules: docs/permissions.md.
"""
