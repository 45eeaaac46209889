"""The migration to one active configuration keeps rows and their references, on every database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import IntegrityError

import appliance.core.store

MIGRATIONS = Path(appliance.core.store.__file__).parent / "migrations"
CONFIG = (
    "INSERT INTO ossea_configs (id, name, api_url, api_key, secret_key, domain, zone, template_id, network_id, service_offering_id,"
    " disk_offering_id, oma_vm_id, is_active, created_at, updated_at)"
    " VALUES (:id, :name, '', '', '', '', '', '', '', '', '', '', :active, '2026-01-01', '2026-01-01')"
)


def migrated(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with create_engine(f"sqlite:///{tmp_path}/a.db").connect() as made:
        made.execute(text("PRAGMA foreign_keys=ON"))
        made.commit()
        migrated(made, "0002")
        yield made


def test_rows_keep_their_state_and_a_second_active_one_is_impossible(connection: Connection) -> None:
    for row in ({"id": 1, "name": "a", "active": False}, {"id": 2, "name": "b", "active": True}, {"id": 3, "name": "c", "active": False}):
        connection.execute(text(CONFIG), row)
    connection.commit()
    migrated(connection, "0003")
    found = connection.execute(text("SELECT id, is_active, active_marker FROM ossea_configs ORDER BY id")).all()
    assert [tuple(row) for row in found] == [(1, 0, None), (2, 1, 1), (3, 0, None)]
    with pytest.raises(IntegrityError):
        connection.execute(text("UPDATE ossea_configs SET is_active = 1 WHERE id = 1"))


def test_an_id_is_never_given_twice_after_it(connection: Connection) -> None:
    migrated(connection, "0003")
    connection.execute(text(CONFIG), {"id": 7, "name": "a", "active": True})
    connection.execute(text("DELETE FROM ossea_configs"))
    connection.execute(text(CONFIG), {"id": None, "name": "b", "active": True})
    assert connection.scalar(text("SELECT id FROM ossea_configs")) == 8


def test_credentials_are_kept_when_their_passwords_may_be_longer(connection: Connection) -> None:
    migrated(connection, "0004")
    connection.execute(
        text(
            "INSERT INTO vmware_credentials (id, name, peer_id, vcenter_host, vcenter_port, username, password, datacenter, fingerprint,"
            " is_default, is_active, created_at, updated_at, usage_count)"
            " VALUES (3, 'a', 'vma', 'vc', 443, 'u', 'vault:abc', '', 'AA', 1, 1, '2026-01-01', '2026-01-01', 4)"
        )
    )
    connection.commit()
    migrated(connection, "0005")
    found = connection.execute(text("SELECT id, password, ca, is_default, usage_count FROM vmware_credentials")).one()
    assert tuple(found) == (3, "vault:abc", None, 1, 4)
    with pytest.raises(IntegrityError):
        connection.execute(text("INSERT INTO vmware_credentials SELECT 4, " + ", ".join(_others(connection)) + " FROM vmware_credentials"))


def _others(connection: Connection) -> list[str]:
    """The columns besides the id; a second row of one name is still refused."""
    return [row.name for row in connection.execute(text("PRAGMA table_info(vmware_credentials)")) if row.name != "id"]
