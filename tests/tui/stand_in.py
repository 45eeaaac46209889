"""An agent for the console to talk to: the declared APIs over canned answers, at the wire's boundary, without sockets."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from appliance.contract import access, gate, jobs, network, pairing, replications, setup, source, status, storage, system, tunnel
from appliance.contract.api import Api, Route, routes
from appliance.contract.backups import BackupsApi
from appliance.contract.client import UNREACHABLE, Transport
from appliance.contract.clouds import CloudsApi
from appliance.contract.credentials import CredentialsApi
from appliance.contract.discovery import DiscoveryApi
from appliance.contract.disk_library import DiskLibraryApi
from appliance.contract.errors import NO_SUCH_ROUTE, Fault
from appliance.contract.failover import FailoverApi
from appliance.contract.management import ManagementApi
from appliance.contract.network_mappings import NetworkMappingsApi
from appliance.contract.preflight import PreflightApi
from appliance.contract.provided import Provided
from appliance.contract.reconciliation import ReconciliationApi
from appliance.contract.schedules import SchedulesApi
from appliance.contract.settings import Setting, SettingsApi
from appliance.contract.tokens import TokensApi
from appliance.contract.upgrades import UpgradesApi
from appliance.contract.vault import VaultApi
from appliance.contract.verifications import VerificationsApi
from appliance.contract.windows import WindowsApi
from appliance.contract.windows_drivers import WindowsDriversApi
from appliance.tui.agent import Agent
from appliance.tui.app import Console
from appliance.tui.vt import TERMINALS

NOW = datetime(2026, 11, 20, 3, 4, 5, tzinfo=UTC)
"""The time on every screen of the tests."""

COMMON: tuple[type[Api], ...] = (
    status.StatusApi, setup.SetupApi, network.NetworkApi, system.SystemApi, gate.GateApi, access.RemoteConsoleApi, tunnel.TunnelApi,
    jobs.JobsApi, SettingsApi, TokensApi, BackupsApi, UpgradesApi,
)  # fmt: skip
ROLES: dict[str, tuple[type[Api], ...]] = {
    "oma": (
        *COMMON,
        pairing.PeersApi,
        replications.ReplicationsApi,
        DiscoveryApi,
        ManagementApi,
        FailoverApi,
        PreflightApi,
        NetworkMappingsApi,
        storage.StorageApi,
        CredentialsApi,
        CloudsApi,
        VaultApi,
        SchedulesApi,
        VerificationsApi,
        ReconciliationApi,
        WindowsApi,
        WindowsDriversApi,
    ),
    "vma": (*COMMON, pairing.JoinApi, source.SourceApi, DiskLibraryApi),
}

Answer = Any
Handler = Callable[..., Answer | Awaitable[Answer]]


class StandIn(Transport):
    """Answers requests from `answers`: by the declared method's name a value, a Fault, or a function of the request's arguments.

    `calls` has every request that was made, as (name, arguments). `absent` makes it unreachable, `delay` slow (seconds).
    """

    def __init__(self, role: str, answers: dict[str, object]) -> None:
        super().__init__()
        self.role, self.answers = role, dict(answers)
        self.calls: list[tuple[str, dict[str, object]]] = []
        self.absent, self.delay = False, 0.0
        self._routes = [(one, _pattern(one)) for api in ROLES[role] for one in routes(api)]

    async def send(self, method: str, path: str, query: dict[str, str], body: bytes | None) -> tuple[int, bytes]:
        """As the agent's socket does."""
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.absent:
            raise UNREACHABLE(cause="the stand-in is away")
        for route, pattern in self._routes:
            found = pattern.fullmatch(path) if route.method == method else None
            if found:
                return await self._answer(route, found.groupdict(), query, body)
        return _refused(NO_SUCH_ROUTE())

    async def _answer(self, route: Route, given: dict[str, str], query: dict[str, str], body: bytes | None) -> tuple[int, bytes]:
        arguments: dict[str, object] = {**given, **{key: route.query[key].validate_strings(value) for key, value in query.items()}}
        if route.body is not None:
            arguments["body"] = route.body.validate_json(body or b"null")
        self.calls.append((route.name, arguments))
        answer = self.answers.get(route.name)
        if callable(answer):
            try:
                answer = answer(**arguments)
                answer = await answer if asyncio.iscoroutine(answer) else answer
            except Fault as error:
                answer = error
        if isinstance(answer, Fault):
            return _refused(answer)
        if answer is None and route.status != 204 and route.name not in self.answers:
            raise AssertionError(f"the test has no answer for {route.name}")
        return route.status, b"" if route.status == 204 else route.result.dump_json(answer)

    def called(self, name: str) -> list[dict[str, object]]:
        """The arguments of every request of this name."""
        return [arguments for one, arguments in self.calls if one == name]


