"""How the vendor's gate stands, and what opens it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from appliance.agent.gate import faults
from appliance.agent.gate.challenge import is_vendors, new_challenge
from appliance.agent.gate.entrance import nobody_else
from appliance.agent.gate.limits import Limits
from appliance.agent.gate.opening import Opening
from appliance.agent.gate.processes import end_all
from appliance.agent.gate.shell import OWNER, Ending
from appliance.agent.passwords import hashed, is_password, require_long_enough
from appliance.agent.tries import Tries, since_boot
from appliance.contract import gate as contract
from appliance.contract.errors import Fault
from appliance.contract.gate import GateState
from appliance.contract.vendor import ANSWER_LINE_SYMBOLS, ANSWER_LINES, Challenge, Incomplete, Mistyped, read_answer
from appliance.core.audit import Audit
from appliance.core.commands import Children
from appliance.core.settings import Settings

_PASSWORD = "gate.password"
_OPEN, _CHANGE = "shell-gate.open", "shell-gate.password"


@dataclass(frozen=True)
class Ticket:
    """What lets one console in, at `socket`, within `seconds`."""

    ticket: str
    socket: Path
    seconds: float


class Gate:
    """The gate of one appliance. A challenge is kept in memory only: a restart of the agent voids it.

    `admit` opens the shell's socket to those whose consoles are not the agent's own user's; the ticket is asked of everybody.
    """

    def __init__(
        self,
        appliance_id: str,
        key: Ed25519PublicKey | None,
        settings: Settings,
        audit: Audit,
        children: Children,
        socket: Path,
        shell: Sequence[str],
        *,
        limits: Limits | None = None,
        tries: Tries | None = None,
        clock: Callable[[], float] = since_boot,
        admit: Callable[[Path], None] = nobody_else,
    ) -> None:
        self._id, self._key, self._settings, self._audit, self._children = appliance_id, key, settings, audit, children
        self._socket, self._shell, self._limits, self._clock = socket, shell, limits or Limits(), clock
        self._admit = admit
        self._tries = tries or Tries(settings, "gate")
        self._challenge: Challenge | None = None
        self._challenge_until = 0.0
        self._opening: Opening | None = None
        self._deciding = asyncio.Lock()

    async def start(self) -> None:
        """End what an agent that was killed left of its shell."""
        left = await end_all(self._id, self._limits.grace)
        await self._children.end(OWNER)
        await asyncio.to_thread(self._socket.unlink, missing_ok=True)
        if left:
            await self._audit.record("agent", "shell-gate.close", "done", f"{left} processes that outlived their agent were ended")

    async def stop(self) -> None:
        """Close it because the agent stops."""
        await self._end(Ending.STOPPED)

    async def state(self) -> contract.Gate:
        """How it stands now."""
        wait, opening, shown = await self._tries.wait(), self._now_open(), self._shown()
        return contract.Gate(
            state=self._state(wait),
            challenge=shown.text() if shown and not wait else "",
            challenge_seconds=max(0.0, self._challenge_until - self._clock()) if shown and not wait else 0.0,
            tries_left=await self._tries.left(),
            wait_seconds=wait,
            open_seconds=opening.seconds_left if opening else 0.0,
            password_required=bool(await self._kept_password()),
        )

    async def challenge(self) -> None:
        """Show a new challenge; an earlier one is void. Raises a Fault: `gate.absent`, `gate.in_use`, `tries.wait`."""
        async with self._deciding:
            await self._require_closed()
            await self._audit.record("console", "shell-gate.challenge", "done")
            self._challenge, self._challenge_until = new_challenge(self._id), self._clock() + self._limits.challenge

    async def open(self, answer: str, password: str) -> Ticket:
        """Open it for one shell, if the answer is the vendor's. A mistyped answer costs no try.

        Raises a Fault: `gate.absent`, `gate.in_use`, `gate.no_challenge`, `gate.answer_mistyped`, `gate.answer_incomplete`,
        `gate.answer_wrong`, `gate.password_wrong`, `tries.wait`.
        """
        async with self._deciding:
            key = await self._require_closed()
            challenge = self._shown()
            if challenge is None:
                raise faults.NO_CHALLENGE(minutes=round(self._limits.challenge / 60))
            signature = _read(answer)
            await self._tries.take()
            try:
                await self._check(key, challenge, signature, password)
            except Fault as refusal:
                await self._refused(_OPEN, refusal)
                raise
            self._challenge = None
            await self._tries.succeeded()
            await self._audit.record("vendor", _OPEN, "done")
            opening = Opening(self._id, self._shell, self._socket, self._children, self._audit, self._limits, self._admit)
            ticket = await opening.begin()
            self._opening = opening
            return Ticket(ticket, self._socket, self._limits.ticket)

    async def close(self) -> None:
        """Close it, whatever it is; a shell that runs is ended, with all it has started."""
        await self._end(Ending.CLOSED)

    async def set_password(self, current: str, new: str) -> None:
        """Ask for a password besides the answer; an empty one: no longer.

        Raises a Fault: `gate.absent`, `password.too_short`, `gate.password_wrong`, `tries.wait`.
        """
        self._require_key()
        if new:
            require_long_enough(new)
        async with self._deciding:
            if kept := await self._kept_password():
                await self._tries.take()
                if not await is_password(current, kept):
                    refusal = faults.GATE_PASSWORD_WRONG()
                    await self._refused(_CHANGE, refusal)
                    raise refusal
                await self._tries.succeeded()
            await self._settings.put(_PASSWORD, {"hash": await hashed(new)} if new else {})
            await self._audit.record("console", _CHANGE, "done", "set" if new else "removed")

    async def _end(self, ending: Ending) -> None:
        async with self._deciding:
            self._challenge = None
            if self._opening is not None:
                await self._opening.end(ending)

    def _state(self, wait: float) -> GateState:
        if self._key is None:
            return GateState.ABSENT
        if opening := self._now_open():
            return GateState.RUNNING if opening.is_running else GateState.OPEN
        if wait:
            return GateState.WAITING
        return GateState.CHALLENGE if self._shown() else GateState.CLOSED

    def _shown(self) -> Challenge | None:
        """The challenge, while it is valid."""
        return self._challenge if self._clock() < self._challenge_until else None

    def _now_open(self) -> Opening | None:
        return None if self._opening is None or self._opening.is_over else self._opening

    def _require_key(self) -> Ed25519PublicKey:
        if self._key is None:
            raise faults.GATE_ABSENT()
        return self._key

    async def _require_closed(self) -> Ed25519PublicKey:
        key = self._require_key()
        if self._now_open():
            raise faults.GATE_IN_USE()
        await self._tries.require()
        return key

    async def _check(self, key: Ed25519PublicKey, challenge: Challenge, signature: bytes, password: str) -> None:
        """The answer first: about the password nobody learns anything without one."""
        if not is_vendors(key, challenge, signature):
            raise faults.ANSWER_WRONG()
        kept = await self._kept_password()
        if kept and not await is_password(password, kept):
            raise faults.GATE_PASSWORD_WRONG()

    async def _refused(self, action: str, refusal: Fault) -> None:
        await self._audit.record("console", action, "refused", refusal.key)
        if await self._tries.wait():
            self._challenge = None

    async def _kept_password(self) -> str:
        """The hash of the password; empty when none is asked for."""
        return str((await self._settings.get(_PASSWORD)).get("hash", ""))


def _read(answer: str) -> bytes:
    try:
        return read_answer(answer)
    except Mistyped as problem:
        raise faults.ANSWER_MISTYPED(line=problem.part) from problem
    except Incomplete as problem:
        raise faults.ANSWER_INCOMPLETE(
            expected=problem.expected, lines=ANSWER_LINES, width=ANSWER_LINE_SYMBOLS, found=problem.found
        ) from problem
