"""The API's methods on virtual machines and snapshots that start tasks."""

from __future__ import annotations

from typing import Any

from pyVmomi import vim

from appliance.lab.vcenter.faults import gone
from appliance.lab.vcenter.methods import Call, machine_of, method
from appliance.lab.vcenter.records import VmRecord
from appliance.lab.vcenter.tasks import Work


def _task(call: Call, vm: VmRecord, work: Work) -> Any:
    return call.service.tasks.start(call.request.method, call.here.user, vm, work)


@method("PowerOnVM_Task")
def _power_on(call: Call) -> Any:
    vm = machine_of(call)
    return _task(call, vm, lambda _: call.service.operations.power_on(vm))


@method("PowerOffVM_Task")
def _power_off(call: Call) -> Any:
    vm = machine_of(call)
    return _task(call, vm, lambda _: call.service.operations.power_off(vm))


@method("ShutdownGuest")
def _shutdown(call: Call) -> None:
    call.service.estate.run(call.service.operations.shutdown_guest(machine_of(call)))


@method("ReconfigVM_Task")
def _reconfigure(call: Call) -> Any:
    vm = machine_of(call)
    return _task(call, vm, lambda _: call.service.operations.reconfigure(vm, call.argument("spec")))


@method("CreateSnapshot_Task", "CreateSnapshotEx_Task")
def _create_snapshot(call: Call) -> Any:
    vm = machine_of(call)
    quiesce = bool(call.argument("quiesce", call.argument("quiesceSpec") is not None))
    named, text, memory = call.argument("name", ""), call.argument("description", ""), call.argument("memory", False)
    return _task(call, vm, lambda _: call.service.operations.take_snapshot(vm, named, text, memory, quiesce))


@method("RemoveSnapshot_Task")
def _remove_snapshot(call: Call) -> Any:
    ref = call.request.this
    vm = call.service.estate.holder(ref._moId)
    if vm is None:
        raise gone(vim.vm.Snapshot(ref._moId))
    held, children = vm, call.argument("removeChildren", False)
    return _task(call, held, lambda task: call.service.operations.remove_snapshot(held, ref._moId, children, task.progress))


@method("RemoveAllSnapshots_Task")
def _remove_all(call: Call) -> Any:
    vm = machine_of(call)
    return _task(call, vm, lambda task: call.service.operations.remove_all(vm, task.progress))
