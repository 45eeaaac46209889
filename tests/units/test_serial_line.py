"""The serial line waits for somebody, and offers nothing else meanwhile."""

import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.units.overlay import ROOT, UNITS, settings

SCRIPT = "usr/lib/appliance/console_on_enter"
CTRL_C, CTRL_Z, CTRL_BACKSLASH, CTRL_S = b"\x03", b"\x1a", b"\x1c", b"\x13"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[int]:
    """The far end of a line on which the script waits; in place of the console it says that it has started."""
    script = tmp_path / "console_on_enter"
    script.write_text((ROOT / SCRIPT).read_text().replace("exec /usr/lib/appliance/console", "echo STARTED"))
    far, near = pty.openpty()
    waiting = subprocess.Popen(["setsid", "--ctty", "sh", script], stdin=near, stdout=near, stderr=near)
    os.close(near)
    yield far
    os.close(far)
    waiting.wait(10)


def shown(line: int, wanted: bytes) -> bytes:
    """What is on the line up to this text."""
    text = b""
    while wanted not in text:
        text += os.read(line, 4096)
    return text


def test_the_serial_unit_waits_for_enter() -> None:
    assert settings(ROOT / UNITS / "appliance-serial@.service")["Service"]["ExecStart"] == f"/{SCRIPT}"


def test_enter_starts_the_console(line: int) -> None:
    assert b"Press Enter" in shown(line, b"console.")
    os.write(line, b"\r")
    assert b"STARTED" in shown(line, b"STARTED")


@pytest.mark.parametrize("keys", [CTRL_C, CTRL_Z, CTRL_BACKSLASH, CTRL_S])
def test_other_keys_end_nothing_and_show_nothing(line: int, keys: bytes) -> None:
    shown(line, b"console.")
    os.write(line, keys + b"id\r")
    after = shown(line, b"STARTED").replace(b"\r\n", b"")
    assert after == b"STARTED"
