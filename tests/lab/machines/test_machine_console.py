"""The serial line: waiting for text, typing, and the end of the machine."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.lab.machines.serial import Console, ConsoleClosed
from appliance.lab.machines.shell import CommandRefused, GuestShell


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[tuple[Console, socket.socket]]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    console = Console(tmp_path / "console.log")
    await console.attach(ours)
    yield console, theirs
    theirs.close()
    await console.detach()


async def test_reading_goes_on_where_it_ended(line: tuple[Console, socket.socket]) -> None:
    console, guest = line
    guest.send(b"one\r\nlogin: gr")
    assert await console.read_until("login: ", 60) == "one\nlogin: "
    guest.send("üße\r\nlogin: ".encode())
    assert await console.read_until("login: ", 60) == "grüße\nlogin: "
    assert console.text == "one\nlogin: grüße\nlogin: "


async def test_text_that_does_not_come_is_a_time_out_with_the_last_words(line: tuple[Console, socket.socket]) -> None:
    console, guest = line
    guest.send(b"Kernel panic")
    await asyncio.sleep(0.05)
    with pytest.raises(TimeoutError, match="Kernel panic"):
        await console.read_until("login: ", 0.05)


async def test_a_machine_that_ends_ends_the_waiting(line: tuple[Console, socket.socket]) -> None:
    console, guest = line
    guest.send(b"Power down")
    guest.close()
    with pytest.raises(ConsoleClosed, match="Power down"):
        await console.read_until("login: ", 60)
    with pytest.raises(ConsoleClosed):
        await console.send("anybody there?\n")


async def test_the_shell_returns_what_a_command_printed_and_refuses_its_failure(line: tuple[Console, socket.socket]) -> None:
    console, guest = line
    shell = GuestShell(console)
    guest.send(b"hello\r\nend-000001 0\r\nno such file\r\nend-000002 2\r\n")
    assert await shell.run("echo hello", 5) == "hello\n"
    with pytest.raises(CommandRefused, match="no such file"):
        await shell.run("cat nothing", 5)


def test_the_history_of_a_machine_that_never_ran_is_empty(tmp_path: Path) -> None:
    assert Console(tmp_path / "console.log").history() == ""
