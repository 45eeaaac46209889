"""Pairing on the OMA: the code that is shown, and the three requests of an exchange.

start: SPAKE2 messages cross. confirm: both prove the key and the transcript, public keys cross under it.
commit: the VMA has stored its half; the OMA stores its own and says so. Until then nothing of the VMA is stored here.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import asyncssh
from aiohttp import web
from pydantic import BaseModel, ValidationError
from sqlalchemy import update

from appliance.contract.errors import BAD_REQUEST, BODY_TOO_LARGE, Fault
from appliance.core.store import Store, new_id, utcnow
from appliance.tunnel import faults
from appliance.tunnel.identity import Identity
from appliance.tunnel.models import PairingCode
from appliance.tunnel.peers import PairedPeer, Peers
from appliance.tunnel.principal import fault_response
from appliance.tunnel.protocol import VERSIONS, agree, is_peer_id
from appliance.tunnel.spake import AgreedKey, Exchange, ProofWrong, Transcript, new_code, normalise_code

_log = logging.getLogger(__name__)

CODE_LIFE = 600.0
"""Seconds a code is taken."""
TRIES = 5
EXCHANGE_LIMIT = 20.0
"""Seconds an exchange has from start to commit."""
BODY_LIMIT = 10.0
"""Seconds a request's body has to arrive."""


Ask = TypeVar("Ask", bound=BaseModel)


class StartRequest(BaseModel):
    """The VMA begins: the versions it speaks, its id, its SPAKE2 message in hex."""

    versions: list[int]
    vma_id: str
    message: str


class ConfirmRequest(BaseModel):
    """The VMA proves the key; its public key, name and version are sealed under it."""

    exchange: str
    proof: str
    sealed: str


class CommitRequest(BaseModel):
    """The VMA has stored its half."""

    exchange: str
    proof: str


@dataclass(frozen=True)
class ShownCode:
    """What the console shows."""

    code: str
    expires_at: datetime


@dataclass(frozen=True)
class DeskState:
    """The code that can be typed now, empty when none can; and who paired with the last one that was shown."""

    code: str
    seconds_left: float
    tries_left: int
    paired_id: str | None


@dataclass
class _Desk:
    """The code that is shown now, as it is shown and as it is compared."""

    id: str
    shown: str
    code: str
    renew: str | None
    ends: float
    tries: int = 0


@dataclass
class _Attempt:
    """The exchange under way, and the last one that was finished."""

    id: str
    vma_id: str
    key: AgreedKey
    ends: float
    address: str
    candidate: PairedPeer | None = None
    committed: bool = False


