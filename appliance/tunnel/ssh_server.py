"""The OMA's end of the control tunnels: what a peer may open, and which tunnel of a peer counts."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path

import asyncssh

from appliance.tunnel.data import DataServer
from appliance.tunnel.faults import PEER_DOWN, PEER_HELD
from appliance.tunnel.frontdoor import Arrival
from appliance.tunnel.gate import Gate, Result
from appliance.tunnel.identity import Identity
from appliance.tunnel.login import CIPHERS, KEEPALIVE, LOGIN_LIMIT
from appliance.tunnel.peers import Peers
from appliance.tunnel.principal import AppFactory, Principal, PrincipalSite
from appliance.tunnel.protocol import VERSIONS, agree, versions_of
from appliance.tunnel.tunnels import Tunnel, TunnelState
from appliance.tunnel.twins import is_twin

_log = logging.getLogger(__name__)

JUST_NOW = 30.0
"""Seconds for which a peer counts as having come: longer than it waits between two tries."""
STOP_LIMIT = 5.0
"""Seconds that recording the end of all tunnels may take when the agent ends."""

Alarm = Callable[[str, str], Awaitable[None]]
"""Told the peer's id and the technical cause when two appliances use one identity."""


async def _no_alarm(peer_id: str, cause: str) -> None:
    _log.error("two appliances use the identity %s: %s", peer_id, cause)


