"""What an agent does about an upgrade before it opens its records, in each database."""

import errno
from pathlib import Path

import pytest

from appliance.agent.upgrade.startup import VERSION, Leave
from appliance.agent.upgrade.state import Phase
from appliance.core import durable
from tests.agent.upgrade_records import NEW, Site, start, state


@pytest.fixture
async def site(tmp_path: Path, database_url: str) -> Site:
    made = Site(tmp_path, database_url)
    await made.put(1)
    return made


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


async def test_a_release_that_was_given_up_goes(site: Site) -> None:
    site.file.write(state(Phase.ORDERED))
    with pytest.raises(Leave):
        start(site)
    releases = site.releases(VERSION, NEW)
    site.file.write(state(Phase.RETURNING))
    assert start(site) is None
    assert [one.name for one in releases.iterdir()] == [VERSION]


async def test_a_release_on_trial_does_not_start_without_a_back_up(site: Site) -> None:
    site.file.write(state(Phase.TRIAL, from_version="0.0.1", to_version=VERSION))
    with pytest.raises(Leave):
        start(site)
    site.file.backup.write_bytes(b"any")
    assert start(site) == site.file.read()


async def test_a_base_system_that_does_not_change_over_leaves_everything_as_it_was(site: Site) -> None:
    site.file.write(state(Phase.BACKED_UP))
    assert start(site) is None and site.phase() is Phase.RETURNED and await site.got() == {"value": 1}
