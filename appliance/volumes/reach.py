"""Which CloudStack a volume lives in: one pool of connections per configuration."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.cloudstack._client import ComputeCalls, Endpoint, Pace, Transport, VolumeCalls
from appliance.cloudstack.clouds import endpoint_of
from appliance.cloudstack.configs import CloudConfig, Configs
from appliance.cloudstack.faults import CONFIG_UNKNOWN
from appliance.cloudstack.survey import Survey
from appliance.cloudstack.tracking import Tracking
from appliance.contract.errors import Fault
from appliance.core.store import Store
from appliance.volumes.cloud import CloudVolumes


@dataclass(frozen=True)
class Site:
    """A configuration and the volumes behind it."""

    config: CloudConfig
    volumes: CloudVolumes
    survey: Survey

    @property
    def oma_vm_id(self) -> str:
        """This appliance's own machine."""
        return self.config.oma_vm_id


class Reach:
    """Opens the CloudStack of a configuration for volume calls. Close it at the end."""

    def __init__(self, store: Store, configs: Configs, pace: Pace | None = None, timeout: float = 30.0) -> None:
        self._configs, self._tracking, self._pace, self._timeout = configs, Tracking(store), pace, timeout
        self._open: dict[Endpoint, Transport] = {}

    async def site(self, config_id: int) -> Site:
        """The site of a volume's configuration, active or not; the active one where it was deleted."""
        try:
            config = await self._configs.get(config_id)
        except Fault as error:
            if error.spec is not CONFIG_UNKNOWN:
                raise
            config, _ = await self._configs.choose(None)
        return self.of(config)

    def of(self, config: CloudConfig) -> Site:
        """The site of a configuration."""
        endpoint = endpoint_of(config, self._timeout)
        if endpoint not in self._open:
            self._open[endpoint] = Transport(endpoint, self._tracking, self._pace)
        opened = self._open[endpoint]
        return Site(config, CloudVolumes(VolumeCalls(opened)), Survey(ComputeCalls(opened), config))

    async def close(self) -> None:
        """Close all connections."""
        for opened in self._open.values():
            await opened.close()
        self._open.clear()
