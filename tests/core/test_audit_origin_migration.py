"""Audit events of before keep what they say when origins come."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

import appliance.core.store

MIGRATIONS = Path(appliance.core.store.__file__).parent / "migrations"


def settings(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with create_engine(f"sqlite:///{tmp_path}/a.db").connect() as made:
        command.upgrade(settings(made), "0005")
        made.execute(
            text(
                "INSERT INTO audit_events (at, actor, action, result, detail) VALUES ('2026-01-01', 'console', 'setup.stage', 'done', 'x')"
            )
        )
        made.commit()
        command.upgrade(settings(made), "0006")
        yield made


def test_an_old_event_has_no_origin(connection: Connection) -> None:
    found = connection.execute(text("SELECT actor, action, result, detail, origin FROM audit_events")).all()
    assert [tuple(row) for row in found] == [("console", "setup.stage", "done", "x", "")]


def test_the_way_back_keeps_the_events(connection: Connection) -> None:
    connection.commit()
    command.downgrade(settings(connection), "0005")
    assert connection.scalar(text("SELECT detail FROM audit_events")) == "x"
