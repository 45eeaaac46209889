"""Network mappings for the screens."""

from __future__ import annotations

from typing import Any

from appliance.contract.checks import CheckState
from appliance.contract.clouds import Named
from appliance.contract.network_mappings import Landing, MappingTable, Origin, SourceNetwork

STRANGE = "Zürich <b>&amp; 🏔️"
TARGETS = [
    Named(id="net-iso", name="isolated-test", detail="10.9.9.0/24"),
    Named(id="net-prod", name="production", detail="10.1.1.0/24"),
    Named(id="net-zh", name=STRANGE, detail="10.2.0.0/16"),
]
NAMES = {one.id: one.name for one in TARGETS}
NOBODY = "No network is chosen. A test failover of a VM with an adapter here is refused."
MEETS = "Production adapters go to this network too: a test machine on it can meet production machines."
GONE = "CloudStack no longer has this network in the zone. Choose another one."


def place(target: str | None = None, origin: Origin = Origin.NONE, **more: Any) -> Landing:
    """Where adapters go."""
    fields = {"target_network_name": NAMES.get(target or "", target or ""), "mapping_id": None, "state": CheckState.PASS, "note": ""}
    return Landing(target_network_id=target, origin=origin, **fields | more)


NONE = place(state=CheckState.FAIL, note=NOBODY)
CONFIGURED = place("net-prod", Origin.CONFIGURATION)


def network(name: str, vms: int = 1, test: Landing = NONE, production: Landing = CONFIGURED) -> SourceNetwork:
    """A network of the source."""
    return SourceNetwork(name=name, vms=vms, test=test, production=production)


def table(*networks: SourceNetwork, **more: Any) -> MappingTable:
    """What the agent answers."""
    return MappingTable(**{"config_id": 1, "config_name": "Zürich", "problem": "", "networks": list(networks)} | more)


DEFAULTS = table(
    network("*", 12),
    network("DMZ", 3, place("net-prod", Origin.DEFAULT, mapping_id=1, state=CheckState.WARN, note=MEETS)),
    network("VM Network", 8, place("net-iso", Origin.DEFAULT, mapping_id=2), place("net-zh", Origin.DEFAULT, mapping_id=3)),
    network(STRANGE, 1, production=place("old-storage", Origin.DEFAULT, mapping_id=4, state=CheckState.FAIL, note=GONE)),
)
OF_VM = table(
    network("VM Network", 1, place("net-iso", Origin.VM, mapping_id=7), place("net-zh", Origin.DEFAULT)),
    network("DMZ", 1, place("net-iso", Origin.TEST_NETWORK)),
    network("*", 0, place("net-iso", Origin.TEST_NETWORK)),
)
NOTHING = table(network("*", 0), config_id=None, config_name="", problem="No CloudStack configuration is active.")
