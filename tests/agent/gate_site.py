"""A gate with a vendor of its own, a clock that can be set, and a console that speaks on its socket."""

import asyncio
import json
import secrets
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.agent.gate.entrance import nobody_else
from appliance.agent.gate.gate import Gate
from appliance.agent.gate.limits import Limits
from appliance.agent.tries import Tries
from appliance.contract.shell import Frames, Kind, frame
from appliance.contract.vendor import Challenge, answer_text
from appliance.core.audit import Audit
from appliance.core.commands import Children
from appliance.core.settings import Settings
from appliance.core.store import Store

SHELL = ("/bin/bash", "--norc", "--noprofile")


@dataclass
class Clock:
    """Seconds since boot, as a test says."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Site:
    """What stays while gates come and go: the store, the machine's clock and boot, the vendor's key."""

    store: Store
    appliance_id: str = field(default_factory=lambda: f"oma-{secrets.token_hex(8)}")
    vendor: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    clock: Clock = field(default_factory=Clock)
    boot_id: str = "boot-1"
    limits: Limits = field(default_factory=lambda: Limits(grace=0.3))
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="gate")))
    admit: Callable[[Path], None] = nobody_else

    def remove(self) -> None:
        """Remove what it kept outside the store."""
        shutil.rmtree(self.folder)

    def gate(self, *, has_key: bool = True, shell: tuple[str, ...] = SHELL) -> Gate:
        """The gate as an agent that starts now would make it."""
        settings = Settings(self.store)
        return Gate(
            self.appliance_id,
            self.vendor.public_key() if has_key else None,
            settings,
            Audit(self.store),
            Children(self.folder / "children"),
            self.folder / "shell.sock",
            shell,
            limits=self.limits,
            tries=Tries(settings, "gate", self.clock, self.boot_id),
            clock=self.clock,
            admit=self.admit,
        )

    def answer(self, text: str, vendor: Ed25519PrivateKey | None = None) -> str:
        """The vendor's answer to the challenge that is shown."""
        return answer_text((vendor or self.vendor).sign(Challenge.read(text).message()))

    async def right_answer(self, gate: Gate) -> str:
        """Have a challenge shown, and its answer."""
        await gate.challenge()
        return self.answer((await gate.state()).challenge)

    async def wrong_answer(self, gate: Gate) -> str:
        """Have a challenge shown, and somebody else's answer."""
        await gate.challenge()
        return self.answer((await gate.state()).challenge, Ed25519PrivateKey.generate())

    async def events(self) -> list[tuple[str, str, str]]:
        """The audit log, oldest first."""
        return [(one.action, one.result, one.detail) for one in reversed(await Audit(self.store).newest(100))]


class Visitor:
    """A console on the shell's socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer, self._frames = reader, writer, Frames()
        self.screen, self.ended = b"", ""

    @classmethod
    async def come(cls, path: Path, ticket: str, rows: int = 25, columns: int = 80) -> "Visitor":
        """Connect and show a ticket."""
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(json.dumps({"ticket": ticket, "rows": rows, "columns": columns, "term": "linux"}).encode() + b"\n")
        return cls(reader, writer)

    def type(self, text: str) -> None:
        """Type something."""
        self.send(frame(Kind.DATA, text.encode()))

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(data)

    async def see(self, text: str, within: float = 60.0) -> str:
        """Wait until this is on the screen; returns all there is."""
        try:
            async with asyncio.timeout(within):
                while text.encode() not in self.screen:
                    assert await self._read(), f"{text} never came: {self.screen!r} {self.ended}"
        except TimeoutError:
            raise AssertionError(f"{text} never came in time: {self.screen!r}") from None
        return self.screen.decode(errors="replace")

    async def end(self, within: float = 60.0) -> str:
        """Wait for the end; returns the sentence that came with it."""
        async with asyncio.timeout(within):
            while await self._read():
                pass
        return self.ended

    async def leave(self) -> None:
        """Hang up."""
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)

    async def _read(self) -> bool:
        data = await self._reader.read(65536)
        for kind, payload in self._frames.feed(data):
            if kind is Kind.END:
                self.ended = payload.decode()
            else:
                self.screen += payload
        return bool(data)
