"""Tasks: work that goes on after the call that started it was answered."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from pyVmomi import VmomiSupport, vim, vmodl

from appliance.lab.vcenter.estate import Estate
from appliance.lab.vcenter.faults import Refused
from appliance.lab.vcenter.records import VmRecord

log = logging.getLogger(__name__)
Work = Callable[["Running"], Awaitable[Any]]
_KEPT = 500


class Running:
    """One task and how far it is."""

    def __init__(self, estate: Estate, key: str, method: str, user: str, vm: VmRecord) -> None:
        self._estate, self.key, self._method, self._user = estate, key, method, user
        self.entity_id, self._entity_name = vm.moid, vm.name
        self.state, self.percent = "queued", 0
        self.result: Any = None
        self.error: Any = None
        self.cancelled = asyncio.Event()
        self._queued = datetime.now(UTC)
        self._started: datetime | None = None
        self._ended: datetime | None = None

    def progress(self, percent: int) -> None:
        """Say how far the task is, in per cent."""
        with self._estate.changing():
            self.state, self.percent, self._started = "running", percent, self._started or datetime.now(UTC)

    def finish(self, result: Any = None, error: Any = None) -> None:
        """The task has ended, well or with a fault."""
        with self._estate.changing():
            self.state, self.result, self.error, self._ended = "error" if error else "success", result, error, datetime.now(UTC)

    def info(self) -> Any:
        """``Task.info``."""
        method = VmomiSupport.GetWsdlMethod("urn:vim25", self._method)
        return vim.TaskInfo(
            key=self.key,
            task=vim.Task(self.key),
            name=method,
            descriptionId=f"VirtualMachine.{method.info.name[0].lower()}{method.info.name[1:]}",
            entity=vim.VirtualMachine(self.entity_id),
            entityName=self._entity_name,
            state=self.state,
            cancelled=self.cancelled.is_set(),
            cancelable=self.state == "running",
            error=self.error,
            result=self.result,
            progress=self.percent if self.state == "running" else None,
            reason=vim.TaskReasonUser(userName=self._user),
            queueTime=self._queued,
            startTime=self._started,
            completeTime=self._ended,
            eventChainId=int(self.key.split("-")[1]),
        )


class Tasks:
    """All tasks of this process. Those of one VM run one after the other."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._numbers = itertools.count(int(datetime.now(UTC).timestamp()) % 10**6 * 1000)
        self._all: dict[str, Running] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def find(self, key: str) -> Running | None:
        """The task with that reference."""
        return self._all.get(key)

    def recent(self) -> list[Running]:
        """The newest tasks, the newest last."""
        return list(self._all.values())[-20:]

    def start(self, method: str, user: str, vm: VmRecord, work: Work) -> Any:
        """Begin work in the background; answers the task's reference."""
        task = Running(self._estate, f"task-{next(self._numbers)}", method, user, vm)
        with self._estate.changing():
            self._all[task.key] = task
            for old in [one.key for one in self._all.values() if one._ended][:-_KEPT]:
                del self._all[old]
        self._estate.begin(self._follow(task, vm, work))
        return vim.Task(task.key)

    async def _follow(self, task: Running, vm: VmRecord, work: Work) -> None:
        try:
            async with self._locks.setdefault(vm.moid, asyncio.Lock()):
                await self._delay(task, vm)
                task.finish(await work(task))
        except Refused as refused:
            task.finish(error=refused.fault)
        except (asyncio.CancelledError, Exception) as broken:
            log.exception("task %s of %s broke", task.key, vm.name)
            task.finish(error=vmodl.fault.SystemError(msg=f"A general system error occurred: {broken}", reason=str(broken)))

    async def _delay(self, task: Running, vm: VmRecord) -> None:
        """What was ordered of slowness: hang until cancelled or cleared, or take a while."""
        task.progress(5)
        if self._estate.failures.take("task_hangs", vm.name):
            await self._hang(task, vm)
        slow = self._estate.failures.take("task_slow", vm.name)
        seconds = self._estate.plan.task_seconds + (slow.seconds if slow else 0)
        for percent in (20, 40, 60, 80) if seconds else ():
            await asyncio.sleep(seconds / 4)
            task.progress(percent)

    async def _hang(self, task: Running, vm: VmRecord) -> None:
        self._estate.failures.order_marker(vm.name)
        task.progress(40)
        while self._estate.failures.peek("task_hanging", vm.name) and not task.cancelled.is_set():  # noqa: ASYNC110 - cleared by other threads
            await asyncio.sleep(0.05)
        if task.cancelled.is_set():
            raise Refused(vmodl.fault.RequestCanceled(msg="The task was canceled by a user."))

    def cancel(self, key: str) -> None:
        """Ask a task to stop; only one that hangs heeds it."""
        task = self._all.get(key)
        if task is not None and self._estate.loop is not None:
            self._estate.loop.call_soon_threadsafe(task.cancelled.set)
