"""The local agent as the console reaches it: every declared API over its Unix socket.

A declaration is loaded when it is used first: a console that has just started needs three of them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from appliance.contract.client import Transport, client

if TYPE_CHECKING:
    from appliance.contract.access import RemoteConsoleApi
    from appliance.contract.backups import BackupsApi
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
    from appliance.contract.windows_drivers import WindowsDriversApi


class Agent:
    """The clients of all APIs; those of the other role answer with a Fault (`request.no_such_route`)."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    @cached_property
    def status(self) -> StatusApi:
        """Health and status."""
        from appliance.contract.status import StatusApi

        return client(StatusApi, self.transport)

    @cached_property
    def setup(self) -> SetupApi:
        """The wizard's place and the console's password."""
        from appliance.contract.setup import SetupApi

        return client(SetupApi, self.transport)

    @cached_property
    def network(self) -> NetworkApi:
        """The appliance's own network."""
        from appliance.contract.network import NetworkApi

        return client(NetworkApi, self.transport)

    @cached_property
    def system(self) -> SystemApi:
        """Logs, support bundles, power."""
        from appliance.contract.system import SystemApi

        return client(SystemApi, self.transport)

    @cached_property
    def backups(self) -> BackupsApi:
        """Back-ups of the records, and their check."""
        from appliance.contract.backups import BackupsApi

        return client(BackupsApi, self.transport)

    @cached_property
    def upgrades(self) -> UpgradesApi:
        """Upgrade files, and applying one."""
        from appliance.contract.upgrades import UpgradesApi

        return client(UpgradesApi, self.transport)

    @cached_property
    def gate(self) -> GateApi:
        """The vendor's shell, and the audit log."""
        from appliance.contract.gate import GateApi

        return client(GateApi, self.transport)

    @cached_property
    def remote_console(self) -> RemoteConsoleApi:
        """The console over SSH."""
        from appliance.contract.access import RemoteConsoleApi

        return client(RemoteConsoleApi, self.transport)

    @cached_property
    def tunnel(self) -> TunnelApi:
        """Tunnels and their history."""
        from appliance.contract.tunnel import TunnelApi

        return client(TunnelApi, self.transport)

    @cached_property
    def jobs(self) -> JobsApi:
        """Jobs."""
        from appliance.contract.jobs import JobsApi

        return client(JobsApi, self.transport)

    @cached_property
    def peers(self) -> PeersApi:
        """Pairings of an OMA."""
        from appliance.contract.pairing import PeersApi

        return client(PeersApi, self.transport)

    @cached_property
    def joining(self) -> JoinApi:
        """The pairing of a VMA."""
        from appliance.contract.pairing import JoinApi

        return client(JoinApi, self.transport)

    @cached_property
    def network_mappings(self) -> NetworkMappingsApi:
        """Where the adapters of moved VMs go (OMA)."""
        from appliance.contract.network_mappings import NetworkMappingsApi

        return client(NetworkMappingsApi, self.transport)

    @cached_property
    def verifications(self) -> VerificationsApi:
        """Comparisons of copies with their sources (OMA)."""
        from appliance.contract.verifications import VerificationsApi

        return client(VerificationsApi, self.transport)

    @cached_property
    def reconciliation(self) -> ReconciliationApi:
        """What differs from the records (OMA)."""
        from appliance.contract.reconciliation import ReconciliationApi

        return client(ReconciliationApi, self.transport)

    @cached_property
    def replications(self) -> ReplicationsApi:
        """VMs under management, cycles (OMA)."""
        from appliance.contract.replications import ReplicationsApi

        return client(ReplicationsApi, self.transport)

    @cached_property
    def discovery(self) -> DiscoveryApi:
        """What is in a vCenter (OMA)."""
        from appliance.contract.discovery import DiscoveryApi

        return client(DiscoveryApi, self.transport)

    @cached_property
    def management(self) -> ManagementApi:
        """Specifications, credentials and the end of VMs under management (OMA)."""
        from appliance.contract.management import ManagementApi

        return client(ManagementApi, self.transport)

    @cached_property
    def failover(self) -> FailoverApi:
        """Failovers (OMA)."""
        from appliance.contract.failover import FailoverApi

        return client(FailoverApi, self.transport)

    @cached_property
    def preflight(self) -> PreflightApi:
        """Looks before something is done (OMA)."""
        from appliance.contract.preflight import PreflightApi

        return client(PreflightApi, self.transport)

    @cached_property
    def storage(self) -> StorageApi:
        """Volumes and exports (OMA)."""
        from appliance.contract.storage import StorageApi

        return client(StorageApi, self.transport)

    @cached_property
    def credentials(self) -> CredentialsApi:
        """vCenter credentials (OMA)."""
        from appliance.contract.credentials import CredentialsApi

        return client(CredentialsApi, self.transport)

    @cached_property
    def clouds(self) -> CloudsApi:
        """CloudStack configurations (OMA)."""
        from appliance.contract.clouds import CloudsApi

        return client(CloudsApi, self.transport)

    @cached_property
    def vault(self) -> VaultApi:
        """The key that protects stored secrets (OMA)."""
        from appliance.contract.vault import VaultApi

        return client(VaultApi, self.transport)

    @cached_property
    def schedules(self) -> SchedulesApi:
        """Schedules, machine groups, scheduled runs (OMA)."""
        from appliance.contract.schedules import SchedulesApi

        return client(SchedulesApi, self.transport)

    @cached_property
    def windows(self) -> WindowsApi:
        """What holds for all schedules (OMA)."""
        from appliance.contract.windows import WindowsApi

        return client(WindowsApi, self.transport)

    @cached_property
    def windows_drivers(self) -> WindowsDriversApi:
        """What Windows guests are prepared with (OMA)."""
        from appliance.contract.windows_drivers import WindowsDriversApi

        return client(WindowsDriversApi, self.transport)

    @cached_property
    def settings(self) -> SettingsApi:
        """Settings."""
        from appliance.contract.settings import SettingsApi

        return client(SettingsApi, self.transport)

    @cached_property
    def tokens(self) -> TokensApi:
        """API tokens."""
        from appliance.contract.tokens import TokensApi

        return client(TokensApi, self.transport)

    @cached_property
    def source(self) -> SourceApi:
        """vCenters, transfers, snapshots (VMA)."""
        from appliance.contract.source import SourceApi

        return client(SourceApi, self.transport)

    @cached_property
    def disk_library(self) -> DiskLibraryApi:
        """VMware's library for reading disks (VMA)."""
        from appliance.contract.disk_library import DiskLibraryApi

        return client(DiskLibraryApi, self.transport)
