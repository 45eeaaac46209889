"""vCenter tasks: started in a thread, followed without holding one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from appliance.vsphere._properties import read_one
from appliance.vsphere._soap import said
from appliance.vsphere.faults import REFUSED
from appliance.vsphere.session import VCenter

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


class TaskFailed(Exception):
    """A task ended in error; `fault` is vSphere's."""

    def __init__(self, fault: Any) -> None:
        self.fault = fault
        super().__init__(said(fault))


async def finish(vcenter: VCenter, action: str, start: Callable[[Any], Any]) -> Any:
    """Start a task and follow it to its end, however long; its result. Raises REFUSED with vCenter's reason as cause."""
    try:
        return await follow(vcenter, action, await vcenter.call(action, start))
    except TaskFailed as error:
        raise REFUSED(action=action, cause=str(error)) from error


async def follow(vcenter: VCenter, action: str, task: Any) -> Any:
    """The result of a running task. Raises TaskFailed."""
    pause = FIRST_PAUSE
    while True:
        info = await vcenter.look(action, lambda content: _info(content, task))
        if info.get("info.state") == "success":
            return info.get("info.result")
        if info.get("info.state") == "error":
            raise TaskFailed(info.get("info.error"))
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _info(content: Any, task: Any) -> Mapping[str, Any]:
    return read_one(content, task, ["info.state", "info.error", "info.result"])
