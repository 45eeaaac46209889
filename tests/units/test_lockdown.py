"""Every way out of the console that the machine has is closed by a file of the overlay."""

import fcntl
import os
import pty
import re
import runpy
import struct
import subprocess
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.units.overlay import ROOT, SYSTEMD, settings

ETC, MASKED = ROOT / "etc/systemd", Path("/dev/null")


@pytest.mark.parametrize(
    "unit",
    [
        *("ctrl-alt-del.target", "kbrequest.target", "debug-shell.service", "systemd-firstboot.service"),
        *("getty@.service", "getty@tty1.service", "autovt@.service", "serial-getty@.service", "console-getty.service"),
        *("ssh.service", "ssh.socket"),
    ],
)
def test_nothing_offers_a_login_or_acts_on_keys(unit: str) -> None:
    assert (ETC / "system" / unit).readlink() == MASKED


@pytest.mark.parametrize(
    ("file", "section", "wanted"),
    [
        ("logind.conf.d/10-appliance.conf", "Login", {"NAutoVTs": "0", "ReserveVT": "0", "HandleSuspendKey": "ignore"}),
        ("system.conf.d/10-appliance.conf", "Manager", {"CtrlAltDelBurstAction": "none", "ShowStatus": "no", "CrashShell": "no"}),
        ("journald.conf.d/10-appliance.conf", "Journal", {"ForwardToWall": "no", "ForwardToConsole": "no", "Storage": "persistent"}),
    ],
)
def test_the_services_leave_the_screen_alone(file: str, section: str, wanted: dict[str, str]) -> None:
    found = settings(ETC / file)[section]
    assert {name: found[name] for name in wanted} == wanted


def test_the_kernel_listens_to_no_key_and_writes_nothing_on_the_screen() -> None:
    lines = (ROOT / "usr/lib/sysctl.d/90-appliance.conf").read_text().splitlines()
    values = dict(re.split(r"\s*=\s*", line.lstrip("-"), maxsplit=1) for line in lines if line and not line.startswith("#"))
    assert values["kernel.sysrq"] == "0" and values["kernel.ctrl-alt-del"] == "0" and values["kernel.printk"] == "1 4 1 7"


@pytest.mark.parametrize("unit", ["emergency", "rescue"])
def test_a_start_that_fails_ends_in_no_shell(unit: str) -> None:
    service = settings(ETC / f"system/{unit}.service.d/10-appliance.conf")["Service"]
    assert service["ExecStart"] == "/usr/lib/appliance/not_started" and service["StandardInput"] == "null"


def test_a_start_that_fails_sends_nobody_back_to_a_snapshot() -> None:
    """CloudStack attaches nothing to an OMA that has one, and its records would be of another day."""
    told = (ROOT / "usr/lib/appliance/not_started").read_text()
    assert "snapshot" not in told and "restore its back-up" in told


def test_the_boot_loader_has_no_menu_and_lets_nobody_in() -> None:
    lines = [line for line in (SYSTEMD / "boot/grub.cfg.in").read_text().splitlines() if line and not line.startswith("#")]
    words = [line.split()[0] for line in lines]
    assert words == ["set", "export", "clear", "probe", "linux", "initrd", "boot", "sleep", "reboot"]
    assert lines[0] == 'set superusers="nobody"'
    assert set(re.findall(r"@\w+@", "\n".join(lines))) == {"@KERNEL@", "@INITRD@", "@CMDLINE@"}


@pytest.mark.peers
def test_the_boot_loaders_configuration_is_well_formed() -> None:
    subprocess.run(["grub-script-check", SYSTEMD / "boot/grub.cfg.in"], check=True)


@pytest.mark.parametrize("script", ["console", "console_on_enter", "not_started", "vendor_shell"])
def test_the_scripts_can_be_run_and_are_well_formed(script: str) -> None:
    path = ROOT / "usr/lib/appliance" / script
    assert path.stat().st_mode & 0o111 == 0o111
    subprocess.run(["sh", "-n", path], check=True)


def test_no_key_stops_or_ends_the_console_before_it_listens_itself() -> None:
    lines = [line for line in (ROOT / "usr/lib/appliance/console").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "stty -ixon -isig"


SCROLL_LOCK, CAPS_LOCK, CONSOLE_2, BOOT, LETTER_A, NO_KEYMAP = 0x209, 0x207, 0x501, 0x20C, 0xB61, 0x27F


@dataclass
class Keyboard:
    """The kernel's side of the calls in linux/kd.h and linux/vt.h."""

    keymaps: dict[int, dict[int, int]]
    locked: bool = False

    def ioctl(self, _: int, request: int, value: int | bytes) -> bytes:
        if request == 0x560B:  # VT_LOCKSWITCH
            self.locked = value == 1
            return b""
        assert isinstance(value, bytes)
        keymap, key, meaning = struct.unpack("BBH", value)
        if request == 0x4B47:  # KDSKBENT
            self.keymaps[keymap][key] = meaning
            return value
        assert request == 0x4B46  # KDGKBENT
        found = self.keymaps[keymap].get(key, 0x200) if keymap in self.keymaps else NO_KEYMAP if key == 0 else 0x200
        return struct.pack("BBH", keymap, key, found)


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Keyboard:
    keymaps = {0: {30: LETTER_A, 58: CAPS_LOCK, 70: SCROLL_LOCK, 245: SCROLL_LOCK}, 8: {60: CONSOLE_2}, 12: {83: BOOT, 30: LETTER_A}}
    made = Keyboard(keymaps)
    monkeypatch.setattr(fcntl, "ioctl", made.ioctl)
    return made


@pytest.fixture
def terminal() -> Iterator[int]:
    """Both ends of a pseudo-terminal are open."""
    main, other = pty.openpty()
    yield other
    os.close(main)
    os.close(other)


def lock(terminal: int) -> None:
    """Run the program that the unit runs."""
    runpy.run_path(str(ROOT / "usr/lib/appliance/lock_vt.py"))["main"](os.ttyname(terminal))


def test_the_terminals_are_locked_by_the_kernels_own_call(keyboard: Keyboard, terminal: int) -> None:
    lock(terminal)
    assert keyboard.locked


def test_no_key_keeps_a_function_and_all_go_on_typing(keyboard: Keyboard, terminal: int) -> None:
    lock(terminal)
    left = {meaning for keymap in keyboard.keymaps.values() for meaning in keymap.values()}
    assert left == {LETTER_A, CAPS_LOCK, 0x200}


def test_a_terminal_that_was_stopped_before_goes_on(keyboard: Keyboard, terminal: int) -> None:
    lock(terminal)
    assert not termios.tcgetattr(terminal)[0] & termios.IXON
