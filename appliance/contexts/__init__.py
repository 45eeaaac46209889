"""VMs under management: their records and the one table of their states."""

from appliance.contexts.models import VmContext
from appliance.contexts.states import VmEvent, VmState

__all__ = ["VmContext", "VmEvent", "VmState"]
