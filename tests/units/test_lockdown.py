"""Every way out of the console that the machine has is closed by a file of the overlay."""

import fcntl
import os
import pty
import re
import runpy
import subprocess
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


def test_the_boot_loader_asks_nothing_and_lets_nobody_edit() -> None:
    text = (SYSTEMD / "boot/grub.cfg.in").read_text()
    assert "set timeout=0\n" in text and 'set superusers="nobody"\n' in text and "password" not in text.replace("a password", "")
    assert set(re.findall(r"@\w+@", text)) == {"@ROOT_UUID@", "@KERNEL@", "@INITRD@", "@CMDLINE@"}
    assert text.count("menuentry") == text.count("--unrestricted")


@pytest.mark.peers
def test_the_boot_loaders_configuration_is_well_formed(tmp_path: Path) -> None:
    program = next((path for path in map(Path, ("/usr/bin/grub-script-check",)) if path.exists()), None)
    if program is None:
        pytest.skip("GRUB's tools come with what image builds need (scripts/setup-image)")
    subprocess.run([program, SYSTEMD / "boot/grub.cfg.in"], check=True)


@pytest.mark.parametrize("script", ["console", "console_on_enter", "not_started", "vendor_shell"])
def test_the_scripts_can_be_run_and_are_well_formed(script: str) -> None:
    path = ROOT / "usr/lib/appliance" / script
    assert path.stat().st_mode & 0o111 == 0o111
    subprocess.run(["sh", "-n", path], check=True)


def test_the_terminals_are_locked_by_the_kernels_own_call(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    main, other = pty.openpty()
    monkeypatch.setattr(fcntl, "ioctl", lambda _, request, value: asked.append((request, value)))
    runpy.run_path(str(ROOT / "usr/lib/appliance/lock_vt.py"))["main"](os.ttyname(other))
    os.close(main)
    os.close(other)
    assert asked == [(0x560B, 1)]  # VT_LOCKSWITCH in linux/vt.h
