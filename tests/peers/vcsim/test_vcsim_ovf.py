"""The appliance's OVF descriptor, judged by VMware's simulator: what a vCenter would make of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim
from vcsim_peer import PASSWORD, USER, Simulator

from image.ovf import render_ovf
from tests.image.described import MACHINE

# The first test waits while the simulator is built.
pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]

DESCRIBED = dataclasses.replace(MACHINE, disk_file_size=123_456, disk_populated=456_789)


@pytest.fixture(scope="module")
def imported(simulator: Simulator) -> Iterator[Any]:
    """What the simulator would create."""
    service = SmartConnect(host=simulator.host, port=simulator.port, user=USER, pwd=PASSWORD, disableSslCertValidation=True)
    try:
        content = service.RetrieveContent()
        datacenter = content.rootFolder.childEntity[0]
        pool = datacenter.hostFolder.childEntity[0].resourcePool
        mapping = vim.OvfManager.NetworkMapping(name="VM Network", network=datacenter.network[0])
        wanted = vim.OvfManager.CreateImportSpecParams(entityName="vma", locale="", deploymentOption="", networkMapping=[mapping])
        yield content.ovfManager.CreateImportSpec(render_ovf(DESCRIBED), pool, datacenter.datastore[0], wanted)
    finally:
        Disconnect(service)


def _device(imported: Any, kind: type) -> Any:
    return next(change.device for change in imported.importSpec.configSpec.deviceChange if isinstance(change.device, kind))


def test_nothing_in_it_is_unknown(imported: Any) -> None:
    assert not imported.error and not imported.warning


def test_the_machine_has_the_processors_and_the_memory_asked_for(imported: Any) -> None:
    made = imported.importSpec.configSpec
    assert (made.numCPUs, made.memoryMB) == (2, 2048)


def test_its_disk_is_as_large_as_asked_for_on_a_paravirtual_controller(imported: Any) -> None:
    disk, controller = _device(imported, vim.vm.device.VirtualDisk), _device(imported, vim.vm.device.VirtualSCSIController)
    assert isinstance(controller, vim.vm.device.ParaVirtualSCSIController)
    assert (disk.controllerKey, disk.capacityInKB) == (controller.key, 8 << 20)


def test_its_network_card_is_vmxnet3(imported: Any) -> None:
    assert isinstance(_device(imported, vim.vm.device.VirtualEthernetCard), vim.vm.device.VirtualVmxnet3)


def test_the_disks_file_is_asked_for_by_its_name_and_size(imported: Any) -> None:
    assert [(file.path, file.size) for file in imported.fileItem] == [("appliance-vma-disk1.vmdk", 123_456)]
