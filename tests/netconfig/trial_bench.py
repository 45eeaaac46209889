"""A network that exists in memory, a clock that is turned by hand, and the control over both."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from appliance.contract.errors import Fault
from appliance.contract.network import Family, Finding, Interface, InterfacePlan, Mode, NetworkPlan, StartTrial, Trial
from appliance.core.audit import Audit
from appliance.netconfig.applier import Files
from appliance.netconfig.control import NetworkControl
from appliance.netconfig.faults import NOT_APPLIED, SERVICE_ABSENT
from appliance.netconfig.findings import fine
from appliance.netconfig.observe import Observed

BEFORE, AFTER = "192.0.2.5/24", "192.0.2.22/24"
OLD = Files(networkd={"10-appliance-eth0.network": "old"}, host_name="oma", resolv_conf="", timesyncd="")


class KilledHere(BaseException):
    """Stands for the end of the process: nothing of the agent runs after it."""


class FakeApplier:
    """Remembers what is in force. `failures` are raised by the next applications, `killed` ends the agent after one."""

    def __init__(self) -> None:
        self.files, self.present, self.applied = OLD, True, 0
        self.failures: list[BaseException] = []

    async def ready(self) -> None:
        if not self.present:
            raise SERVICE_ABSENT()

    async def current(self) -> Files:
        return self.files

    async def apply(self, files: Files, instead_of: Files | None = None) -> None:
        self.applied += 1
        if self.failures:
            raise self.failures.pop(0)
        if not self.present:
            raise NOT_APPLIED(cause="it is not there")
        self.files = files

    @property
    def is_old(self) -> bool:
        return self.files == OLD


class HandClock:
    """Seconds since boot, moved by the test."""

    def __init__(self) -> None:
        self.boot, self.seconds = "boot-1", 1000.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []
        self._asleep: set[object] = set()

    def boot_id(self) -> str:
        return self.boot

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self._sleepers.append((self.seconds + seconds, woken))
        self._asleep.add(asyncio.current_task())
        await woken.wait()
        self._asleep.discard(asyncio.current_task())

    async def advance(self, seconds: float) -> None:
        """Let time pass, and everybody who waited for it go on."""
        await asyncio.sleep(0)  # who has just begun comes as far as to wait
        self.seconds += seconds
        for until, woken in self._sleepers:
            if until <= self.seconds:
                woken.set()
        self._sleepers = [one for one in self._sleepers if not one[1].is_set()]
        await asyncio.sleep(0.05)
        for _ in range(100):  # longer on a busy machine, until they wait again
            if all(task in self._asleep for task in asyncio.all_tasks() if _is_of_the_trial(task)):
                return
            await asyncio.sleep(0.01)


def _is_of_the_trial(task: asyncio.Task[object]) -> bool:
    """Whether it is one that a trial goes on by."""
    return getattr(task.get_coro(), "__qualname__", "").startswith(("NetworkControl.", "Watch."))


class FakeLive:
    """Says what it is told to; of what works it says nothing until it has `answered`."""

    def __init__(self) -> None:
        self.against: list[Finding] = []
        self.answered = asyncio.Event()
        self.answered.set()

    async def before(self, plan: NetworkPlan, interfaces: Sequence[Interface]) -> list[Finding]:
        return self.against

    async def during(self, plan: NetworkPlan) -> list[Finding]:
        await self.answered.wait()
        return [fine("", "dns", "The name server answers.")]


@dataclass
class Bench:
    """One machine; `agent` starts the agent on it, again after it was killed."""

    state: Path
    audit: Audit | None
    applier: FakeApplier = field(default_factory=FakeApplier)
    clock: HandClock = field(default_factory=HandClock)
    live: FakeLive = field(default_factory=FakeLive)
    observed: Observed = field(default_factory=lambda: observed(BEFORE))
    agents: list[NetworkControl] = field(default_factory=list)

    def control(self) -> NetworkControl:
        async def look() -> Observed:
            return self.observed

        made = NetworkControl(
            self.state, Path("/nowhere"), self.audit, applier=self.applier, clock=self.clock, observing=look, live=self.live
        )
        self.agents.append(made)
        return made

    async def agent(self) -> NetworkControl:
        """A new agent; an earlier one is gone, as if it had been killed."""
        for earlier in self.agents:
            await earlier.close()
        made = self.control()
        await made.start()
        return made

    async def reboot(self) -> None:
        """The machine starts again: clocks of a boot begin anew."""
        for earlier in self.agents:
            await earlier.close()
        self.clock.boot, self.clock.seconds = "boot-2", 3.0

    async def trial(self, agent: NetworkControl, address: str = AFTER, seconds: int = 120) -> Trial:
        """Try an address."""
        return await self.start(agent, plan(address), seconds)

    async def start(self, agent: NetworkControl, wanted: NetworkPlan, seconds: int = 120) -> Trial:
        """Try any settings."""
        return await agent.start_trial(StartTrial(plan=wanted, revision=(await agent.network()).revision, seconds=seconds))

    async def events(self) -> list[str]:
        """The audit log, oldest first."""
        assert self.audit is not None
        return [f"{event.actor} {event.action} {event.result}" for event in reversed(await self.audit.newest(50))]


def observed(address: str) -> Observed:
    """An interface with a cable and one address."""
    eth0 = Interface(
        name="eth0",
        kind="ethernet",
        mac="02:00:00:00:00:01",
        parent="",
        vlan_id=None,
        link="up",
        speed_mbps=1000,
        mtu=1500,
        addresses=[address],
        gateways=["192.0.2.1"],
    )
    return Observed("oma", [eth0], ["192.0.2.53"])


def plan(address: str) -> NetworkPlan:
    """One interface with a static address."""
    family = Family(mode=Mode.STATIC, addresses=[address], gateway="192.0.2.1")
    return NetworkPlan(host_name="oma", interfaces=[InterfacePlan(name="eth0", ipv4=family)])


def dual(address: str, ipv6: str) -> NetworkPlan:
    """One interface with an address of each family."""
    [eth0] = plan(address).interfaces
    return NetworkPlan(interfaces=[eth0.model_copy(update={"ipv6": Family(mode=Mode.STATIC, addresses=[ipv6])})])


def unplugged(machine: Observed) -> Observed:
    """The same without a cable."""
    return replace(machine, interfaces=[one.model_copy(update={"link": "no cable", "addresses": []}) for one in machine.interfaces])


async def refused(work: Awaitable[object]) -> Fault:
    """The Fault that the work ends with."""
    with pytest.raises(Fault) as caught:
        await work
    return caught.value
