"""What is known of each entity, one file each: its DTOs, search, policy and computed fields; and what they all declare.

A new one: docs/adding-an-entity.md.
"""
