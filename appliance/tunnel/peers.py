"""The records of paired appliances, and what must end with a pairing."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from appliance.core.store import Store, utcnow
from appliance.tunnel.faults import PEER_NAME, PEER_UNKNOWN
from appliance.tunnel.models import Peer, TunnelEvent

_NAME = re.compile(r"[\w][\w .-]{0,62}", re.UNICODE)

HISTORY_KEPT = 500
"""Tunnel events kept per peer."""

OnGone = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class PairedPeer:
    """What pairing leaves behind about the other appliance."""

    id: str
    name: str
    role: str
    ssh_public_key: str
    version: str
    address: str
    port: int


class Peers:
    """All peers of this appliance."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._on_gone: list[OnGone] = []
        self._addresses: dict[str, str] = {}

    def on_gone(self, cut: OnGone) -> None:
        """Have `cut(peer_id)` awaited whenever a pairing is revoked, held or replaced by a new key."""
        self._on_gone.append(cut)

    def is_known_address(self, address: str) -> bool:
        """Whether a paired peer was last seen at this address."""
        return address in self._addresses.values()

    async def load(self) -> None:
        """Read what is asked for often; call once at start."""
        self._addresses = {peer.id: peer.address for peer in await self.all() if peer.state == "paired"}

    async def all(self) -> Sequence[Peer]:
        """Every pairing, the oldest first; revoked ones too."""
        async with self._store.session() as session:
            return (await session.scalars(select(Peer).order_by(Peer.paired_at))).all()

    async def find(self, peer_id: str) -> Peer | None:
        """One peer's record, None when there is none."""
        async with self._store.session() as session:
            return await session.get(Peer, peer_id)

    async def get(self, peer_id: str) -> Peer:
        """One peer's record. Raises a Fault (`peer.unknown`)."""
        peer = await self.find(peer_id)
        if peer is None:
            raise PEER_UNKNOWN(peer=peer_id)
        return peer

    async def newest(self, role: str) -> Peer | None:
        """The peer of this role that was paired last and is not revoked (a VMA's OMA)."""
        async with self._store.session() as session:
            query = select(Peer).where(Peer.role == role, Peer.state != "revoked").order_by(Peer.paired_at.desc()).limit(1)
            return (await session.scalars(query)).first()

    async def keep(self, peer: PairedPeer, state: str = "paired") -> None:
        """Store a pairing; a pairing with the same appliance is replaced, its name stays, and what stood on the old key is cut."""
        async with self._store.begin() as session:
            known = await session.get(Peer, peer.id)
            renewed = known is not None and known.ssh_public_key != peer.ssh_public_key
            if known is None:
                known = Peer(id=peer.id, name=peer.name, role=peer.role)
                session.add(known)
            known.ssh_public_key, known.version, known.state = peer.ssh_public_key, peer.version, state
            known.address, known.port, known.paired_at, known.boot_id = peer.address, peer.port, utcnow(), ""
            await session.flush()
            session.add(TunnelEvent(peer_id=peer.id, kind=state, address=peer.address))
        if state == "paired":
            self._addresses[peer.id] = peer.address
        if renewed:
            await self._gone(peer.id)

    async def complete(self, peer_id: str) -> None:
        """Turn a pending pairing into a pairing."""
        await self._change(peer_id, state="paired")

    async def forget(self, peer_id: str) -> None:
        """Remove a peer and its history."""
        async with self._store.begin() as session:
            await session.execute(delete(TunnelEvent).where(TunnelEvent.peer_id == peer_id))
            await session.execute(delete(Peer).where(Peer.id == peer_id))
        self._addresses.pop(peer_id, None)

    async def rename(self, peer_id: str, name: str) -> None:
        """Give a peer another name. Raises a Fault (`peer.unknown`, `peer.name`)."""
        if not _NAME.fullmatch(name):
            raise PEER_NAME()
        await self._change(peer_id, name=name)

    async def revoke(self, peer_id: str) -> None:
        """End a pairing: its tunnel, sockets, tokens and data processes are gone when this returns."""
        await self._change(peer_id, state="revoked")
        self._addresses.pop(peer_id, None)
        await self.note(peer_id, "revoked")
        await self._gone(peer_id)

    async def hold(self, peer_id: str, detail: str) -> None:
        """Hold a peer whose identity two appliances use."""
        await self._change(peer_id, state="held")
        await self.note(peer_id, "held", detail=detail)
        await self._gone(peer_id)

    async def release(self, peer_id: str) -> None:
        """Let a held peer in again; what was seen of it before no longer counts against it."""
        await self._change(peer_id, state="paired", boot_id="")
        await self.note(peer_id, "released")

    async def seen(self, peer_id: str, *, boot_id: str | None = None, version: str | None = None, address: str | None = None) -> None:
        """The peer has just answered."""
        known = {"boot_id": boot_id, "version": version, "address": address}
        if address is not None:
            self._addresses[peer_id] = address
        await self._change(peer_id, last_seen=utcnow(), **{key: value for key, value in known.items() if value is not None})

    async def note(self, peer_id: str, kind: str, *, boot_id: str = "", address: str = "", detail: str = "") -> None:
        """Add to the history of a peer's tunnel; the oldest entries beyond `HISTORY_KEPT` go."""
        async with self._store.begin() as session:
            event = TunnelEvent(peer_id=peer_id, kind=kind, boot_id=boot_id, address=address, detail=detail[:500])
            session.add(event)
            await session.flush()
            newest = select(TunnelEvent.id).where(TunnelEvent.peer_id == peer_id).order_by(TunnelEvent.id.desc()).limit(HISTORY_KEPT)
            oldest_kept = min((await session.scalars(newest)).all())
            await session.execute(delete(TunnelEvent).where(TunnelEvent.peer_id == peer_id, TunnelEvent.id < oldest_kept))

    async def history(self, peer_id: str, limit: int = 100) -> Sequence[TunnelEvent]:
        """The newest events of a peer's tunnel, the newest first."""
        async with self._store.session() as session:
            query = select(TunnelEvent).where(TunnelEvent.peer_id == peer_id).order_by(TunnelEvent.id.desc()).limit(limit)
            return (await session.scalars(query)).all()

    async def _change(self, peer_id: str, **values: str | datetime) -> None:
        async with self._store.begin() as session:
            peer = await session.get(Peer, peer_id)
            if peer is None:
                raise PEER_UNKNOWN(peer=peer_id)
            for name, value in values.items():
                setattr(peer, name, value)

    async def _gone(self, peer_id: str) -> None:
        for cut in self._on_gone:
            await cut(peer_id)
