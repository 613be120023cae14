"""The server's processes: the one that holds the port, and those that answer. Each is imported when it is needed.

`serve` prepares the database and runs one worker or looks after several.
"""
