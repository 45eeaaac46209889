"""The two appliances of the demo: their configuration, their start, and the clients of their operator's APIs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from appliance.contract.client import Transport, client
from appliance.contract.clouds import CloudsApi
from appliance.contract.credentials import CredentialsApi
from appliance.contract.discovery import DiscoveryApi
from appliance.contract.errors import Fault
from appliance.contract.failover import FailoverApi
from appliance.contract.jobs import JobsApi
from appliance.contract.pairing import JoinApi, PeersApi
from appliance.contract.replications import ReplicationsApi
from appliance.contract.status import StatusApi
from appliance.contract.storage import StorageApi
from appliance.demo.processes import Started, Starter

ANSWER_LIMIT = 300.0


@dataclass(frozen=True)
class Appliance:
    """One appliance as its operator reaches it: over the Unix socket of its API."""

    role: str
    state_dir: Path
    run_dir: Path
    transport: Transport

    @classmethod
    def at(cls, role: str, state_dir: Path, run_dir: Path) -> Self:
        """An appliance that keeps its state and its sockets in these folders."""
        return cls(role, state_dir, run_dir, Transport(unix=str(run_dir / "api.sock"), timeout=ANSWER_LIMIT))

    @property
    def socket(self) -> Path:
        """Where its API listens."""
        return self.run_dir / "api.sock"

    @property
    def status(self) -> StatusApi:
        """Health and status."""
        return client(StatusApi, self.transport)

    @property
    def jobs(self) -> JobsApi:
        """Jobs."""
        return client(JobsApi, self.transport)

    async def healthy(self) -> bool:
        """Whether it answers, has its records, and has looked at unfinished jobs. There may be no peer yet, so no tunnel is asked for."""
        try:
            parts = (await self.status.health()).parts
        except Fault:
            return False
        return all(parts[name].state == "ok" for name in ("database", "recovery") if name in parts)


class Oma(Appliance):
    """The appliance in CloudStack."""

    @property
    def peers(self) -> PeersApi:
        """Pairing."""
        return client(PeersApi, self.transport)

    @property
    def credentials(self) -> CredentialsApi:
        """vCenters."""
        return client(CredentialsApi, self.transport)

    @property
    def clouds(self) -> CloudsApi:
        """CloudStack configurations."""
        return client(CloudsApi, self.transport)

    @property
    def discovery(self) -> DiscoveryApi:
        """What is in vCenter."""
        return client(DiscoveryApi, self.transport)

    @property
    def replications(self) -> ReplicationsApi:
        """Discovery and cycles."""
        return client(ReplicationsApi, self.transport)

    @property
    def failover(self) -> FailoverApi:
        """Failovers."""
        return client(FailoverApi, self.transport)

    @property
    def storage(self) -> StorageApi:
        """Volumes."""
        return client(StorageApi, self.transport)


class Vma(Appliance):
    """The appliance beside vCenter."""

    @property
    def joining(self) -> JoinApi:
        """Pairing."""
        return client(JoinApi, self.transport)


def start(starter: Starter, appliance: Appliance, namespace: str, more: str = "") -> Started:
    """Write the appliance's configuration and start its agent."""
    appliance.state_dir.mkdir(parents=True, exist_ok=True)
    config = appliance.state_dir / "agent.toml"
    config.write_text(configuration(appliance, more))
    return starter.start(appliance.role, namespace, "appliance.agent", ["--role", appliance.role, "--config", str(config)])


def configuration(appliance: Appliance, more: str = "") -> str:
    """The agent's configuration file (pure); `more` are further tables."""
    lines = [f'role = "{appliance.role}"', f'name = "{appliance.role}"']
    lines += [f'state_dir = "{appliance.state_dir}"', f'run_dir = "{appliance.run_dir}"']
    # The machine that the demo runs on is not the appliance's to restart or to configure.
    lines += ["[machine]", "restart = []", "power_off = []", f'networkd_dir = "{appliance.state_dir}/networkd"']
    return "\n".join([*lines, more]) + "\n"


def storage_table(devices: Path) -> str:
    """Where the OMA finds its volumes."""
    return f'[storage]\ndevices_dir = "{devices}"\n'
