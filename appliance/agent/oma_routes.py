"""What an OMA serves to operators: each declared API, and the object behind it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from appliance.agent.http.clouds import CloudRoutes
from appliance.agent.http.credentials import CredentialRoutes
from appliance.agent.http.discovery import DiscoveryRoutes
from appliance.agent.http.failover import FailoverRoutes
from appliance.agent.http.jobs import JobRoutes
from appliance.agent.http.local import Served
from appliance.agent.http.management import ManagementRoutes
from appliance.agent.http.metrics import MetricsRoutes
from appliance.agent.http.network_mappings import NetworkMappingRoutes
from appliance.agent.http.peers import PeerRoutes
from appliance.agent.http.preflight import PreflightRoutes
from appliance.agent.http.reconciliation import ReconciliationRoutes
from appliance.agent.http.replications import ReplicationRoutes
from appliance.agent.http.schedules import ScheduleRoutes, WindowRoutes
from appliance.agent.http.status import StatusRoutes
from appliance.agent.http.storage import StorageRoutes
from appliance.agent.http.tunnel import TunnelRoutes, oma_tunnels
from appliance.agent.http.vault import VaultRoutes
from appliance.agent.http.verifications import VerificationRoutes
from appliance.agent.http.windows_drivers import WindowsDriversRoutes
from appliance.agent.machine import APIS as MACHINE_APIS
from appliance.agent.machine import addresses
from appliance.contract import (
    clouds,
    credentials,
    discovery,
    failover,
    jobs,
    management,
    metrics,
    network_mappings,
    pairing,
    preflight,
    reconciliation,
    replications,
    schedules,
    status,
    storage,
    tunnel,
    vault,
    verifications,
    windows,
    windows_drivers,
)
from appliance.replication.pace import cycle_paces

if TYPE_CHECKING:
    from appliance.agent.oma import Oma

APIS = (
    status.StatusApi,
    jobs.JobsApi,
    replications.ReplicationsApi,
    discovery.DiscoveryApi,
    management.ManagementApi,
    credentials.CredentialsApi,
    vault.VaultApi,
    clouds.CloudsApi,
    storage.StorageApi,
    pairing.PeersApi,
    failover.FailoverApi,
    preflight.PreflightApi,
    windows_drivers.WindowsDriversApi,
    network_mappings.NetworkMappingsApi,
    schedules.SchedulesApi,
    windows.WindowsApi,
    verifications.VerificationsApi,
    reconciliation.ReconciliationApi,
    tunnel.TunnelApi,
    metrics.MetricsApi,
    *MACHINE_APIS,
)


def served(oma: Oma, status_routes: StatusRoutes) -> Served:
    """Each declared API with the object that serves it."""
    return (
        (status.StatusApi, status_routes),
        (jobs.JobsApi, JobRoutes(oma.store, oma.runner, cycle_paces)),
        (replications.ReplicationsApi, ReplicationRoutes(oma.store, oma.credentials, oma.protection)),
        (discovery.DiscoveryApi, DiscoveryRoutes(oma.store, oma.sources, oma.credentials, oma.runner)),
        (management.ManagementApi, ManagementRoutes(oma.store, oma.sources, oma.volumes, oma.runner)),
        (credentials.CredentialsApi, CredentialRoutes(oma.credentials, oma.sources, oma.side.peers)),
        (vault.VaultApi, VaultRoutes(oma.vault, oma.runner)),
        (clouds.CloudsApi, CloudRoutes(oma.configs, oma.clouds, oma.runner, oma.volumes.places)),
        (storage.StorageApi, StorageRoutes(oma.volumes)),
        (pairing.PeersApi, PeerRoutes(oma.side, addresses)),
        (failover.FailoverApi, FailoverRoutes(oma.failover)),
        (preflight.PreflightApi, PreflightRoutes(oma.failover, oma.protection_look, oma.credentials)),
        (windows_drivers.WindowsDriversApi, WindowsDriversRoutes(oma.failover.preparer.drivers, oma.runner)),
        (network_mappings.NetworkMappingsApi, NetworkMappingRoutes(oma.failover)),
        (schedules.SchedulesApi, ScheduleRoutes(oma.store, oma.is_reachable)),
        (windows.WindowsApi, WindowRoutes(oma.store)),
        (verifications.VerificationsApi, VerificationRoutes(oma.store, oma.protection)),
        (reconciliation.ReconciliationApi, ReconciliationRoutes(oma.store, oma.runner)),
        (tunnel.TunnelApi, TunnelRoutes(partial(oma_tunnels, oma.side), oma.side.peers)),
        (metrics.MetricsApi, MetricsRoutes(oma.store, "oma", oma.tunnels, oma.side.counters)),
    )
