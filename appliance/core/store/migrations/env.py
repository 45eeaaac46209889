"""Runs the migrations on the connection that the store hands over."""

from typing import Literal

from alembic import context

from appliance.core.store.base import Base, UtcDateTime


def render(kind: str, item: object, _: object) -> str | Literal[False]:
    """Our own column types are written as what they are in the database."""
    return "sa.DateTime()" if kind == "type" and isinstance(item, UtcDateTime) else False


connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, render_item=render)
with context.begin_transaction():
    context.run_migrations()
