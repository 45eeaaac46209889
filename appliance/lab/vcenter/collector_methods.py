"""The API's methods on property collectors."""

from __future__ import annotations

from typing import Any

from appliance.lab.vcenter import fixtures
from appliance.lab.vcenter.collector import Collector, retrieve
from appliance.lab.vcenter.faults import gone
from appliance.lab.vcenter.methods import Call, method
from appliance.lab.vcenter.selection import Query


@method("RetrievePropertiesEx")
def _retrieve_ex(call: Call) -> Any:
    contents = retrieve(call.service.inventory, call.views, call.argument("specSet", []))
    options = call.argument("options")
    return call.pages.first(contents, options.maxObjects if options else None)


@method("RetrieveProperties")
def _retrieve(call: Call) -> Any:
    return retrieve(call.service.inventory, call.views, call.argument("specSet", []))


@method("ContinueRetrievePropertiesEx")
def _continue(call: Call) -> Any:
    return call.pages.next(call.argument("token"))


@method("CancelRetrievePropertiesEx")
def _cancel_retrieve(call: Call) -> None:
    call.pages.cancel(call.argument("token"))


def _collector(call: Call) -> Collector:
    ref = call.request.this
    found = call.collectors.get(ref._moId)
    if found is None and ref == fixtures.COLLECTOR:
        found = call.collectors[ref._moId] = _new_collector(call)
    if found is None:
        raise gone(ref)
    return found


def _new_collector(call: Call) -> Collector:
    held = call.here
    return Collector(call.service.inventory, call.views, lambda: held.alive)


@method("CreatePropertyCollector")
def _create_collector(call: Call) -> Any:
    ref = Query(f"session-{call.here.key[:8]}-collector-{len(call.collectors)}-{call.here.calls}")
    call.collectors[ref._moId] = _new_collector(call)
    return ref


@method("DestroyPropertyCollector")
def _destroy_collector(call: Call) -> None:
    collector = call.collectors.pop(call.request.this._moId, None)
    if collector is None:
        raise gone(call.request.this)
    collector.cancel()


@method("CreateFilter")
def _create_filter(call: Call) -> Any:
    return _collector(call).create_filter(call.argument("spec"))


@method("DestroyPropertyFilter")
def _destroy_filter(call: Call) -> None:
    if not any([one.destroy_filter(call.request.this._moId) for one in list(call.collectors.values())]):
        raise gone(call.request.this)


@method("WaitForUpdatesEx")
def _wait_ex(call: Call) -> Any:
    options = call.argument("options")
    return _collector(call).wait(call.argument("version"), options.maxWaitSeconds if options else None)


@method("WaitForUpdates")
def _wait(call: Call) -> Any:
    return _collector(call).wait(call.argument("version"), None)


@method("CheckForUpdates")
def _check(call: Call) -> Any:
    return _collector(call).wait(call.argument("version"), 0)


@method("CancelWaitForUpdates")
def _cancel_wait(call: Call) -> None:
    _collector(call).cancel()
