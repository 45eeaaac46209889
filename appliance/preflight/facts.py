"""What is found out before something is done. What could not be had is the Fault that says why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.cloudstack.answers import Row
from appliance.cloudstack.configs import CloudConfig
from appliance.cloudstack.limits import Places
from appliance.cloudstack.survey import Facts
from appliance.contract.errors import Fault
from appliance.contract.inventory import Vm


@dataclass(frozen=True)
class Link:
    """The way to the appliance at the source. `state` is that of its pairing, empty where it never was paired.

    `protocol` is the version that was agreed when the link came up, None while it is down; releases are those of the two appliances.
    """

    name: str
    state: str
    up: bool
    protocol: int | None = None
    release: str = ""
    our_release: str = ""


LinkOf = Callable[[str], Awaitable[Link | None]]
"""How the link to a peer is; None where that can't be told."""


async def unknown_link(peer_id: str) -> Link | None:
    """Where nobody knows the tunnels."""
    return None


@dataclass(frozen=True)
class Cloud:
    """What CloudStack says for one configuration. `networks` are those asked about that there are, by id."""

    config: CloudConfig
    facts: Facts
    places: Places
    networks: Mapping[str, Row] = field(default_factory=dict)
    last_trial: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Found:
    """Everything that was asked for; `config` is a Fault where no configuration can be used."""

    link: Link | None
    vm: Vm | Fault
    config: CloudConfig | Fault
    cloud: Cloud | Fault
