"""What an agent does about an upgrade before it opens its records, in each database."""

import errno
from pathlib import Path

import pytest

from appliance.agent.config import Config
from appliance.agent.upgrade.startup import FOLDER, VERSION, Leave, at_start
from appliance.agent.upgrade.state import Phase, State, StateFile
from appliance.core import durable
from appliance.core.settings import Settings
from appliance.core.store import Store

NEW = "99.0.0"


def state(phase: Phase, from_version: str = VERSION, to_version: str = NEW) -> State:
    return State(phase, from_version, to_version, "job-1", "2026-11-21T07:00:00+00:00")


class Site:
    """An appliance whose records hold one setting."""

    def __init__(self, folder: Path, url: str) -> None:
        self.config = Config(role="oma", name="oma1", state_dir=folder, run_dir=folder / "run", database=url)
        self.config = self.config.model_copy(update={"machine": self.config.machine.model_copy(update={"release_home": folder / "opt"})})
        self.file = StateFile(folder / FOLDER)

    async def put(self, value: int) -> None:
        store = await Store.open(self.config.database_url)
        await Settings(store).put("a", {"value": value})
        await store.close()

    async def got(self) -> object:
        store = await Store.open(self.config.database_url)
        found = await Settings(store).get("a")
        await store.close()
        return found

    def phase(self) -> Phase | None:
        found = self.file.read()
        return found.phase if found else None


@pytest.fixture
async def site(tmp_path: Path, database_url: str) -> Site:
    made = Site(tmp_path, database_url)
    await made.put(1)
    return made


def start(site: Site) -> State | None:
    """Outside of the loop, as the agent does it."""
    return at_start(site.config)


async def test_the_records_are_backed_up_by_the_former_release_and_put_back_by_it(site: Site) -> None:
    site.file.write(state(Phase.ORDERED))
    with pytest.raises(Leave):
        start(site)
    assert site.phase() is Phase.BACKED_UP and site.file.backup.exists()
    await site.put(2)
    site.file.write(state(Phase.RETURNING))
    assert start(site) is None
    assert site.phase() is Phase.RETURNED and await site.got() == {"value": 1}
    await site.put(3)
    assert start(site) is None and await site.got() == {"value": 3}


async def test_records_that_were_put_back_are_put_back_again_after_a_power_cut(site: Site) -> None:
    site.file.write(state(Phase.ORDERED))
    for _ in range(2):
        with pytest.raises(Leave):
            start(site)
        site.file.write(state(Phase.ORDERED))
    before = site.file.backup.read_bytes()
    for value in (2, 3):
        await site.put(value)
        site.file.backup.write_bytes(before)
        site.file.write(state(Phase.RETURNING))
        assert start(site) is None
        assert await site.got() == {"value": 1}


async def test_records_that_were_put_back_are_not_kept_a_second_time(site: Site) -> None:
    site.file.write(state(Phase.ORDERED))
    with pytest.raises(Leave):
        start(site)
    site.file.write(state(Phase.RETURNING))
    start(site)
    assert not site.file.backup.exists()


class FullDisk:
    """A disk that takes no new file."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(durable, "_write", self)

    def __call__(self, *_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


async def test_records_that_can_not_be_backed_up_give_the_upgrade_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.file.write(state(Phase.ORDERED))
    FullDisk(monkeypatch)
    assert start(site) is None
    found = site.file.read()
    assert found is not None and found.phase is Phase.RETURNED and "could not be backed up" in found.reason
    assert await site.got() == {"value": 1}


async def test_a_given_up_release_makes_room_for_the_records(site: Site, tmp_path: Path) -> None:
    site.file.write(state(Phase.ORDERED))
    with pytest.raises(Leave):
        start(site)
    for version in (VERSION, NEW):
        (tmp_path / "opt/releases" / version / "lib").mkdir(parents=True)
    site.file.write(state(Phase.RETURNING))
    assert start(site) is None
    assert [one.name for one in (tmp_path / "opt/releases").iterdir()] == [VERSION]


async def test_a_release_on_trial_does_not_start_without_a_back_up(site: Site) -> None:
    site.file.write(state(Phase.TRIAL, from_version="0.0.1", to_version=VERSION))
    with pytest.raises(Leave):
        start(site)
    site.file.backup.write_bytes(b"any")
    assert start(site) == site.file.read()


async def test_a_base_system_that_does_not_change_over_leaves_everything_as_it_was(site: Site) -> None:
    site.file.write(state(Phase.BACKED_UP))
    assert start(site) is None and site.phase() is Phase.RETURNED and await site.got() == {"value": 1}


async def test_a_back_up_that_can_not_be_read_leaves_the_records_as_they_are(site: Site) -> None:
    site.file.write(state(Phase.RETURNING))
    site.file.backup.write_bytes(b"not a back-up")
    assert start(site) is None and site.phase() is Phase.RETURNED and await site.got() == {"value": 1}
