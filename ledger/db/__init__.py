"""How rows are kept: the declarative base, column types, sessions, bulk writes, migrations."""
