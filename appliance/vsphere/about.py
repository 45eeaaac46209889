"""What a vCenter says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyVmomi import vim

from appliance.vsphere import _properties
from appliance.vsphere.session import VCenter


@dataclass(frozen=True)
class About:
    """A vCenter's name, version, build and API version, and its datacenters by name."""

    name: str
    version: str
    build: str
    api_version: str
    datacenters: tuple[str, ...]


async def about(vcenter: VCenter) -> About:
    """Ask. Raises this package's faults."""
    return await vcenter.call("tell its version", _ask)


def _ask(content: Any) -> About:
    said = content.about
    found = _properties.traverse(content, {vim.Datacenter: ["name"]})
    names = sorted(str(one.values.get("name", "")) for one in found)
    return About(str(said.name), str(said.version), str(said.build), str(said.apiVersion), tuple(names))