def _pattern(route: Route) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(route.path)))


def _refused(error: Fault) -> tuple[int, bytes]:
    return error.status, json.dumps(error.shown()).encode()


def plan() -> network.NetworkPlan:
    """A network with one interface that was set by hand."""
    static = network.Family(mode=network.Mode.STATIC, addresses=["192.0.2.10/24"], gateway="192.0.2.1")
    eth0 = network.InterfacePlan(name="eth0", ipv4=static, ipv6=network.Family(mode=network.Mode.OFF))
    return network.NetworkPlan(host_name="oma1", interfaces=[eth0], dns=["192.0.2.53"], search_domains=["example.net"], ntp=["192.0.2.123"])


def network_state(**changes: object) -> network.Network:
    """The network as it is: two interfaces, one without a cable."""
    eth0 = network.Interface(
        name="eth0", kind="physical", mac="02:00:00:00:00:01", parent="", vlan_id=None, link="up", speed_mbps=10_000, mtu=1500,
        addresses=["192.0.2.10/24"], gateways=["192.0.2.1"],
    )  # fmt: skip
    eth1 = eth0.model_copy(
        update={"name": "eth1", "mac": "02:00:00:00:00:02", "link": "no cable", "speed_mbps": None, "addresses": [], "gateways": []}
    )
    state = network.Network(
        host_name="oma1", interfaces=[eth0, eth1], dns=["192.0.2.53"], kept=plan(), revision="r1", trial=None, outcome=""
    )
    return state.model_copy(update=changes)


def status_of(role: str, **changes: object) -> status.Status:
    """A healthy, paired appliance."""
    peer = "vma1" if role == "oma" else "oma1"
    one = status.Tunnel(peer_id=f"peer-{peer}", peer_name=peer, up=True, since=(NOW - timedelta(hours=5)).isoformat())
    found = status.Status(
        appliance_id=f"{role}-0123456789abcdef", name=f"{role}1", role=role, version="0.1.0", host_name=f"{role}1.example.net",
        addresses=["192.0.2.10", "2001:db8::10"], url="https://192.0.2.10/" if role == "oma" else "",
        certificate_fingerprint="5f" * 32, boot_id="b" * 32, started_at=NOW - timedelta(days=2), tunnels=[one], last_failure=None,
    )  # fmt: skip
    return found.model_copy(update=changes)


def healthy() -> status.Health:
    """Every part is well."""
    return status.Health(state="ok", parts={name: status.Part(state="ok") for name in ("database", "migrations", "tunnel", "recovery")})


def set_up(stage: setup.Stage = setup.Stage.DONE, *, password: bool = False) -> setup.Setup:
    """Where the wizard stands."""
    return setup.Setup(stage=stage, password_set=password, wait_seconds=0.0)


def common(role: str) -> dict[str, object]:
    """Answers for what every console asks: a healthy appliance with nothing going on."""
    return {
        "status": status_of(role),
        "health": healthy(),
        "setup": set_up(),
        "provided": Provided(),
        "network": network_state(),
        "jobs": [],
        "verifications": [],
        "set_stage": lambda body: set_up(body.stage),
        "report": None,
        "setting": idle_setting,
    }


def idle_setting(name: str) -> Setting:
    """After how long the console logs out."""
    return Setting(
        name=name, group="console", kind="number", value=15, default=15, unit="minutes", lowest=1, highest=240, sentence="How long.",
        expected="a whole number from 1 to 240 (minutes)", restart_needed=False, changed_at=None,
    )  # fmt: skip


def console(stand_in: StandIn, terminal: str = "xterm", **options: Any) -> Console:
    """The console on this stand-in, at a fixed time."""
    return Console(Agent(stand_in), TERMINALS[terminal], clock=lambda: NOW, **options)
