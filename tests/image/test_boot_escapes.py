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
    *(f"alt-sysrq-{key}" for key in "kbceiurosh"),
    *("ctrl-scroll_lock", "shift-scroll_lock", "alt-scroll_lock", "shift-pgup", "shift-pgdn"),
]

MARK = 3
"""Characters that tell that keys arrive."""
CONSOLE = "appliance-console@tty1.service"
STATE = "cat /sys/class/tty/tty0/active /proc/sys/kernel/random/boot_id; systemctl show --property=MainPID --value " + CONSOLE
"""Which terminal is in front, which boot this is, and which process the console."""
MASKED = re.compile(r"New password +[|│║] ?([•*]*)")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def oma(oma_disk: Path, images: Path) -> AsyncIterator[Machine]:
    """A machine that shows the set-up, and has come to rest."""
    async with machine(images / "boots" / "escapes", oma_disk, images / "shots", KVM) as made:
        await wizard.welcome(made)
        await made.guest.becomes("systemctl is-system-running || true", "running|degraded", 120.0)
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at_rest(oma: Machine) -> str:
    """How it is before any key is pressed."""
    return await oma.guest.run(STATE)


@pytest.mark.parametrize("keys", [*SIGNALS, *TERMINALS, *RESTARTS, *KERNEL])
async def test_a_key_leads_nowhere(oma: Machine, at_rest: str, keys: str) -> None:
    await oma.press(keys)
    await takes_keys(oma)
    assert await oma.guest.run(STATE) == at_rest


async def test_ctrl_alt_delete_pressed_again_and_again_does_not_restart(oma: Machine, at_rest: str) -> None:
    await oma.press(*["ctrl-alt-delete"] * 10)
    await takes_keys(oma)
    assert await oma.guest.run(STATE) == at_rest


async def test_ctrl_c_held_down_leaves_the_console_alive(oma: Machine, at_rest: str) -> None:
    await oma.press(*["ctrl-c"] * 40)
    await takes_keys(oma)
    assert await oma.guest.run(STATE) == at_rest


async def test_no_key_has_started_anything(oma: Machine) -> None:
    assert await oma.guest.run("systemctl list-jobs --no-legend") in ("", "No jobs running.")
    assert await oma.guest.run("systemctl is-system-running") == "running"


async def test_scroll_lock_holds_the_screen_no_longer_than_until_it_is_pressed_again(oma: Machine) -> None:
    await oma.press("scroll_lock", "scroll_lock")
    await takes_keys(oma)


async def test_nothing_of_the_kernel_or_of_units_is_written_over_the_console(oma: Machine) -> None:
    await oma.guest.run("echo 'boot-test: alarm' > /dev/kmsg; systemd-cat --priority=emerg echo boot-test: emergency; sleep 1")
    assert "boot-test" not in await oma.guest.screen()


async def test_the_boot_loader_shows_no_menu_and_takes_no_commands(oma: Machine) -> None:
    boot_id = await oma.guest.boot_id(30.0)
    await oma.engine.qmp.execute("system_reset")
    for number in range(30):
        await oma.press("esc", "e", "c", "shift", "f8", "down")
        if number in (4, 8, 12):
            await oma.picture(f"boot-keys-{number}")
    await oma.guest.restarted(boot_id, wizard.BOOT)
    await wizard.welcome(oma)
    command_line = await oma.guest.run("cat /proc/cmdline")
    assert "single" not in command_line and "init=" not in command_line


async def takes_keys(one: Machine) -> None:
    """What is typed after all other keys arrives in the field, so those before it have had their effect; then the field is emptied."""
    for wanted, keys in ((MARK, ["ctrl-u", *["x"] * MARK]), (0, ["ctrl-u"])):
        await one.press(*keys)
        for _ in range(60):
            shown = await one.guest.screen()
            if typed(shown) == wanted:
                break
            if "Fingerprint" in shown:  # Esc, or what the terminal makes of Alt: the set-up waits one key away
                await one.press("f2")
                await one.guest.shows("The same again")
                await one.press(*keys)
            await asyncio.sleep(0.25)
        else:
            raise AssertionError(f"what is typed does not arrive; the screen:\n{shown}")


def typed(shown: str) -> int:
    """How many characters are in the field for the new password; -1 where there is no such field."""
    found = MASKED.search(shown)
    return len(found[1]) if found else -1
