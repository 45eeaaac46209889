"""What is on the screen between the power button and the console, and what keys can do in that time."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.image import wizard
from tests.image.keys import takes_keys
from tests.image.machine import KVM, Machine, machine

CONSOLE = "One moment, the console starts|Migration Appliance|Set-up"
FIRMWARE = r"SeaBIOS .*|iPXE .*|Machine UUID .*|Booting from Hard Disk.*|GRUB( loading)?[. ]*|Welcome to GRUB!"
"""Lines of the machine's firmware, and what GRUB's first sectors print before they have read anything."""
LOADER = re.compile(r"grub>|grub rescue>|GNU GRUB|GRUB +version|Enter username|error:|BASH-like")
COMMAND_LINE = "sed 's/root=UUID=[^ ]*//' /proc/cmdline"
"""What GRUB has told the kernel; the root file system gets an identifier of its own at the first start."""
KEYS = (
    "esc",
    "e",
    "c",
    "shift",
    "f4",
    "f8",
    "down",
    "ret",
    "ctrl-s",
    "scroll_lock",
    "ctrl-c",
    "ctrl-x",
    "tab",
    "ctrl-alt-delete",
    "alt-f2",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def oma(oma_disk: Path, images: Path) -> AsyncIterator[Machine]:
    """A machine that has been switched on this moment."""
    async with machine(images / "boots" / "screen", oma_disk, images / "shots", KVM) as made:
        yield made


async def test_nothing_is_on_the_screen_before_the_console_but_the_firmwares_lines(oma: Machine) -> None:
    seen: dict[str, None] = {}
    end = time.monotonic() + wizard.BOOT
    while not re.search(CONSOLE, shown := await oma.text_mode()):
        assert time.monotonic() < end, f"no console; the screen:\n{shown}"
        seen.update(dict.fromkeys(shown.splitlines()))
        await asyncio.sleep(0.1)
    assert seen
    assert [line for line in seen if not re.fullmatch(FIRMWARE, line.strip())] == []


async def test_keys_pressed_all_through_the_start_change_nothing(oma: Machine) -> None:
    await wizard.welcome(oma)
    boot_id, command_line = await oma.guest.boot_id(wizard.BOOT), await oma.guest.run(COMMAND_LINE)
    await oma.engine.qmp.execute("system_reset")
    pressing = asyncio.create_task(oma.guest.restarted(boot_id, wizard.BOOT))
    seen = ""
    while not pressing.done():
        for key in KEYS:
            await oma.press(key)
            seen += await oma.text_mode() + "\n"
    await pressing
    assert not LOADER.search(seen), f"the boot loader listened to a key:\n{seen}"
    assert await oma.guest.run(COMMAND_LINE) == command_line
    await oma.guest.shows("Set-up 1 of 4|Fingerprint", wizard.BOOT)
    await takes_keys(oma)
