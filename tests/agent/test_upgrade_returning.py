"""The way back from an upgrade: it is ended only with records that the release can read, and tried until then."""

import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from appliance.agent.backup.archive import pack
from appliance.agent.backup.restoring import Restoring
from appliance.agent.upgrade import records, room
from appliance.agent.upgrade.startup import AS_THEY_ARE, STAYS, VERSION, Leave
from appliance.agent.upgrade.state import Phase
from appliance.contract.errors import Fault
from appliance.core.store.engine import revisions
from tests.agent.upgrade_records import NEW, Site, start, state


@pytest.fixture
async def site(tmp_path: Path, database_url: str) -> AsyncIterator[Site]:
    made = Site(tmp_path, database_url)
    await made.put(1)
    yield made
    made.execute(f"UPDATE alembic_version SET version_num = '{max(revisions())}'")  # a server's is the next test's, too


def backed_up(site: Site) -> None:
    """Ordered, and the former release has made its back-up."""
    site.file.write(state(Phase.ORDERED))
    with pytest.raises(Leave):
        start(site)


def migrated(site: Site) -> Path:
    """Given up, after its migrations; the folder of the releases."""
    backed_up(site)
    site.migrate_beyond()
    site.file.write(state(Phase.RETURNING).now(Phase.RETURNING, reason="it hung."))
    return site.releases(VERSION, NEW)


