"""What alembic runs to migrate: on the connection it is given, inside that connection's transaction."""

from alembic import context

from campaigns.store.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    # SQLite can roll back DDL; alembic assumes it cannot.
    transactional_ddl=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
