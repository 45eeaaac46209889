"""Typing commands into a guest over its serial line."""

import itertools
import re

from appliance.lab.machines.serial import Console

USER, PASSWORD = "root", "lab"
PROMPT = "login: "


class CommandRefused(Exception):
    """A command in the guest ended with another status than 0."""


class GuestShell:
    """A root shell on the serial console of the lab's guest."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._marks = itertools.count(1)

    async def login(self, timeout: float = 120.0) -> None:
        """Wait (seconds) for the login prompt and log in; raises TimeoutError or ConsoleClosed."""
        if not self._console.text.endswith(PROMPT):  # somebody may have read it already
            await self._console.read_until(PROMPT, timeout)
        await self._console.send(f"{USER}\n")
        await self._console.read_until("Password: ", timeout)
        await self._console.send(f"{PASSWORD}\n")
        await self._console.read_until("# ", timeout)
        await self.run("stty -echo cols 400; PS1=; bind 'set enable-bracketed-paste off'", timeout)

    async def run(self, command: str, timeout: float = 60.0) -> str:
        """Run a command and return what it printed; raises CommandRefused with the text when its exit status is not 0."""
        mark = f"{next(self._marks):06d}"
        await self._console.send(f"{command}; echo en''d-{mark} $?\n")  # the echo of what is typed is not the mark
        shown = await self._console.read_until(rf"end-{mark} (\d+)\n", timeout)
        text, status = re.split(rf"end-{mark} ", shown)
        if int(status):
            raise CommandRefused(f"{command!r} ended with {status.strip()}: {text}")
        return text

    async def logout(self) -> None:
        """Go back to the login prompt, which shows today's marker; raises TimeoutError."""
        await self._console.send("exit\n")
