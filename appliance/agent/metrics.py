"""Figures of one appliance, counted when they are asked for, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from appliance.contexts import VmContext, VmState
from appliance.contract.status import Tunnel
from appliance.contract.verifications import VerificationOutcome
from appliance.core.jobs import Job
from appliance.core.store import Store, utcnow
from appliance.replication.models import ReplicationJob
from appliance.replication.verify.models import Verification, VerifiedDisk

WAITING = "strangers"
"""The one figure about connections that goes down again."""


@dataclass(frozen=True)
class Figures:
    """What was counted. `connections` counts what came to the front door and what became of it, since the start."""

    role: str
    version: str
    uptime: float
    vms: Mapping[str, int]
    jobs: Mapping[tuple[str, str], int]
    moved_bytes: int
    tunnels: Sequence[Tunnel]
    connections: Mapping[str, int]
    verifications: Mapping[str, int]
    different_bytes: int


async def counted(
    store: Store, role: str, version: str, started_at: datetime, tunnels: Sequence[Tunnel], connections: Mapping[str, int]
) -> Figures:
    """The figures of now."""
    by_state = select(VmContext.current_status, func.count()).group_by(VmContext.current_status)
    by_kind = select(Job.kind, Job.status, func.count()).group_by(Job.kind, Job.status)
    async with store.session() as session:
        vms = {state: count for state, count in await session.execute(by_state)}
        jobs = {(kind, state): count for kind, state, count in await session.execute(by_kind)}
        moved = await session.scalar(select(func.sum(ReplicationJob.bytes_transferred)))
        by_outcome = select(Verification.outcome, func.count()).group_by(Verification.outcome)
        verified = {outcome: count for outcome, count in await session.execute(by_outcome)}
        different = await session.scalar(select(func.sum(VerifiedDisk.different_bytes)))
    uptime = (utcnow() - started_at).total_seconds()
    return Figures(role, version, uptime, vms, jobs, int(moved or 0), tunnels, connections, verified, int(different or 0))


def as_text(figures: Figures) -> str:
    """The figures, and those of the agent's own process, in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Counted(figures))
    ProcessCollector(registry=registry)
    return generate_latest(registry).decode()


class _Counted(Collector):
    """Hands the figures to the registry."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Each figure as a metric."""
        figures = self._figures
        yield InfoMetricFamily("appliance", "Which appliance this is.", {"role": figures.role, "version": figures.version})
        yield GaugeMetricFamily("appliance_uptime_seconds", "Time since the agent was started.", figures.uptime)
        if figures.role == "oma":
            yield from _fleet(figures)
        jobs = GaugeMetricFamily("appliance_jobs", "Jobs on record.", labels=("kind", "state"))
        for (kind, state), count in sorted(figures.jobs.items()):
            jobs.add_metric((kind, state), count)
        yield jobs
        up = GaugeMetricFamily("appliance_tunnel_up", "Whether the tunnel to the other appliance is up.", labels=("peer", "name"))
        for one in figures.tunnels:
            up.add_metric((one.peer_id, one.peer_name), float(one.up))
        yield up


def _fleet(figures: Figures) -> Iterator[Metric]:
    """What only an OMA has."""
    vms = GaugeMetricFamily("appliance_vms", "VMs under management.", labels=("state",))
    for state in sorted({*VmState, *figures.vms}):
        vms.add_metric((str(state),), figures.vms.get(state, 0))
    yield vms
    # A gauge: cycles that are pruned take their bytes with them.
    yield GaugeMetricFamily("appliance_moved_bytes", "Bytes moved by all replication cycles on record.", figures.moved_bytes)
    verified = GaugeMetricFamily("appliance_verifications", "Verifications on record, by what came of them.", labels=("outcome",))
    for came in VerificationOutcome:
        verified.add_metric((came.value,), figures.verifications.get(came, 0))
    yield verified
    about = "Bytes of copies that verifications on record found to differ from their source."
    yield GaugeMetricFamily("appliance_verification_different_bytes", about, figures.different_bytes)
    ends = CounterMetricFamily(
        "appliance_front_door_connections", "Connections to the front door, by what became of them.", labels=("outcome",)
    )
    for outcome, count in sorted(figures.connections.items()):
        if outcome != WAITING:
            ends.add_metric((outcome,), count)
    yield ends
    strangers = figures.connections.get(WAITING, 0)
    yield GaugeMetricFamily("appliance_front_door_strangers", "Connections that have not proved yet who they are.", strangers)
