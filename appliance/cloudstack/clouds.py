"""The clouds in use: one pool of connections per configuration, given out as calls that can't touch volumes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from appliance.cloudstack._client import ComputeCalls, Endpoint, Pace, Transport
from appliance.cloudstack.checks import place_checks
from appliance.cloudstack.configs import CloudConfig
from appliance.cloudstack.discovery import Discovery, Identity
from appliance.cloudstack.instances import Instances
from appliance.cloudstack.limits import Places, capacity_checks, limit_checks
from appliance.cloudstack.survey import Survey
from appliance.cloudstack.tracking import Tracking
from appliance.contract.checks import Check, failed, passed
from appliance.contract.errors import Fault
from appliance.core.store import Store

PlacesOf = Callable[[CloudConfig], Awaitable[Places]]
"""Tells the places for disks at this appliance's machine; raises a Fault when CloudStack does not answer."""


class Clouds:
    """Discovery and instances by configuration. Close it at the end."""

    def __init__(self, store: Store, pace: Pace | None = None, timeout: float = 30.0) -> None:
        self._tracking, self._pace, self._timeout = Tracking(store), pace, timeout
        self._open: dict[Endpoint, ComputeCalls] = {}

    def instances(self, config: CloudConfig) -> Instances:
        """The machines of this cloud."""
        return Instances(self._calls(config))

    def discovery(self, config: CloudConfig) -> Discovery:
        """The resources of this cloud."""
        return Discovery(self._calls(config))

    @asynccontextmanager
    async def visit(self, config: CloudConfig) -> AsyncIterator[Discovery]:
        """The resources of a cloud that may not be stored; what was opened for it is closed, and its keys are forgotten."""
        calls = ComputeCalls(Transport(endpoint_of(config, self._timeout), self._tracking, self._pace))
        try:
            yield Discovery(calls)
        finally:
            await calls.close()

    def survey(self, config: CloudConfig) -> Survey:
        """A look at everything this configuration refers to."""
        return Survey(self._calls(config), config)

    async def validate(self, config: CloudConfig, identity: Identity, last_trial: Mapping[str, Any] | None) -> list[Check]:
        """Whether this configuration can be used, before it is; only asks. What CloudStack does not answer is a check that fails."""
        try:
            facts = await self.survey(config).facts(identity)
        except Fault as error:
            return [failed("connection", error.message, error.guidance)]
        return [
            passed("connection", "CloudStack answers, and accepts the keys."),
            *place_checks(config, facts),
            *limit_checks(facts, last_trial),
        ]

    async def capacity_for(self, config: CloudConfig, sizes_bytes: Sequence[int], places_of: PlacesOf | None = None) -> list[Check]:
        """Whether a VM with disks of these sizes fits into the account, its domains, the zone and the places here; only asks."""
        try:
            facts = await self.survey(config).room()
            places = await places_of(config) if places_of is not None else None
        except Fault as error:
            return [failed("connection", error.message, error.guidance)]
        return capacity_checks(facts, sizes_bytes, places)

    async def look_after_jobs(self, configs: Sequence[CloudConfig]) -> int:
        """Ask about every job of which CloudStack has not said yet how it ended, in each cloud; returns how many are still open."""
        for job in await self._tracking.pending():
            answers = [await self._calls(config).look(job) for config in configs]
            if answers and not any(answer or answer is None for answer in answers):
                await self._tracking.ended(job, "unknown")
        return len(await self._tracking.pending())

    async def close(self) -> None:
        """Close all connections."""
        for calls in self._open.values():
            await calls.close()
        self._open.clear()

    def _calls(self, config: CloudConfig) -> ComputeCalls:
        endpoint = endpoint_of(config, self._timeout)
        if endpoint not in self._open:
            self._open[endpoint] = ComputeCalls(Transport(endpoint, self._tracking, self._pace))
        return self._open[endpoint]


def endpoint_of(config: CloudConfig, timeout: float = 30.0) -> Endpoint:
    """Where and as whom to ask; `timeout` in seconds."""
    return Endpoint(config.api_url, config.api_key, config.secret_key, timeout, config.name)
