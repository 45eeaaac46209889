"""The vendor's shell on a real terminal: the screens step back for it and are there again afterwards."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from appliance.contract.gate import GateState, Opened
from appliance.contract.shell import Frames, Hello, Kind, frame
from appliance.contract.vendor import answer_text
from tests.tui.terminal import Site, entry, keys_of, site
from tests.tui.vma_answers import gate

KEYS = keys_of("linux")
ANSWER = answer_text(bytes(range(64))).replace("\n", "\r").encode()


class Shell:
    """The agent's end of the socket: greets, echoes, and ends when it is told `exit`."""

    def __init__(self) -> None:
        self.hello: Hello | None = None
        self.typed = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One console."""
        self.hello = Hello.model_validate_json(await reader.readline())
        writer.write(frame(Kind.DATA, b"\x1b[2J\x1b[Hroot@vma1:~# "))
        frames = Frames()
        while data := await reader.read(4096):
            for kind, payload in frames.feed(data):
                if kind is Kind.DATA:
                    self.typed += payload
                    writer.write(frame(Kind.DATA, payload))
            if b"exit" in self.typed:
                writer.write(frame(Kind.END, b"The vendor's shell was left."))
                break
            if b"lost" in self.typed:
                break
        await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def open_gate() -> AsyncIterator[tuple[Site, Shell]]:
    """A console whose gate was opened with the vendor's answer, and the shell behind it."""
    state, shell = [GateState.CHALLENGE], Shell()
    async with site({"gate": lambda: gate(state[0])}, role="vma") as console:
        path: Path = console.agent.path.with_name("shell.sock")

        def opened(body: object) -> Opened:
            state[0] = GateState.OPEN
            return Opened(ticket=SecretStr("ticket-1"), socket=str(path), seconds=60.0)

        console.stand_in.answers["open_gate"] = opened
        async with await asyncio.start_unix_server(shell.serve, path):
            await console.pty.until("Addresses")
            await console.pty.press(KEYS["kf2"])
            await console.pty.until("What it is for")
            await console.pty.press(*[KEYS["kcud1"]] * entry("gate", "vma"), b"\r")
            await console.pty.until("Read this to the vendor's support")
            await console.pty.type(ANSWER)
            await console.pty.until("The answer is complete")
            await console.pty.press(KEYS["kf8"])
            await console.pty.until("Press F8 to enter the shell")
            await console.pty.press(KEYS["kf8"])
            await console.pty.until("root@vma1:~#")
            state[0] = GateState.CLOSED
            yield console, shell


@pytest.mark.lab
async def test_the_shell_has_the_terminal_and_the_screens_are_back_after_it() -> None:
    async with open_gate() as (console, shell):
        assert shell.hello is not None
        assert (shell.hello.ticket.get_secret_value(), shell.hello.rows, shell.hello.columns) == ("ticket-1", 25, 80)
        await console.pty.press(b"l", b"s", b"\x03")
        await console.pty.until(lambda: shell.typed == b"ls\x03")
        await console.pty.quiet(1.5)
        assert "Vendor shell" not in console.pty.text, "the screens draw over the shell"
        await console.pty.type(b"exit")
        await console.pty.until("The vendor's shell was left.")
        await console.pty.until("Closed.")
        assert "root@vma1" not in console.pty.text
        await console.pty.press(KEYS["kf1"])
        await console.pty.until("Help: Vendor shell")


@pytest.mark.lab
async def test_a_shell_that_is_lost_gives_the_terminal_back() -> None:
    async with open_gate() as (console, _):
        await console.pty.type(b"lost")
        await console.pty.until("was lost")
        await console.pty.until("Closed.")


@pytest.mark.lab
async def test_a_console_that_is_ended_while_the_shell_runs_ends_soon() -> None:
    import signal

    async with open_gate() as (console, _):
        console.pty.send(signal.SIGTERM)
        await console.pty.ended()
