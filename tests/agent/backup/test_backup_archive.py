"""What is no back-up costs its reader neither memory nor an error that nobody expects."""

import asyncio
import gzip
import json
from collections.abc import Iterator

import pytest
from backup_place import WORDS, Place, with_a_cloud
from sqlalchemy import Connection, Table

from appliance.agent.backup.archive import Contents
from appliance.agent.backup.sealing import opened
from appliance.agent.oma import SEALED_COLUMNS
from appliance.contract.errors import Fault
from appliance.core.rotation import KeyRotation
from appliance.core.store import dump
from appliance.core.vault import Vault
from tests.core.tar_bombs import BOMBS


@pytest.mark.parametrize("kind", BOMBS)
def test_what_has_headers_without_bounds_is_no_back_up(kind: str) -> None:
    _is_unreadable(gzip.compress(BOMBS[kind]("manifest.json"), 1))


def test_what_is_damaged_is_no_back_up() -> None:
    _is_unreadable(gzip.compress(BOMBS["chain"]("manifest.json"))[:20] + b"x" * 5000)


def _is_unreadable(content: bytes) -> None:
    with pytest.raises(Fault) as refused:
        Contents(content)
    assert refused.value.key == "backup.unreadable"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_backup_that_is_made_while_the_key_is_changed_holds_the_key_of_its_rows(
    place: Place, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change comes to its end between the keys and the rows, or between the rows and the keys."""
    await with_a_cloud(place, "lab")
    place.runner.register(KeyRotation(place.store, place.vault, SEALED_COLUMNS))
    loop, tables = asyncio.get_running_loop(), dump.tables

    async def change() -> str:
        return (await place.runner.wait(await place.runner.submit(KeyRotation.kind, {}))).status

    def changed() -> None:
        assert asyncio.run_coroutine_threadsafe(change(), loop).result(30) == "completed"

    def read(connection: Connection) -> Iterator[Table]:
        if when == "before":
            changed()
        yield from tables(connection)
        if when == "after":
            changed()

    monkeypatch.setattr(dump, "tables", read)
    name = await place.made()
    monkeypatch.undo()
    contents = Contents(await opened(await place.backups.read(name), WORDS))
    (row,) = (json.loads(line) for line in contents.rows("ossea_configs"))
    fresh = place.folder / "elsewhere"
    fresh.mkdir()
    for path, content in contents.files().items():
        if path.suffix == ".key":
            (fresh / path).write_bytes(content)
    assert Vault(fresh / "vault.key").open(row["secret_key"], f"ossea_configs/{row['id']}") == "s3cret"
