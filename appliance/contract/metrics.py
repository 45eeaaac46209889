"""Figures for a monitoring system."""

from __future__ import annotations

from appliance.contract.api import Api, route

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/"""


class MetricsApi(Api):
    """Figures for a monitoring system."""

    @route("GET", "/api/v1/metrics", media=PLAIN)
    async def metrics(self) -> str:
        """VMs, jobs, bytes moved, tunnels, connections and the agent itself, as Prometheus reads them."""
        raise NotImplementedError
