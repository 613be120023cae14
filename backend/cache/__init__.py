"""Results kept in Redis for each user, and never wrong: docs/caching.md.

What is kept is the JSON of a root field. It rests on stamps, which whoever writes deletes.
"""
