"""The embedded stack: a real PostgreSQL and a real EVM node, started and stopped by us.

Each module is imported by itself, so that a verb which only reads the run file loads no database driver.
"""
