"""An OMA that can't start, or is told to stop half-way, offers nobody a shell."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.image.machine import KVM, Machine, machine
from tests.image.planting import rewrite

CONFIG = "/boot/grub/grub.cfg"
NOWHERE = "root=UUID=00000000-0000-0000-0000-000000000000"
TRIES = 900.0
"""Seconds; the initial RAM disk waits half a minute for the disk, and units that failed wait two."""
COMMAND = "\nid > /dev/ttyS0\n"
PROMPTS = re.compile(r"uid=0|\(initramfs\)|grub>|rescue>|Enter username|root password|[#$] $", re.MULTILINE)

Change = Callable[[str], str]


def asked_for(words: str) -> Change:
    """More on the kernel's command line: what somebody would type who could edit it."""
    return lambda text: re.sub(r"^( *linux .*)$", rf"\1 {words}", text, flags=re.MULTILINE)


BROKEN: dict[str, Change] = {
    "root": lambda text: text.replace("root=UUID=$own", NOWHERE),
    "kernel": lambda text: text.replace("/boot/vmlinuz-", "/boot/nothing-"),
    "break": asked_for("break=premount rd.break"),
    "emergency": asked_for("emergency"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_it_starts_again_and_takes_no_keys(oma_disk: Path, images: Path, name: str) -> None:
    async with changed(oma_disk, BROKEN[name]), machine(images / "boots" / f"broken-{name}", oma_disk, images / "shots", KVM) as oma:
        shown = await until_reset(oma)
        await oma.picture(f"oma-broken-{name}")
    assert not PROMPTS.search(shown)
    assert not PROMPTS.search(oma.engine.console.text)
    assert name != "emergency" or "This appliance could not start. It tries again in two minutes." in shown


async def until_reset(one: Machine) -> str:
    """Type a command again and again until the machine restarts; returns all that was on its screen."""
    restarts = asyncio.Event()
    one.engine.qmp.listen(lambda event: restarts.set() if event.name == "RESET" else None)
    seen, end = "", time.monotonic() + TRIES
    while not restarts.is_set():
        assert time.monotonic() < end, f"it does not start again; its screen was\n{seen[-2000:]}"
        await one.type(COMMAND)
        seen += await one.text_mode() + "\n"
    return seen


@asynccontextmanager
async def changed(disk: Path, change: Change) -> AsyncIterator[None]:
    """The boot loader's configuration is another one for this long."""
    before: list[str] = []

    def remember(text: str) -> str:
        before.append(text)
        return change(text)

    await rewrite(disk, CONFIG, remember)
    assert change(before[0]) != before[0]
    try:
        yield
    finally:
        await rewrite(disk, CONFIG, lambda _: before[0])
