"""A booted OMA is upgraded by a file, and comes back by itself from a release that is not well."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from image.release import project_version
from tests.image import wizard
from tests.image.machine import KVM, Machine, machine
from tests.image.upgrades import checkouts_release, hanging, trust, upgrade_file

OLD, NEW, BROKEN = project_version(), "0.2.0", "0.3.0"
LONG = 900.0
"""Seconds for one step; a busy computer emulates slowly."""
CURRENT = "readlink /opt/appliance/current"
RELEASES = "appliance upgrade releases --json"
SETTING = "jobs.kept_days"

pytestmark = pytest.mark.timeout(3600)


@dataclass
class Files:
    """A release that works and one that does not."""

    new: Path
    broken: Path


@pytest.fixture(scope="module")
def files(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Made from the checkout."""
    release = checkouts_release(tmp_path_factory.mktemp("releases"), images / "cache")
    return Files(upgrade_file(release, NEW), upgrade_file(release, BROKEN, hanging))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def oma(oma_disk: Path, images: Path) -> AsyncIterator[Machine]:
    """A machine that trusts the vendor, whose agent answers."""
    await trust(oma_disk)
    async with machine(images / "boots" / "upgrade", oma_disk, images / "shots", KVM) as made:
        await wizard.welcome(made)
        await made.guest.becomes(CURRENT, f"releases/{OLD}", LONG)
        await made.guest.becomes(RELEASES, f'.*"version": "{OLD}".*', LONG, LONG)
        yield made


async def test_an_upgrade_file_is_taken(oma: Machine, files: Files) -> None:
    await oma.guest.run(f"appliance settings set {SETTING} 99", LONG)
    assert await uploaded(oma, files.new) == ""


async def test_the_new_release_runs_and_is_kept(oma: Machine) -> None:
    await oma.guest.run(f"appliance upgrade apply appliance-{NEW}.upgrade", LONG)
    await oma.guest.becomes(RELEASES, '.*"outcome": "(kept|returned)".*', LONG, LONG)
    found = json.loads(await oma.guest.run(RELEASES, LONG))
    assert (found["version"], found["former"], found["last"]["outcome"]) == (NEW, OLD, "kept")
    assert await oma.guest.run(CURRENT) == f"releases/{NEW}"
    await keeps_its_records(oma)


async def test_the_console_goes_on_with_the_new_release(oma: Machine) -> None:
    await wizard.choose_password(oma)


async def test_a_release_that_hangs_is_given_up_by_itself(oma: Machine, files: Files) -> None:
    assert await uploaded(oma, files.broken) == ""
    await oma.guest.run(f"appliance upgrade apply appliance-{BROKEN}.upgrade", LONG)
    await oma.guest.becomes(CURRENT, f"releases/{BROKEN}", LONG)
    await oma.guest.becomes(CURRENT, f"releases/{NEW}", LONG)
    await oma.guest.becomes(RELEASES, '.*"outcome": "(kept|returned)".*', LONG, LONG)
    found = json.loads(await oma.guest.run(RELEASES, LONG))
    assert (found["version"], found["last"]["to_version"], found["last"]["outcome"]) == (NEW, BROKEN, "returned")
    assert "2 minutes" in found["last"]["reason"]
    await keeps_its_records(oma)


async def test_a_power_cut_during_a_trial_leaves_a_release_that_works(oma: Machine) -> None:
    await oma.guest.run(f"appliance upgrade apply appliance-{BROKEN}.upgrade", LONG)
    await oma.guest.becomes(CURRENT, f"releases/{BROKEN}", LONG)
    await oma.switch_off()
    await oma.switch_on()
    await oma.guest.boot_id(wizard.BOOT)
    await oma.guest.becomes(CURRENT, f"releases/{NEW}", LONG)
    await oma.guest.becomes(RELEASES, f'.*"version": "{NEW}".*"outcome": "returned".*', LONG, LONG)
    await keeps_its_records(oma)


async def uploaded(oma: Machine, file: Path) -> str:
    """Bring a file into the machine on a disk, and from there to the agent; returns what is wrong with it."""
    serial, size = f"file-{file.stem}"[-20:], file.stat().st_size
    disk = f"/dev/disk/by-id/virtio-{serial}"
    name = await oma.plug(serial, content=file)
    await oma.guest.becomes(f"test -b {disk} && echo there", "there")
    await oma.guest.run(f"head -c {size} {disk} > /var/tmp/{file.name}", LONG)
    await oma.unplug(name)
    return str(json.loads(await oma.guest.run(f"appliance upgrade upload /var/tmp/{file.name} --json", LONG))["flaw"])


async def keeps_its_records(oma: Machine) -> None:
    """The setting that was made before the upgrades."""
    assert json.loads(await oma.guest.run(f"appliance settings show {SETTING} --json", LONG))["value"] == 99
