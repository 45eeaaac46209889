"""The service manager is told that the agent lives, by an event loop that turns; one that hangs is silent."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.agent.supervisor import stay_alive, tell, watchdog_period

PERIOD = 0.02


class Systemd(socket.socket):
    """The receiving end of sd_notify(3)."""

    def told(self, within: float = 60.0) -> str:
        self.settimeout(within)
        return self.recv(200).decode()

    def is_told_nothing(self) -> bool:
        self.setblocking(False)
        try:
            self.recv(200)
        except BlockingIOError:
            return True
        return False


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Systemd]:
    """A socket as systemd listens on, named in the environment."""
    folder = Path(tempfile.mkdtemp(prefix="as-"))
    with Systemd(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(folder / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(folder / "notify"))
        yield listening
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
        ({"WATCHDOG_USEC": ""}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_a_sign_of_life_is_due_at_half_of_the_watchdogs_time_and_only_from_the_process_that_is_watched(
    environment: dict[str, str], seconds: float | None
) -> None:
    assert watchdog_period(environment, 7) == seconds


async def test_a_loop_that_turns_gives_signs_of_life(systemd: Systemd) -> None:
    living = asyncio.create_task(stay_alive(PERIOD))
    signs = [await asyncio.to_thread(systemd.told) for _ in range(3)]
    living.cancel()
    assert signs == ["WATCHDOG=1"] * 3


async def test_a_loop_that_hangs_gives_none(systemd: Systemd) -> None:
    living = asyncio.create_task(stay_alive(PERIOD))
    await asyncio.to_thread(systemd.told)
    while not systemd.is_told_nothing():
        pass
    time.sleep(PERIOD * 5)  # the hanging loop
    assert systemd.is_told_nothing()
    assert await asyncio.to_thread(systemd.told) == "WATCHDOG=1"
    living.cancel()


async def test_nobody_is_told_where_nobody_watches(systemd: Systemd) -> None:
    await stay_alive(None)
    assert systemd.is_told_nothing()


async def test_a_watchdog_that_can_not_be_told_for_a_while_ends_nothing(
    systemd: Systemd, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    there = os.environ["NOTIFY_SOCKET"]
    monkeypatch.setenv("NOTIFY_SOCKET", f"{there}-gone")
    living = asyncio.create_task(stay_alive(PERIOD))
    while "could not be told" not in caplog.text:
        await asyncio.sleep(PERIOD)
    monkeypatch.setenv("NOTIFY_SOCKET", there)
    assert await asyncio.to_thread(systemd.told) == "WATCHDOG=1"
    living.cancel()


def test_without_a_service_manager_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    tell("READY=1")


@pytest.mark.lab
def test_a_whole_agent_gives_signs_of_life_before_and_after_it_is_ready(systemd: Systemd, tmp_path: Path) -> None:
    config, run = tmp_path / "agent.toml", Path(tempfile.mkdtemp(prefix="as-"))
    machine = f'[machine]\nrestart = []\npower_off = []\nnetworkd_dir = "{tmp_path}/networkd"\n[api]\nport = 0\n'
    config.write_text(f'role = "vma"\nname = "vma1"\nstate_dir = "{tmp_path}/state"\nrun_dir = "{run}"\n{machine}')
    agent = subprocess.Popen(
        [sys.executable, "-m", "appliance.agent", "--config", str(config)],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "WATCHDOG_USEC": "200000"},
    )
    try:
        told = [systemd.told()]
        while "READY=1" not in told or told[-1] != "WATCHDOG=1":
            told.append(systemd.told())
    finally:
        agent.terminate()
        agent.wait(30)
        shutil.rmtree(run)
    assert told[0] == told[-1] == "WATCHDOG=1"
