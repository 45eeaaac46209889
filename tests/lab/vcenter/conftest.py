"""A lab vCenter for each test, the real pyVmomi client on it, and its control socket."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from pyVim.connect import Disconnect, SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl

from appliance.lab.vcenter import DiskPlan, NicPlan, Plan, VcenterLab, VmPlan

MIB = 1 << 20
Query = vmodl.query.PropertyCollector


def plan() -> Plan:
    """A running VM with two disks, one that is off, and pages so small that they matter."""
    web = VmPlan(
        name="web",
        powered_on=True,
        disks=[DiskPlan(size=8 * MIB), DiskPlan(size=4 * MIB)],
        nics=[NicPlan(addresses=["192.0.2.7"]), NicPlan(network="Isolated", mac="00:50:56:01:02:03")],
    )
    return Plan(vms=[web, VmPlan(name="cold", disks=[DiskPlan(size=2 * MIB)])], changed_areas_page=2, changed_bytes_page=MIB)


@pytest.fixture
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VcenterLab]:
    made = VcenterLab(tmp_path_factory.mktemp("v"), plan())
    made.start()
    yield made
    made.stop()


@pytest.fixture
def client(lab: VcenterLab) -> Iterator[Client]:
    with Client(lab) as made:
        yield made


@pytest.fixture
def control(lab: VcenterLab) -> Control:
    return Control(lab)


class Client:
    """pyVmomi logged in, and the few things tests do with it all the time."""

    def __init__(self, lab: VcenterLab, user: str | None = None, password: str | None = None) -> None:
        self.lab = lab
        context = ssl.create_default_context(cafile=str(lab.certificate))
        self.service = SmartConnect(host=lab.host, port=lab.port, user=user or lab.user, pwd=password or lab.password, sslContext=context)
        self.content = self.service.RetrieveContent()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        Disconnect(self.service)

    def vm(self, name: str = "web") -> Any:
        return self.content.searchIndex.FindByInventoryPath(f"DC0/vm/{name}")

    def read(self, reference: Any, *paths: str) -> dict[str, Any]:
        """The values at explicit paths, by one call."""
        spec = Query.FilterSpec(
            objectSet=[Query.ObjectSpec(obj=reference)], propSet=[Query.PropertySpec(type=type(reference), pathSet=list(paths))]
        )
        result = self.content.propertyCollector.RetrievePropertiesEx([spec], Query.RetrieveOptions())
        return {one.name: one.val for one in result.objects[0].propSet}

    def snapshot(self, vm: str = "web", **options: Any) -> Any:
        task = self.vm(vm).CreateSnapshot_Task(**({"name": "job-1", "description": "", "memory": False, "quiesce": False} | options))
        WaitForTask(task)
        return task.info.result

    def track(self, name: str = "web") -> None:
        """Turn change tracking on, and stun the VM so that it takes effect."""
        WaitForTask(self.vm(name).ReconfigVM_Task(vim.vm.ConfigSpec(changeTrackingEnabled=True)))
        WaitForTask(self.snapshot(name).RemoveSnapshot_Task(removeChildren=False))

    def disks(self, holder: Any) -> list[Any]:
        """The disks of a VM, or of a snapshot."""
        return [
            device for device in self.read(holder, "config.hardware.device").popitem()[1] if isinstance(device, vim.vm.device.VirtualDisk)
        ]

    def changed(self, snapshot: Any, since: str, key: int = 2000, name: str = "web") -> list[tuple[int, int]]:
        """Everything changed, page after page up to the capacity."""
        found: list[tuple[int, int]] = []
        offset, capacity = 0, next(d.capacityInBytes for d in self.disks(snapshot) if d.key == key)
        while offset < capacity:
            page = self.vm(name).QueryChangedDiskAreas(snapshot, key, offset, since)
            assert page.startOffset == offset
            assert page.length > 0
            found += [(area.start, area.length) for area in page.changedArea]
            offset += page.length
        return found


class Control:
    """The control socket."""

    def __init__(self, lab: VcenterLab) -> None:
        self._path = str(lab.control)

    def __call__(self, verb: str, route: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("control", timeout=30)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self._path)
        connection.request(verb, route, body if isinstance(body, bytes) else json.dumps(body))
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        value = json.loads(data) if answer.headers.get_content_type() == "application/json" else data
        assert answer.status == 200, value
        return value

    def write(self, offset: int, data: bytes, vm: str = "web", key: int = 2000) -> None:
        """Write to a disk as the guest."""
        self("PUT", f"/vms/{vm}/disks/{key}/data?offset={offset}", data)

    def fail(self, kind: str, **figures: Any) -> None:
        """Order a failure."""
        self("POST", "/failures", {"kind": kind, **figures})


class Answer:
    """An HTTP answer of the datastore."""

    def __init__(
        self, lab: VcenterLab, file: str, *, verb: str = "GET", cookie: str = "", where: dict[str, str] | None = None, **headers: str
    ) -> None:
        context = ssl.create_default_context(cafile=str(lab.certificate))
        connection = http.client.HTTPSConnection(lab.host, lab.port, context=context, timeout=30)
        query = urlencode(where or {"dcPath": "DC0", "dsName": "datastore1"})
        connection.request(verb, f"/folder/{file}?{query}", headers={"Cookie": cookie, **headers})
        answer = connection.getresponse()
        self.status, self.headers, self.cut = answer.status, answer.headers, False
        try:
            self.body = answer.read()
        except http.client.IncompleteRead as short:
            self.body, self.cut = short.partial, True
        connection.close()
