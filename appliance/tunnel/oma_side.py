"""The OMA's whole side of the wire, put together: one object the agent starts and stops."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from appliance.core.commands import Children
from appliance.core.store import Store
from appliance.tunnel.admission import Limits
from appliance.tunnel.data import DataServer
from appliance.tunnel.frontdoor import FrontDoor
from appliance.tunnel.identity import Identity
from appliance.tunnel.pairing import PairingDesk
from appliance.tunnel.peers import Peers
from appliance.tunnel.principal import AppFactory
from appliance.tunnel.sessions import DataSessions
from appliance.tunnel.sniff import Kind
from appliance.tunnel.ssh_server import Alarm, TunnelServer
from appliance.tunnel.tls_site import TlsSite


class OmaSide:
    """Front door, pairing, tunnels and data sessions of one OMA.

    `run_folder` has to be on tmpfs and short (Unix socket paths hold 107 bytes). `web_app` is what HTTPS serves besides pairing.
    """

    def __init__(
        self,
        identity: Identity,
        store: Store,
        run_folder: Path,
        children: Children,
        make_peer_app: AppFactory,
        *,
        name: str,
        version: str,
        web_app: web.Application | None = None,
        limits: Limits | None = None,
        alarm: Alarm | None = None,
    ) -> None:
        self.peers = Peers(store)
        self.desk = PairingDesk(store, self.peers, identity, name)
        self.sessions = DataSessions(run_folder / "sessions", children)
        self.data = DataServer(self.sessions, children, run_folder)
        self.tunnels = TunnelServer(identity, self.peers, self.data, run_folder, make_peer_app, version=version, alarm=alarm)
        app = web_app if web_app is not None else web.Application(client_max_size=64 * 1024)
        app.add_routes(self.desk.routes())
        self.site = TlsSite(app, identity.tls_context())
        serve = {Kind.SSH: self.tunnels.serve, Kind.DATA: self.data.serve, Kind.TLS: self.site.serve}
        self.door = FrontDoor(serve, limits=limits, is_known=self.peers.is_known_address)

    async def start(self, address: str, port: int) -> None:
        """Clear what an earlier agent left, and open the door last. Raises OSError when the port can't be had."""
        await self.peers.load()
        await self.sessions.start()
        await self.desk.start()
        await self.data.start()
        await self.tunnels.start()
        self.peers.on_gone(self.sessions.end_for_peer)
        await self.site.start()
        await self.door.open(address, port)

    async def stop(self) -> None:
        """Close the door, then everything behind it; no process is left."""
        await self.door.close()
        await self.site.stop()
        await self.tunnels.stop()
        await self.sessions.stop()
        await self.data.stop()

    def counters(self) -> Mapping[str, int]:
        """What came to the door and what became of it, for metrics."""
        return {**self.door.counters, **self.data.counters, **self.tunnels.counters, "strangers": self.door.strangers}
