"""Every key that could lead out of the console, pressed on the machine's own keyboard."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.image import wizard
from tests.image.machine import KVM, Machine, machine

SIGNALS = ["ctrl-c", "ctrl-z", "ctrl-backslash", "ctrl-q", "ctrl-s", "ctrl-x", "ctrl-d", "ctrl-y", "pause", "ctrl-pause"]
TERMINALS = [
    *(f"alt-f{number}" for number in range(1, 13)),
    *(f"ctrl-alt-f{number}" for number in range(1, 13)),
    *("alt-left", "alt-right", "alt-up", "alt-down", "print", "ctrl-alt-up"),
]
RESTARTS = ["ctrl-alt-delete", "ctrl-alt-end", "ctrl-alt-backspace", "ctrl-alt-pause"]
KERNEL = [
    *(f"alt-{sysrq}-{key}" for sysrq in ("sysrq", "print") for key in "kbceiurosh"),
    *("scroll_lock", "ctrl-scroll_lock", "shift-scroll_lock", "alt-scroll_lock", "scroll_lock", "shift-pgup", "shift-pgdn"),
]

MASKED = re.compile(r"New password +[|│║] ?([•*]*)")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def oma(oma_disk: Path, images: Path) -> AsyncIterator[Machine]:
    """A machine that shows the set-up, and has come to rest."""
    async with machine(images / "boots" / "escapes", oma_disk, images / "shots", KVM) as made:
        await wizard.welcome(made)
        await made.guest.becomes("systemctl is-system-running || true", "running|degraded", 120.0)
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def boot_id(oma: Machine) -> str:
    """Of the boot in which all keys are pressed."""
    return await oma.guest.boot_id(30.0)


@pytest.mark.parametrize("keys", [*SIGNALS, *TERMINALS, *RESTARTS, *KERNEL])
async def test_a_key_leads_nowhere(oma: Machine, boot_id: str, keys: str) -> None:
    console = await pid(oma)
    await oma.press(keys)
    await takes_keys(oma)
    assert await oma.guest.run("cat /sys/class/tty/tty0/active") == "tty1"
    assert await pid(oma) == console, "the console was not even restarted"
    assert await oma.guest.boot_id(30.0) == boot_id
    assert await oma.guest.run("systemctl list-jobs --no-legend") == ""


async def test_ctrl_alt_delete_pressed_again_and_again_does_not_restart(oma: Machine, boot_id: str) -> None:
    await oma.press(*["ctrl-alt-delete"] * 10)
    await takes_keys(oma)
    assert await oma.guest.boot_id(30.0) == boot_id


async def test_ctrl_c_held_down_leaves_the_console_alive(oma: Machine) -> None:
    await oma.press(*["ctrl-c"] * 40)
    await takes_keys(oma)


async def test_nothing_of_the_kernel_or_of_units_is_written_over_the_console(oma: Machine) -> None:
    await oma.guest.run("echo 'boot-test: alarm' > /dev/kmsg; systemd-cat --priority=emerg echo boot-test: emergency; sleep 1")
    assert "boot-test" not in await oma.guest.screen()


async def test_the_boot_loader_shows_no_menu_and_takes_no_commands(oma: Machine, boot_id: str) -> None:
    await oma.engine.qmp.execute("system_reset")
    for number in range(30):
        await oma.press("esc", "e", "c", "shift", "f8", "down")
        if number in (4, 8, 12):
            await oma.picture(f"boot-keys-{number}")
    await oma.guest.restarted(boot_id, wizard.BOOT)
    await wizard.welcome(oma)
    command_line = await oma.guest.run("cat /proc/cmdline")
    assert "single" not in command_line and "init=" not in command_line


async def pid(one: Machine) -> str:
    """The console's process on the first terminal."""
    return await one.guest.run("systemctl show --property=MainPID --value appliance-console@tty1.service")


async def takes_keys(one: Machine) -> None:
    """A character that is typed after all other keys arrives in the field: those before it have had their effect."""
    before = typed(await one.guest.screen())
    await one.press("x")
    for _ in range(60):
        if typed(await one.guest.screen()) == before + 1:
            break
        await asyncio.sleep(0.25)
    else:
        raise AssertionError(f"what is typed does not arrive; the screen:\n{await one.guest.screen()}")
    await one.press("backspace")
    for _ in range(60):
        if typed(await one.guest.screen()) == before:
            return
        await asyncio.sleep(0.25)
    raise AssertionError("the console stands still")


def typed(shown: str) -> int:
    """How many characters are in the field for the new password; -1 where there is no such field."""
    found = MASKED.search(shown)
    return len(found[1]) if found else -1
