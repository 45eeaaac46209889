"""The local agent as the console reaches it: every declared API over its Unix socket."""

from __future__ import annotations

from functools import cached_property

from appliance.contract.access import RemoteConsoleApi
from appliance.contract.backups import BackupsApi
from appliance.contract.client import Transport, client
from appliance.contract.clouds import CloudsApi
from appliance.contract.credentials import CredentialsApi
from appliance.contract.discovery import DiscoveryApi
from appliance.contract.disk_library import DiskLibraryApi
from appliance.contract.failover import FailoverApi
from appliance.contract.gate import GateApi
from appliance.contract.jobs import JobsApi
from appliance.contract.management import ManagementApi
from appliance.contract.network import NetworkApi
from appliance.contract.network_mappings import NetworkMappingsApi
from appliance.contract.pairing import JoinApi, PeersApi
from appliance.contract.preflight import PreflightApi
from appliance.contract.reconciliation import ReconciliationApi
from appliance.contract.replications import ReplicationsApi
from appliance.contract.schedules import SchedulesApi
from appliance.contract.settings import SettingsApi
from appliance.contract.setup import SetupApi
from appliance.contract.source import SourceApi
from appliance.contract.status import StatusApi
from appliance.contract.storage import StorageApi
from appliance.contract.system import SystemApi
from appliance.contract.tokens import TokensApi
from appliance.contract.tunnel import TunnelApi
from appliance.contract.upgrades import UpgradesApi
from appliance.contract.vault import VaultApi
from appliance.contract.verifications import VerificationsApi
from appliance.contract.windows import WindowsApi


class Agent:
    """The clients of all APIs; those of the other role answer with a Fault (`request.no_such_route`)."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    @cached_property
    def status(self) -> StatusApi:
        """Health and status."""
        return client(StatusApi, self.transport)

    @cached_property
    def setup(self) -> SetupApi:
        """The wizard's place and the console's password."""
        return client(SetupApi, self.transport)

    @cached_property
    def network(self) -> NetworkApi:
        """The appliance's own network."""
        return client(NetworkApi, self.transport)

    @cached_property
    def system(self) -> SystemApi:
        """Logs, support bundles, power."""
        return client(SystemApi, self.transport)

    @cached_property
    def backups(self) -> BackupsApi:
        """Back-ups of the records, and their check."""
        return client(BackupsApi, self.transport)

    @cached_property
    def upgrades(self) -> UpgradesApi:
        """Upgrade files, and applying one."""
        return client(UpgradesApi, self.transport)

    @cached_property
    def gate(self) -> GateApi:
        """The vendor's shell, and the audit log."""
        return client(GateApi, self.transport)

    @cached_property
    def remote_console(self) -> RemoteConsoleApi:
        """The console over SSH."""
        return client(RemoteConsoleApi, self.transport)

    @cached_property
    def tunnel(self) -> TunnelApi:
        """Tunnels and their history."""
        return client(TunnelApi, self.transport)

    @cached_property
    def jobs(self) -> JobsApi:
        """Jobs."""
        return client(JobsApi, self.transport)

    @cached_property
    def peers(self) -> PeersApi:
        """Pairings of an OMA."""
        return client(PeersApi, self.transport)

    @cached_property
    def joining(self) -> JoinApi:
        """The pairing of a VMA."""
        return client(JoinApi, self.transport)

    @cached_property
    def network_mappings(self) -> NetworkMappingsApi:
        """Where the adapters of moved VMs go (OMA)."""
        return client(NetworkMappingsApi, self.transport)

    @cached_property
    def verifications(self) -> VerificationsApi:
        """Comparisons of copies with their sources (OMA)."""
        return client(VerificationsApi, self.transport)

    @cached_property
    def reconciliation(self) -> ReconciliationApi:
        """What differs from the records (OMA)."""
        return client(ReconciliationApi, self.transport)

    @cached_property
    def replications(self) -> ReplicationsApi:
        """VMs under management, cycles (OMA)."""
        return client(ReplicationsApi, self.transport)

    @cached_property
    def discovery(self) -> DiscoveryApi:
        """What is in a vCenter (OMA)."""
        return client(DiscoveryApi, self.transport)

    @cached_property
    def management(self) -> ManagementApi:
        """Specifications, credentials and the end of VMs under management (OMA)."""
        return client(ManagementApi, self.transport)

    @cached_property
    def failover(self) -> FailoverApi:
        """Failovers (OMA)."""
        return client(FailoverApi, self.transport)

    @cached_property
    def preflight(self) -> PreflightApi:
        """Looks before something is done (OMA)."""
        return client(PreflightApi, self.transport)

    @cached_property
    def storage(self) -> StorageApi:
        """Volumes and exports (OMA)."""
        return client(StorageApi, self.transport)

    @cached_property
    def credentials(self) -> CredentialsApi:
        """vCenter credentials (OMA)."""
        return client(CredentialsApi, self.transport)

    @cached_property
    def clouds(self) -> CloudsApi:
        """CloudStack configurations (OMA)."""
        return client(CloudsApi, self.transport)

    @cached_property
    def vault(self) -> VaultApi:
        """The key that protects stored secrets (OMA)."""
        return client(VaultApi, self.transport)

    @cached_property
    def schedules(self) -> SchedulesApi:
        """Schedules, machine groups, scheduled runs (OMA)."""
        return client(SchedulesApi, self.transport)

    @cached_property
    def windows(self) -> WindowsApi:
        """What holds for all schedules (OMA)."""
        return client(WindowsApi, self.transport)

    @cached_property
    def settings(self) -> SettingsApi:
        """Settings."""
        return client(SettingsApi, self.transport)

    @cached_property
    def tokens(self) -> TokensApi:
        """API tokens."""
        return client(TokensApi, self.transport)

    @cached_property
    def source(self) -> SourceApi:
        """vCenters, transfers, snapshots (VMA)."""
        return client(SourceApi, self.transport)

    @cached_property
    def disk_library(self) -> DiskLibraryApi:
        """VMware's library for reading disks (VMA)."""
        return client(DiskLibraryApi, self.transport)