class TunnelServer:
    """All tunnels of this OMA. Fed with sockets by the front door."""

    def __init__(
        self,
        identity: Identity,
        peers: Peers,
        data: DataServer,
        run_folder: Path,
        make_peer_app: AppFactory,
        *,
        version: str,
        alarm: Alarm | None = None,
        check_every: float = 10.0,
        login_limit: float = LOGIN_LIMIT,
    ) -> None:
        self.identity, self.peers, self.data, self.version = identity, peers, data, version
        self._folder, self._make_app, self._alarm = run_folder / "peers", make_peer_app, alarm or _no_alarm
        self._check_every, self._login_limit = check_every, login_limit
        self._tunnels: defaultdict[str, list[Tunnel]] = defaultdict(list)
        self._sites: dict[str, PrincipalSite] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._changed = asyncio.Condition()
        self._came: dict[str, float] = {}
        self._stopping = False
        self._tasks: set[asyncio.Task[object]] = set()
        self.counters: Counter[str] = Counter()

    async def start(self) -> None:
        """Let tunnels rise, and have them cut when their pairing ends."""
        self._stopping = False
        self.peers.on_gone(self.cut)

    async def stop(self) -> None:
        """Cut every tunnel and let none rise; what has to be recorded of them is recorded when this returns, if that works in time."""
        self._stopping = True
        for peer_id in list(self._tunnels):
            await self.cut(peer_id)
        try:
            async with asyncio.timeout(STOP_LIMIT):
                async with self._changed:
                    await self._changed.wait_for(lambda: not any(self._tunnels.values()))
                await asyncio.gather(*self._tasks, return_exceptions=True)
        except TimeoutError:
            _log.warning("the end of the tunnels could not be recorded in time")

    def begin(self, work: Coroutine[object, object, Result]) -> asyncio.Task[Result]:
        """Start work on the records that has to reach its end."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def serve(self, arrival: Arrival) -> None:
        """Log one connection in; the tunnel then lives by itself. Its place among the strangers is given back by the login."""
        try:
            async with asyncio.timeout(self._login_limit + 1):
                await asyncssh.run_server(
                    arrival.sock,
                    server_factory=lambda: Gate(self, arrival.address),
                    server_host_keys=[self.identity.ssh_key],
                    encryption_algs=CIPHERS,
                    compression_algs=None,
                    password_auth=False,
                    kbdint_auth=False,
                    gss_host=None,
                    allow_pty=False,
                    x11_forwarding=False,
                    agent_forwarding=False,
                    login_timeout=self._login_limit,
                    keepalive_interval=KEEPALIVE,
                    keepalive_count_max=3,
                )
        except (OSError, TimeoutError, asyncssh.Error) as error:
            self.counters["login_failed"] += 1
            _log.info("no login from %s: %r", arrival.address, error)
            arrival.sock.close()

    async def authorised_key(self, peer_id: str) -> str | None:
        """The key a peer logs in with; a held one may log in, too, to be told that it is held."""
        peer = await self.peers.find(peer_id)
        if peer is None or peer.state not in ("paired", "held"):
            return None
        self._came[peer_id] = time.monotonic()
        return peer.ssh_public_key

    def came_just_now(self, peer_id: str) -> bool:
        """Whether somebody has come to log in as this peer, whatever became of it."""
        return time.monotonic() - self._came.get(peer_id, -JUST_NOW) < JUST_NOW

    async def open_data(self, peer_id: str, session_id: str) -> socket.socket:
        """A connection to a peer's own data session, for the way through the tunnel. Raises a Fault."""
        return await self.data.open_tunnelled(peer_id, session_id)

    async def greet(self, gate: Gate, said: dict[str, object]) -> dict[str, object]:
        """Answer a peer's first words; on success its tunnel is live, and `gate.tunnel` is set."""
        assert gate.peer_id is not None and gate.connection is not None
        async with self._locks[gate.peer_id]:
            refusal = await self._refusal(gate.peer_id, said, gate.address)
            if refusal is not None:
                self.counters[f"refused_{refusal}"] += 1
                return {"refused": refusal, "versions": list(VERSIONS)}
            agreed = agree(versions_of(said.get("versions"))) or 0
            tunnel = Tunnel(gate.peer_id, str(said["boot_id"]), agreed, gate.address, gate.connection, self._folder / gate.peer_id)
            await self._site(tunnel)
            # Revoked while this was under way: what revoking cuts would have come before this tunnel.
            peer = await self.peers.find(gate.peer_id)
            if gate.is_closed or self._stopping or peer is None or peer.state != "paired":
                await self.peers.note(gate.peer_id, "down", boot_id=tunnel.boot_id, address=gate.address, detail="gone during its hello")
                return {}
            gate.tunnel = tunnel
            self._tunnels[gate.peer_id].append(tunnel)
        await self._announce()
        return {"version": agreed, "id": self.identity.id, "boot_id": self.identity.boot_id, "software": self.version}

    async def _refusal(self, peer_id: str, said: dict[str, object], address: str) -> str | None:
        """Why a peer that proved its key is not let in: `version`, `held` or `unpaired`; None when it is."""
        boot_id, peer = said.get("boot_id"), await self.peers.find(peer_id)
        if peer is None or peer.state not in ("paired", "held"):
            return "unpaired"
        if agree(versions_of(said.get("versions"))) is None or not isinstance(boot_id, str) or not 1 <= len(boot_id) <= 64:
            return "version"
        if peer.state == "held":
            return "held"
        if is_twin(boot_id, await self._boots(peer_id)):
            cause = f"boot {boot_id} is back from {address} after boot {peer.boot_id} from {peer.address}"
            await self.peers.hold(peer_id, cause)
            await self._alarm(peer_id, cause)
            return "held"
        await self.peers.note(peer_id, "up", boot_id=boot_id, address=address)
        await self.peers.seen(peer_id, boot_id=boot_id, version=str(said.get("software", ""))[:40], address=address)
        return None

    async def _boots(self, peer_id: str) -> list[str]:
        """Boot ids of this peer's tunnels since it was paired or released, the newest first."""
        boots = []
        for event in await self.peers.history(peer_id, limit=500):
            if event.kind in ("released", "paired"):
                break
            if event.kind == "up":
                boots.append(event.boot_id)
        return boots

    async def listen_reverse(self, tunnel: Tunnel) -> asyncssh.SSHListener:
        """Open the peer's reverse socket on this tunnel; it counts from now on, and older tunnels of the peer are cut."""
        async with self._locks[tunnel.peer_id]:
            listener = await tunnel.open_reverse()
            older = [one for one in self._tunnels[tunnel.peer_id] if one is not tunnel and one.number < tunnel.number]
        for one in older:
            one.abort("a newer tunnel of this peer")
        tunnel.start_checking(self._check_every, lambda: self._answered(tunnel.peer_id))
        await self._announce()
        return listener

    def _answered(self, peer_id: str) -> None:
        self.begin(self.peers.seen(peer_id))

    async def lost(self, tunnel: Tunnel, reason: str) -> None:
        """A tunnel has ended."""
        self._tunnels[tunnel.peer_id].remove(tunnel)
        tunnel.close_reverse()
        await self._announce()
        if await self.peers.find(tunnel.peer_id) is not None:
            await self.peers.note(tunnel.peer_id, "down", boot_id=tunnel.boot_id, address=tunnel.address, detail=reason)

    async def cut(self, peer_id: str) -> None:
        """Cut a peer's tunnels and close its sockets at once."""
        for tunnel in list(self._tunnels[peer_id]):
            tunnel.close_reverse()
            tunnel.abort("cut")
        site = self._sites.pop(peer_id, None)
        if site is not None:
            await site.stop()

    def state(self, peer_id: str) -> TunnelState:
        """How a peer's tunnel is."""
        current = self._current(peer_id)
        return current.state() if current else TunnelState(up=False)

    async def reverse_path(self, peer_id: str) -> Path:
        """The Unix socket that leads to a peer's own peer API. Raises a Fault (`peer.unknown`, `peer.held`, `peer.down`)."""
        peer = await self.peers.get(peer_id)
        if peer.state == "held":
            raise PEER_HELD(peer=peer.name)
        if self._current(peer_id) is None:
            raise PEER_DOWN(peer=peer.name)
        return self._folder / peer_id / "vma.sock"

    async def wait_up(self, peer_id: str, timeout: float) -> None:
        """Wait until a peer's tunnel is up in both directions. Raises TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: self._current(peer_id) is not None)

    def _current(self, peer_id: str) -> Tunnel | None:
        listening = [one for one in self._tunnels.get(peer_id, []) if one.is_listening]
        return max(listening, key=lambda one: one.number, default=None)

    async def _site(self, tunnel: Tunnel) -> None:
        """See to it that the peer API is served to this peer."""
        if tunnel.peer_id not in self._sites:
            peer_id = tunnel.peer_id
            site = PrincipalSite(self._make_app, Principal(peer_id, "vma"), tunnel.api_path, lambda: self._describe(peer_id))
            await site.start()
            self._sites[peer_id] = site

    async def _describe(self, peer_id: str) -> dict[str, object]:
        state = self.state(peer_id)
        return {"id": self.identity.id, "role": "oma", "software": self.version, "reverse_up": state.up, "reverse_age_s": state.answer_age}

    async def _announce(self) -> None:
        async with self._changed:
            self._changed.notify_all()