@pytest.fixture
async def small(tmp_path: Path, newest_database: Path) -> AsyncIterator[Site]:
    """An appliance on a small disk of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)], check=True)
    try:
        shutil.copyfile(newest_database, disk / "appliance.db")
        made = Site(disk, f"sqlite+aiosqlite:///{disk}/appliance.db")
        await made.put(1)
        yield made
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(site: Site) -> Path:
    """Nothing fits on the disk any more."""
    ballast = site.config.state_dir / "ballast"
    room.hold(ballast, room.free_bytes(site.config.state_dir))
    return ballast


@pytest.mark.lab
async def test_the_records_come_back_on_a_disk_that_is_full(small: Site) -> None:
    releases = migrated(small)
    fill(small)
    assert start(small) is None
    assert small.phase() is Phase.RETURNED and [one.name for one in releases.iterdir()] == [VERSION]
    (small.config.state_dir / "ballast").unlink()
    assert await small.got() == {"value": 1}
    assert [one.name for one in small.file.backup.parent.iterdir()] == ["state.json"]


@pytest.mark.lab
async def test_a_way_back_for_which_there_is_no_room_is_taken_once_there_is_some(small: Site) -> None:
    releases = migrated(small)
    small.file.room.unlink()
    ballast = fill(small)
    for _ in range(2):
        with pytest.raises((Fault, OSError)):
            start(small)
        assert small.phase() is Phase.RETURNING and (releases / NEW).exists() and small.file.backup.exists()
    ballast.unlink()
    assert start(small) is None and small.phase() is Phase.RETURNED and await small.got() == {"value": 1}


@pytest.mark.lab
async def test_an_upgrade_without_room_for_its_way_back_is_given_up_before_it_is_tried(small: Site) -> None:
    room.hold(small.config.state_dir / "ballast", room.free_bytes(small.config.state_dir) - (8 << 20))
    small.file.write(state(Phase.ORDERED))
    assert start(small) is None
    found = small.file.read()
    assert found is not None and found.phase is Phase.RETURNED and "could not be backed up" in found.reason
    assert [one.name for one in small.file.backup.parent.iterdir()] == ["state.json"]


@pytest.mark.parametrize("damage", [b"not a back-up", b"", None], ids=["another file", "empty", "one byte"])
async def test_records_that_only_the_new_release_can_read_are_left_to_it(site: Site, damage: bytes | None) -> None:
    releases = migrated(site)
    packed = bytearray(site.file.backup.read_bytes())
    packed[len(packed) // 2] ^= 1
    site.file.backup.write_bytes(packed if damage is None else damage)
    with pytest.raises(Leave):
        start(site)
    found = site.file.read()
    assert found is not None and (found.phase, found.reason) == (Phase.KEPT, f"it hung. {STAYS}")
    assert (releases / NEW).exists()


async def test_records_that_nobody_can_read_end_nothing(site: Site) -> None:
    releases = migrated(site)
    shutil.rmtree(releases / NEW)
    site.file.backup.write_bytes(b"damaged")
    with pytest.raises(Fault) as told:
        start(site)
    assert told.value.key == "upgrade.no_way_back" and site.phase() is Phase.RETURNING


@pytest.mark.parametrize("phase", [Phase.TRIAL, Phase.RETURNING])
async def test_migrated_records_are_not_opened_by_the_former_release_when_the_back_up_is_gone(site: Site, phase: Phase) -> None:
    migrated(site)
    site.file.forget()
    site.file.write(state(phase))
    with pytest.raises(Leave):
        start(site)
    assert site.phase() is Phase.KEPT


async def test_a_damaged_back_up_is_not_needed_for_records_that_were_not_migrated(site: Site) -> None:
    backed_up(site)
    site.file.write(state(Phase.RETURNING).now(Phase.RETURNING, reason="it hung."))
    site.file.backup.write_bytes(b"not a back-up")
    assert start(site) is None and await site.got() == {"value": 1}
    found = site.file.read()
    assert found is not None and (found.phase, found.reason) == (Phase.RETURNED, f"it hung. {AS_THEY_ARE}")


def cut_off(*given: Any) -> bytes:
    return pack(*given)[:-20]


async def test_a_back_up_that_the_disk_does_not_give_back_is_none(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.file.write(state(Phase.ORDERED))
    monkeypatch.setattr(records, "pack", cut_off)
    assert start(site) is None and site.phase() is Phase.RETURNED and not site.file.backup.exists()


def fail(*_: Any) -> bytes:
    raise OverflowError("a number that no database takes")


async def test_a_back_up_that_fails_in_whatever_way_keeps_no_agent_from_its_work(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.file.write(state(Phase.ORDERED))
    monkeypatch.setattr(records, "pack", fail)
    assert start(site) is None and site.phase() is Phase.RETURNED


async def test_records_that_could_not_be_put_back_are_not_migrated(site: Site) -> None:
    site.execute("INSERT INTO vm_group_memberships (group_id, vm_context_id, created_at) VALUES ('none', 'none', '2026-11-21 07:00:00')")
    site.file.write(state(Phase.ORDERED))
    assert start(site) is None and site.phase() is Phase.RETURNED
    assert not site.file.backup.exists() and not (site.config.state_dir / "restore-check").exists()


async def test_an_upgrade_that_is_given_up_leaves_no_keys_behind(site: Site) -> None:
    backed_up(site)
    assert start(site) is None and site.phase() is Phase.RETURNED
    assert [one.name for one in site.file.backup.parent.iterdir()] == ["state.json"]


@pytest.mark.parametrize("phase", [Phase.KEPT, Phase.RETURNED])
async def test_an_agent_that_was_killed_at_the_end_of_an_upgrade_is_tidied_up_after(site: Site, phase: Phase) -> None:
    backed_up(site)
    site.file.write(state(phase))
    assert start(site) is None
    assert [one.name for one in site.file.backup.parent.iterdir()] == ["state.json"]


def refuse(*_: object) -> None:
    raise OperationalError("INSERT", {}, Exception("the server is gone"))


async def test_what_the_database_does_not_take_now_is_put_back_by_the_next_start(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    releases = migrated(site)
    with monkeypatch.context() as now:
        now.setattr(Restoring, "_put_records", refuse)
        with pytest.raises(Fault):
            start(site)
    assert site.phase() is Phase.RETURNING and (releases / NEW).exists()
    assert start(site) is None and site.phase() is Phase.RETURNED and await site.got() == {"value": 1}
