"""How the migration tool reaches the database: by the connection, and in the transaction, that it is handed."""

from __future__ import annotations

from alembic import context

from swath.store import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    render_as_batch=True,  # SQLite changes a table by making a new one
)
with context.begin_transaction():
    context.run_migrations()
