"""Every key that could lead out of the console, pressed on the machine's own keyboard, on both appliances."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.image import wizard
from tests.image.keys import takes_keys
from tests.image.machine import KVM, VMWARE, Machine, machine
from tests.image.planting import planted

HARDWARE = {"oma": KVM, "vma": VMWARE}

KEYS = {
    "signals": ["ctrl-c", "ctrl-z", "ctrl-backslash", "ctrl-x", "ctrl-d", "ctrl-y"],
    "quit": ["ctrl-q"],
    "stop": ["ctrl-s"],
    "scroll lock": ["scroll_lock"],
    "scroll lock and another": ["ctrl-scroll_lock", "shift-scroll_lock", "alt-scroll_lock"],
    "scroll": ["shift-pgup", "shift-pgdn"],
    "break": ["pause", "ctrl-pause", "print"],
    "terminals": [f"alt-f{number}" for number in range(2, 13)],
    "graphical terminals": [f"ctrl-alt-f{number}" for number in range(2, 13)],
    "terminal before": ["alt-left"],
    "terminal after": ["alt-right"],
    "last terminal": ["ctrl-print", "alt-print"],
    "new terminal": ["alt-up", "ctrl-alt-up", "alt-down"],
    "restart": ["ctrl-alt-delete", "ctrl-alt-kp_decimal", "ctrl-alt-end", "ctrl-alt-backspace", "ctrl-alt-pause"],
    "restart, again and again": ["ctrl-alt-delete"] * 10,
    "magic requests": [f"alt-sysrq-{key}" for key in "kbceiurosh"],
    "power": ["power", "sleep", "wake"],
    "interrupt, held down": ["ctrl-c"] * 40,
}
"""Keys that do alike. None of a group can undo what another one has done, so one look after all of them is enough."""

CONSOLE = "appliance-console@tty1.service"
PROCESS = f"/sys/fs/cgroup/system.slice/system-appliance*console.slice/{CONSOLE}/cgroup.procs"
STATE = f"cat /sys/class/tty/tty0/active /proc/sys/kernel/random/boot_id {PROCESS}"
"""Which terminal is in front, which boot this is, and which process the console."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=sorted(HARDWARE))
async def appliance(request: pytest.FixtureRequest, images: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Machine]:
    """A machine that shows the set-up, and has come to rest."""
    role = str(request.param)
    disk = await planted(images / f"appliance-{role}.qcow2", tmp_path_factory.mktemp(role) / "disk.raw")
    async with machine(images / "boots" / f"escapes-{role}", disk, images / "shots", HARDWARE[role]) as made:
        await wizard.welcome(made)
        await made.guest.becomes("systemctl is-system-running || true", "running|degraded", wizard.BOOT)
        await takes_keys(made)
        yield made
    disk.unlink()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at_rest(appliance: Machine) -> str:
    """How it is before any key is pressed."""
    return await appliance.guest.run(STATE)


@pytest.mark.parametrize("keys", KEYS)
async def test_no_key_leads_anywhere(appliance: Machine, at_rest: str, keys: str) -> None:
    await appliance.press(*KEYS[keys])
    await takes_keys(appliance)
    assert await appliance.guest.run(STATE) == at_rest


async def test_no_key_has_started_anything(appliance: Machine) -> None:
    await appliance.guest.becomes("systemctl list-jobs --no-legend", "|No jobs running[.]")
    assert await appliance.guest.run("systemctl is-system-running") == "running"


async def test_nothing_of_the_kernel_or_of_units_is_written_over_the_console(appliance: Machine) -> None:
    written = "echo 'boot-test: alarm' > /dev/kmsg; systemd-cat --priority=emerg echo boot-test: emergency"
    await appliance.guest.run(written)
    await appliance.guest.becomes("journalctl --boot --output=cat --grep=boot-test:.emergency", "boot-test: emergency")
    await takes_keys(appliance)
    assert "boot-test" not in await appliance.guest.screen()


async def test_keys_that_stop_a_terminal_do_not_hold_a_console_that_starts(appliance: Machine, at_rest: str) -> None:
    await appliance.guest.run(f"systemctl kill --signal=KILL {CONSOLE}")
    await appliance.press(*["ctrl-s", "scroll_lock"] * 8)
    await appliance.guest.shows("Set-up 1 of 4|Fingerprint", wizard.BOOT)
    await takes_keys(appliance)
    assert await appliance.guest.run(STATE) != at_rest
