"""The engine that keeps the index in PostgreSQL, so that any number of nodes search without shared files."""
