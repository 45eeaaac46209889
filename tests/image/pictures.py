"""The pictures of a booted OMA in the documentation: `python -m tests.image.pictures IMAGES FOLDER`."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from pathlib import Path

from tests.image import wizard
from tests.image.machine import KVM, Machine, machine
from tests.image.planting import planted

ANSWERED = r"(?s)\A((?!The agent).)*Fingerprint +[0-9A-F]{2}:"
FIRST, IDLE = "booted-welcome", "booted-idle"


async def pictures(images: Path, folder: Path) -> None:
    """Boot the image once."""
    with tempfile.TemporaryDirectory(prefix="pictures-") as scratch:
        disk = await planted(images / "appliance-oma.qcow2", Path(scratch) / "disk.raw")
        async with machine(images / "boots" / "pictures", disk, images / "shots", KVM) as oma:
            await wizard.welcome(oma)
            await take(oma, folder)


async def take(oma: Machine, folder: Path) -> None:
    """A picture of the set-up's first page, and one of the screen while nobody uses the console."""
    folder.mkdir(parents=True, exist_ok=True)
    await oma.guest.shows("OMA")  # the title is complete as soon as the agent answers
    shutil.copyfile(await oma.picture(FIRST), folder / f"{FIRST}.png")
    await oma.press("esc")
    await oma.guest.shows(ANSWERED, wizard.BOOT)
    shutil.copyfile(await oma.picture(IDLE), folder / f"{IDLE}.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="pictures", description="Takes the documentation's pictures of a booted appliance.")
    parser.add_argument("images", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    asyncio.run(pictures(arguments.images.absolute(), arguments.folder))
