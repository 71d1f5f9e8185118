"""Alembic's entry point: runs the migrations on the connection that `upgrade` gives it."""

from alembic import context

from bot.storage.engine.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite can't alter most things in place
)
with context.begin_transaction():
    context.run_migrations()
