"""The only thing that makes tables: Alembic's environment and the versions."""
