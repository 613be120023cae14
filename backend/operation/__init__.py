"""Writes: validate, authorize, transact. Each is one transaction, for both faces. Rules: docs/writing.md."""
