"""The API's methods: each takes a call from the wire and answers with the registry's objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyVmomi import vim, vmodl

from appliance.lab.vcenter import changes, fixtures
from appliance.lab.vcenter.collector import Collector, Pages
from appliance.lab.vcenter.estate import Estate
from appliance.lab.vcenter.faults import Refused, gone, invalid_argument, not_authenticated
from appliance.lab.vcenter.inventory import Inventory
from appliance.lab.vcenter.operations import Operations
from appliance.lab.vcenter.records import VmRecord
from appliance.lab.vcenter.selection import Query, view_members
from appliance.lab.vcenter.sessions import Session, Sessions, described
from appliance.lab.vcenter.soap import Request
from appliance.lab.vcenter.tasks import Tasks


@dataclass
class Service:
    """Everything that methods need."""

    estate: Estate
    sessions: Sessions
    tasks: Tasks
    inventory: Inventory
    operations: Operations


@dataclass
class Call:
    """One request with its caller; ``opened`` is set by a login, for the cookie."""

    service: Service
    request: Request
    session: Session | None
    address: str
    agent: str
    opened: Session | None = None

    @property
    def here(self) -> Session:
        """The caller's session; refuses with NotAuthenticated."""
        if self.session is None:
            raise not_authenticated()
        return self.session

    @property
    def views(self) -> dict[str, Any]:
        """The container views of the session, by reference."""
        found: dict[str, Any] = self.here.store.setdefault("views", {})
        return found

    @property
    def collectors(self) -> dict[str, Collector]:
        """The session's property collectors, by reference."""
        found: dict[str, Collector] = self.here.store.setdefault("collectors", {})
        return found

    @property
    def pages(self) -> Pages:
        """The session's unfinished results."""
        found: Pages = self.here.store.setdefault("pages", Pages(self.service.estate.plan.objects_page))
        return found

    def argument(self, name: str, default: Any = None) -> Any:
        """An argument of the call."""
        value = self.request.arguments.get(name)
        return default if value is None else value


Method = Callable[[Call], Any]
METHODS: dict[str, Method] = {}
_OPEN = {"RetrieveServiceContent", "Login", "Fetch"}


def method(*names: str) -> Callable[[Method], Method]:
    """Declare a function as the answer to methods by their names on the wire."""

    def declare(function: Method) -> Method:
        METHODS.update(dict.fromkeys(names, function))
        return function

    return declare


def invoke(call: Call) -> Any:
    """Answer a call; refuses with a fault."""
    function = METHODS.get(call.request.method)
    if function is None:
        raise Refused(_unknown(call))
    if call.request.method not in _OPEN:
        _require(call.session)
    return function(call)


def _require(session: Session | None) -> None:
    if session is None:
        raise not_authenticated()


def _unknown(call: Call) -> Any:
    return vmodl.fault.NotSupported(msg=f"The lab's vCenter does not know {call.request.method}.")


@method("RetrieveServiceContent")
def _content(call: Call) -> Any:
    return fixtures.content(call.service.inventory.root)


@method("CurrentTime")
def _time(call: Call) -> Any:
    return datetime.now(UTC)


@method("Login")
def _login(call: Call) -> Any:
    if call.session is not None:
        raise Refused(vim.fault.InvalidLogin(msg="The session is already logged in."))
    call.opened = call.service.sessions.login(call.argument("userName", ""), call.argument("password", ""), call.address, call.agent)
    return described(call.opened)


@method("Logout")
def _logout(call: Call) -> None:
    call.service.sessions.end(call.here)


@method("SessionIsActive")
def _active(call: Call) -> bool:
    return any(s.key == call.argument("sessionID") and s.user == call.argument("userName") for s in call.service.sessions.live())


@method("Fetch")
def _fetch(call: Call) -> Any:
    ref, name = call.request.this, call.argument("prop", "")
    if isinstance(ref, vim.SessionManager) and name == "currentSession":
        return described(call.session) if call.session else None
    if isinstance(ref, vim.ServiceInstance) and name == "content":
        return _content(call)
    held = call.here
    with call.service.estate.lock:
        if isinstance(ref, vim.SessionManager) and name == "sessionList":
            return [described(one) for one in call.service.sessions.live()]
        if isinstance(ref, vim.view.View):
            return _of_view(call, ref, name)
        if isinstance(ref, Query) and name == "filter":
            return held.store.get("filters", [])
        return call.service.inventory.value(ref, name)


def _of_view(call: Call, ref: Any, name: str) -> Any:
    view = call.views.get(ref._moId)
    if view is None:
        raise gone(ref)
    if name == "view":
        return view_members(call.service.inventory, view)
    return getattr(view, name, None)


@method("CreateContainerView")
def _create_view(call: Call) -> Any:
    container = call.argument("container")
    with call.service.estate.lock:
        if not call.service.inventory.exists(container):
            raise gone(container)
    ref = vim.view.ContainerView(f"session[{call.here.key}]{len(call.views)}-{call.here.calls}")
    call.views[ref._moId] = View(container, tuple(call.argument("type", [])), call.argument("recursive", False))
    return ref


@dataclass(frozen=True)
class View:
    """A container view: what it looks into and for which types."""

    container: Any
    types: tuple[Any, ...]
    recursive: bool


@method("DestroyView")
def _destroy_view(call: Call) -> None:
    if call.views.pop(call.request.this._moId, None) is None:
        raise gone(call.request.this)


@method("FindByUuid")
def _find_by_uuid(call: Call) -> Any:
    uuid, instance = call.argument("uuid", "").casefold(), call.argument("instanceUuid", False)
    found = (vm for vm in call.service.estate.vms if uuid == (vm.instance_uuid if instance else vm.uuid).casefold())
    return _first(found) if call.argument("vmSearch", True) else None


@method("FindByInventoryPath")
def _find_by_path(call: Call) -> Any:
    inventory = call.service.inventory
    ref: Any = inventory.root
    with call.service.estate.lock:
        for name in filter(None, call.argument("inventoryPath", "").split("/")):
            ref = next((child for child in inventory.children(ref) if inventory.value(child, "name") == name), None)
            if ref is None:
                return None
    return ref


@method("FindChild")
def _find_child(call: Call) -> Any:
    inventory, name = call.service.inventory, call.argument("name")
    return next((child for child in inventory.children(call.argument("entity")) if inventory.value(child, "name") == name), None)


def _first(vms: Any) -> Any:
    vm: VmRecord | None = next(iter(vms), None)
    return vim.VirtualMachine(vm.moid) if vm else None


@method("CancelTask")
def _cancel_task(call: Call) -> None:
    call.service.tasks.cancel(call.request.this._moId)


@method("QueryChangedDiskAreas")
def _changed(call: Call) -> Any:
    vm = machine_of(call)
    wanted = call.argument("snapshot")
    snapshot = vm.snapshot(wanted._moId) if wanted is not None else None
    if wanted is not None and snapshot is None:
        raise gone(wanted)
    if not call.argument("changeId"):
        raise invalid_argument("changeId")
    return changes.query(
        call.service.estate, vm, snapshot, call.argument("deviceKey", 0), call.argument("startOffset", 0), call.argument("changeId")
    )


def machine_of(call: Call) -> VmRecord:
    """The virtual machine a method was called on; refuses with ManagedObjectNotFound."""
    vm = call.service.estate.vm(call.request.this._moId)
    if vm is None:
        raise gone(call.request.this)
    return vm
