"""Power and the network cards' start state of source VMs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from pyVmomi import vim

from appliance.contract.errors import Fault
from appliance.vsphere._properties import read_one
from appliance.vsphere._tasks import finish
from appliance.vsphere.faults import STILL_RUNNING, TOOLS_MISSING
from appliance.vsphere.inventory import power_state_of, reference
from appliance.vsphere.session import VCenter
from appliance.vsphere.spec import PowerState

POLL = 1.0


async def power_state(vcenter: VCenter, moref: str) -> PowerState:
    """Whether the VM runs now."""
    return power_state_of(
        await vcenter.look(
            "read the VM's power state", lambda content: read_one(content, reference(content, moref), ["runtime.powerState"])
        )
    )


async def power_on(vcenter: VCenter, moref: str) -> None:
    """Power the VM on; one that runs already is left alone."""
    if await power_state(vcenter, moref) != "poweredOn":
        await finish(vcenter, "power the VM on", lambda content: reference(content, moref).PowerOnVM_Task())


async def power_off(vcenter: VCenter, moref: str) -> None:
    """Power the VM off hard; one that is off already is left alone."""
    if await power_state(vcenter, moref) != "poweredOff":
        await finish(vcenter, "power the VM off", lambda content: reference(content, moref).PowerOffVM_Task())


async def shut_down(vcenter: VCenter, moref: str, limit: float = 300.0, force: bool = False) -> bool:
    """Ask the guest to shut down and wait `limit` seconds; with `force` the VM is then powered off.

    True when the guest did it by itself. Raises TOOLS_MISSING or STILL_RUNNING without `force`.
    """
    if await power_state(vcenter, moref) == "poweredOff":
        return True
    asked = await vcenter.call("shut the guest down", lambda content: _ask(content, moref))
    if asked and await _is_off_within(vcenter, moref, limit):
        return True
    if not force:
        raise STILL_RUNNING(seconds=int(limit)) if asked else TOOLS_MISSING()
    try:
        await power_off(vcenter, moref)
    except Fault:
        # It may have gone off by itself between the look and the call.
        if await power_state(vcenter, moref) != "poweredOff":
            raise
    return False


async def set_start_connected(vcenter: VCenter, moref: str, wanted: Mapping[int, bool]) -> dict[int, bool]:
    """Set for network cards (by key) whether they connect at power-on; returns how those that changed were before."""
    devices = await vcenter.look("read the VM's network cards", lambda content: _cards(content, moref))
    changing = [card for card in devices if card.key in wanted and bool(card.connectable.startConnected) != wanted[card.key]]
    before = {int(card.key): bool(card.connectable.startConnected) for card in changing}
    if changing:
        for card in changing:
            card.connectable.startConnected = wanted[card.key]
        spec = vim.vm.ConfigSpec(deviceChange=[vim.vm.device.VirtualDeviceSpec(operation="edit", device=card) for card in changing])
        await finish(vcenter, "change the VM's network cards", lambda content: reference(content, moref).ReconfigVM_Task(spec))
    return before


def _ask(content: Any, moref: str) -> bool:
    try:
        reference(content, moref).ShutdownGuest()
    except vim.fault.ToolsUnavailable:
        return False
    except vim.fault.InvalidPowerState:
        return True
    return True


def _cards(content: Any, moref: str) -> list[Any]:
    devices = read_one(content, reference(content, moref), ["config.hardware.device"]).get("config.hardware.device") or []
    return [one for one in devices if isinstance(one, vim.vm.device.VirtualEthernetCard) and one.connectable]


async def _is_off_within(vcenter: VCenter, moref: str, limit: float) -> bool:
    deadline = time.monotonic() + limit
    while True:
        if await power_state(vcenter, moref) == "poweredOff":
            return True
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        await asyncio.sleep(min(POLL, left))