class PairingDesk:
    """Shows codes and answers the VMA's requests. `clock` is monotonic, in seconds."""

    def __init__(self, store: Store, peers: Peers, identity: Identity, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._peers, self._identity, self._name, self._clock = store, peers, identity, name, clock
        self._desk: _Desk | None = None
        self._attempt: _Attempt | None = None
        self._paired_id: str | None = None
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        """Withdraw what an earlier agent showed: its codes died with it."""
        await self._close_codes("withdrawn")

    async def show(self, renew: str | None = None) -> ShownCode:
        """Show a new code; the one before is withdrawn. `renew` takes only that peer. Raises a Fault (`peer.unknown`)."""
        if renew is not None:
            await self._peers.get(renew)
        async with self._lock:
            await self._close_codes("withdrawn")
            shown, expires = new_code(), utcnow() + timedelta(seconds=CODE_LIFE)
            desk = _Desk(new_id("code"), shown, normalise_code(shown) or "", renew, self._clock() + CODE_LIFE)
            async with self._store.begin() as session:
                session.add(PairingCode(id=desk.id, peer_id=renew, expires_at=expires))
            self._desk, self._attempt, self._paired_id = desk, None, None
        return ShownCode(shown, expires)

    async def hide(self) -> None:
        """The code is not shown any more, and not taken."""
        async with self._lock:
            self._desk = self._attempt = None
            await self._close_codes("withdrawn")

    @property
    def showing(self) -> bool:
        """Whether there is a code that could still be taken."""
        return self._desk is not None and self._desk.tries < TRIES and self._clock() < self._desk.ends

    def state(self) -> DeskState:
        """How the pairing that is under way stands. A code whose tries are used up is still told, with none left."""
        desk = self._desk
        left = desk.ends - self._clock() if desk is not None else 0.0
        if desk is None or left <= 0:
            return DeskState("", 0.0, 0, self._paired_id)
        return DeskState(desk.shown, left, max(0, TRIES - desk.tries), self._paired_id)

    def routes(self) -> list[web.RouteDef]:
        """The routes for the TLS branch of the front door."""
        return [
            web.post("/pair/v1/start", _answering(StartRequest, self._start)),
            web.post("/pair/v1/confirm", _answering(ConfirmRequest, self._confirm)),
            web.post("/pair/v1/commit", _answering(CommitRequest, self._commit)),
        ]

    async def _start(self, ask: StartRequest, address: str) -> dict[str, object]:
        async with self._lock:
            desk = self._take_try(ask)
            version = agree(ask.versions)
            if version is None:
                raise faults.VERSION_APART(ours=str(VERSIONS), theirs=str(ask.versions))
            message = _from_hex(ask.message)
            async with self._store.begin() as session:
                await session.execute(update(PairingCode).where(PairingCode.id == desk.id).values(tries=PairingCode.tries + 1))
            desk.tries += 1
            try:
                ours, shared = await asyncio.to_thread(_exchange, desk.code, ask.vma_id, message)
            except ProofWrong as error:
                raise BAD_REQUEST(detail="its message is not one of this protocol", cause=str(error)) from error
            certificate = await asyncio.to_thread(self._identity.certificate_hash)
            transcript = Transcript(version, ask.vma_id, self._identity.id, message, ours, certificate)
            key = AgreedKey(shared, transcript)
            self._attempt = _Attempt(new_id("pair"), ask.vma_id, key, self._clock() + EXCHANGE_LIMIT, address)
            return {"exchange": self._attempt.id, "version": version, "oma_id": self._identity.id, "message": ours.hex()}

    def _take_try(self, ask: StartRequest) -> _Desk:
        """The code a new exchange may be about, or the Fault that says why there is none."""
        desk, attempt = self._desk, self._attempt
        if desk is None:
            raise faults.CODE_NOT_SHOWN()
        if self._clock() >= desk.ends:
            raise faults.CODE_EXPIRED()
        if desk.tries >= TRIES:
            raise faults.TRIES_USED(tries=TRIES)
        if attempt is not None and not attempt.committed and self._clock() < attempt.ends:
            raise faults.PAIRING_BUSY()
        if not is_peer_id(ask.vma_id) or not ask.vma_id.startswith("vma-"):
            raise BAD_REQUEST(detail="the id is not one of a VMware-side appliance")
        if desk.renew not in (None, ask.vma_id):
            raise faults.PAIRING_NOT_FOR_THIS()
        return desk

    async def _confirm(self, ask: ConfirmRequest, _: str) -> dict[str, object]:
        async with self._lock:
            attempt = self._running(ask.exchange)
            try:
                attempt.key.check("vma confirm", ask.proof)
                told = attempt.key.open("vma confirm", ask.sealed)
                attempt.candidate = _candidate(attempt, told)
            except ProofWrong as error:
                self._attempt = None
                _log.warning("a pairing from %s failed: %s", attempt.address, error)
                raise faults.CODE_WRONG(cause=str(error)) from error
            answer: dict[str, object] = {"ssh_public_key": self._identity.ssh_public_key, "name": self._name}
            return {"proof": attempt.key.proof("oma confirm"), "sealed": attempt.key.seal("oma confirm", answer)}

    async def _commit(self, ask: CommitRequest, _: str) -> dict[str, object]:
        async with self._lock:
            attempt = self._running(ask.exchange)
            try:
                attempt.key.check("vma commit", ask.proof)
            except ProofWrong as error:
                raise faults.CODE_WRONG(cause=str(error)) from error
            if attempt.candidate is None:
                raise faults.PAIRING_LOST(cause="commit before confirm")
            if not attempt.committed:
                await self._peers.keep(attempt.candidate)
                await self._close_codes("used")
                attempt.committed, self._desk, self._paired_id = True, None, attempt.vma_id
            return {"proof": attempt.key.proof("oma commit")}

    def _running(self, exchange: str) -> _Attempt:
        attempt = self._attempt
        if attempt is None or attempt.id != exchange or self._clock() >= attempt.ends:
            raise faults.PAIRING_LOST()
        return attempt

    async def _close_codes(self, state: str) -> None:
        async with self._store.begin() as session:
            await session.execute(update(PairingCode).where(PairingCode.state == "shown").values(state=state))


def _exchange(code: str, vma_id: str, message: bytes) -> tuple[bytes, bytes]:
    """Our SPAKE2 message and the shared key; takes some ten milliseconds of arithmetic."""
    ours = Exchange("oma", code, vma_id)
    return ours.message, ours.finish(message)


def _candidate(attempt: _Attempt, told: dict[str, object]) -> PairedPeer:
    """The peer that would be paired. Raises ProofWrong on what a true VMA would not say."""
    try:
        key = asyncssh.import_public_key(str(told["ssh_public_key"]))
    except (KeyError, asyncssh.KeyImportError) as error:
        raise ProofWrong("no public key was sealed") from error
    line = " ".join(key.export_public_key().decode().split()[:2])
    name = str(told.get("name", attempt.vma_id))[:63]
    return PairedPeer(attempt.vma_id, name, "vma", line, str(told.get("version", ""))[:40], attempt.address, 0)


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise BAD_REQUEST(detail="its message is not written in hex") from error


def _answering(
    shape: type[Ask], answer: Callable[[Ask, str], Awaitable[dict[str, object]]]
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A route: a typed body in, a dictionary or a fault out."""

    async def handle(request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(BODY_LIMIT):
                ask = shape.model_validate_json(await request.read())
            return web.json_response(await answer(ask, request.remote or ""))
        except ValidationError as error:
            return fault_response(BAD_REQUEST(detail="its fields are not those of a pairing", cause=str(error.error_count())))
        except web.HTTPRequestEntityTooLarge:
            return fault_response(BODY_TOO_LARGE(limit=request.client_max_size))
        except TimeoutError:
            return fault_response(BAD_REQUEST(detail="it did not arrive in time"))
        except Fault as fault:
            return fault_response(fault)

    return handle
