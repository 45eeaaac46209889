"""A virtual machine's properties as vSphere shows them: config, runtime, guest, summary, snapshot, files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from pyVmomi import vim

from appliance.lab.vcenter.devices import devices, file_name
from appliance.lab.vcenter.records import SnapshotRecord, VmRecord

ON, OFF = "poweredOn", "poweredOff"
_SINCE = datetime(2024, 1, 1, tzinfo=UTC)


class Stored(NamedTuple):
    """A datastore by name and reference, for backings."""

    name: str
    ref: Any


class Place(NamedTuple):
    """Where virtual machines live: references to what their properties name."""

    datastore: Stored
    networks: dict[str, Any]
    host: Any
    pool: Any


def reference(vm: VmRecord) -> Any:
    """The managed object of a virtual machine."""
    return vim.VirtualMachine(vm.moid)


def power(vm: VmRecord) -> str:
    """The power state in vSphere's word."""
    return ON if vm.powered_on else OFF


def config(vm: VmRecord, place: Place, snapshot: SnapshotRecord | None = None) -> Any:
    """``VirtualMachine.config``, or ``VirtualMachineSnapshot.config``."""
    store = place.datastore.name
    return vim.vm.ConfigInfo(
        changeVersion=str(vm.revision),
        modified=snapshot.created if snapshot else _SINCE,
        name=vm.name,
        guestFullName=vm.guest_name,
        guestId=vm.guest_id,
        alternateGuestName="",
        version=vm.hardware,
        uuid=vm.uuid,
        instanceUuid=vm.instance_uuid,
        locationId="",
        template=False,
        annotation=vm.annotation,
        files=vim.vm.FileInfo(
            vmPathName=file_name(store, vm.name, f"{vm.name}.vmx"),
            snapshotDirectory=f"[{store}] {vm.name}/",
            suspendDirectory=f"[{store}] {vm.name}/",
            logDirectory=f"[{store}] {vm.name}/",
        ),
        tools=vim.vm.ToolsConfigInfo(toolsVersion=12352 if vm.tools else 0),
        flags=vim.vm.FlagInfo(diskUuidEnabled=True, snapshotDisabled=False, snapshotLocked=False, snapshotPowerOffBehavior="powerOff"),
        defaultPowerOps=vim.vm.DefaultPowerOpInfo(powerOffType="soft", defaultPowerOffType="soft"),
        hardware=vim.vm.VirtualHardware(
            numCPU=vm.cpus,
            numCoresPerSocket=1,
            memoryMB=vm.memory_mb,
            virtualICH7MPresent=False,
            virtualSMCPresent=False,
            device=devices(vm, place.datastore, place.networks, snapshot),
        ),
        extraConfig=[vim.option.OptionValue(key=key, value=value) for key, value in vm.extra.items()],
        datastoreUrl=[vim.vm.ConfigInfo.DatastoreUrlPair(name=store, url=f"/vmfs/volumes/{store}")],
        bootOptions=vim.vm.BootOptions(
            bootDelay=0, enterBIOSSetup=False, efiSecureBootEnabled=vm.secure_boot, bootRetryEnabled=False, bootRetryDelay=10000
        ),
        changeTrackingEnabled=vm.tracking,
        firmware=vm.firmware,
        cpuHotAddEnabled=False,
        memoryHotAddEnabled=False,
    )


def runtime(vm: VmRecord, place: Place) -> Any:
    """``VirtualMachine.runtime``."""
    return vim.vm.RuntimeInfo(
        host=place.host,
        connectionState="connected",
        powerState=power(vm),
        faultToleranceState="notConfigured",
        toolsInstallerMounted=False,
        numMksConnections=0,
        recordReplayState="inactive",
        onlineStandby=False,
        consolidationNeeded=False,
        maxCpuUsage=2000 * vm.cpus,
        maxMemoryUsage=vm.memory_mb,
        bootTime=_SINCE if vm.powered_on else None,
    )


def guest(vm: VmRecord) -> Any:
    """``VirtualMachine.guest``: what VMware Tools report, which is little while they do not run."""
    running = vm.tools and vm.powered_on
    nets = [
        vim.vm.GuestInfo.NicInfo(
            network=nic.network, ipAddress=nic.addresses, macAddress=nic.mac, connected=nic.connected, deviceConfigId=nic.key
        )
        for nic in vm.nics
    ]
    addresses = [address for nic in vm.nics for address in nic.addresses]
    return vim.vm.GuestInfo(
        toolsStatus="toolsOk" if running else "toolsNotRunning",
        toolsVersionStatus2="guestToolsUnmanaged",
        toolsRunningStatus="guestToolsRunning" if running else "guestToolsNotRunning",
        toolsVersion="12352",
        guestId=vm.guest_id if running else None,
        guestFamily="linuxGuest" if running else None,
        guestFullName=vm.guest_name if running else None,
        hostName=vm.name if running else None,
        ipAddress=addresses[0] if running and addresses else None,
        net=nets if running else [],
        guestState="running" if running else "notRunning",
        guestOperationsReady=running,
        interactiveGuestOperationsReady=False,
        guestStateChangeSupported=running,
    )


def summary(vm: VmRecord, place: Place) -> Any:
    """``VirtualMachine.summary``."""
    shown = guest(vm)
    committed = sum(disk.capacity for disk in vm.disks)
    return vim.vm.Summary(
        vm=reference(vm),
        runtime=runtime(vm, place),
        guest=vim.vm.Summary.GuestSummary(
            guestId=shown.guestId,
            guestFullName=shown.guestFullName,
            toolsStatus=shown.toolsStatus,
            toolsRunningStatus=shown.toolsRunningStatus,
            toolsVersionStatus2=shown.toolsVersionStatus2,
            hostName=shown.hostName,
            ipAddress=shown.ipAddress,
        ),
        config=vim.vm.Summary.ConfigSummary(
            name=vm.name,
            template=False,
            vmPathName=file_name(place.datastore.name, vm.name, f"{vm.name}.vmx"),
            memorySizeMB=vm.memory_mb,
            numCpu=vm.cpus,
            numEthernetCards=len(vm.nics),
            numVirtualDisks=len(vm.disks),
            uuid=vm.uuid,
            instanceUuid=vm.instance_uuid,
            guestId=vm.guest_id,
            guestFullName=vm.guest_name,
            annotation=vm.annotation,
            hwVersion=vm.hardware,
        ),
        storage=vim.vm.Summary.StorageSummary(committed=committed, uncommitted=0, unshared=committed, timestamp=_SINCE),
        quickStats=vim.vm.Summary.QuickStats(guestHeartbeatStatus="green" if shown.guestOperationsReady else "gray"),
        overallStatus="green",
    )


def snapshots(vm: VmRecord) -> Any:
    """``VirtualMachine.snapshot``: the tree, or nothing when there is none."""
    if not vm.snapshots:
        return None
    return vim.vm.SnapshotInfo(
        currentSnapshot=vim.vm.Snapshot(vm.current_snapshot) if vm.current_snapshot else None, rootSnapshotList=_children(vm, None)
    )


def _children(vm: VmRecord, parent: str | None) -> list[Any]:
    return [
        vim.vm.SnapshotTree(
            snapshot=vim.vm.Snapshot(one.moid),
            vm=reference(vm),
            name=one.name,
            description=one.description,
            id=one.number,
            createTime=one.created,
            state=ON if one.powered_on else OFF,
            quiesced=one.quiesced,
            replaySupported=False,
            childSnapshotList=_children(vm, one.moid),
        )
        for one in vm.snapshots
        if one.parent == parent
    ]


def files(vm: VmRecord, place: Place) -> Any:
    """``VirtualMachine.layoutEx``: the VM's files, and which of them make up each disk."""
    info = vim.vm.FileLayoutEx
    found = [
        info.FileInfo(key=0, name=file_name(place.datastore.name, vm.name, f"{vm.name}.vmx"), type="config", size=3000, accessible=True)
    ]
    layouts = []
    for disk in vm.disks:
        chain = []
        for file in vm.files(disk) if disk.mode == "persistent" else [disk.file]:
            extent = file.replace(".vmdk", "-flat.vmdk" if file == disk.file else "-delta.vmdk")
            keys = [len(found), len(found) + 1]
            sizes = [("diskDescriptor", file, 600), ("diskExtent", extent, disk.capacity)]
            found += [
                info.FileInfo(key=key, name=file_name(place.datastore.name, vm.name, name), type=kind, size=size, accessible=True)
                for key, (kind, name, size) in zip(keys, sizes, strict=True)
            ]
            chain.append(info.DiskUnit(fileKey=keys))
        layouts.append(info.DiskLayout(key=disk.key, chain=chain))
    return info(file=found, disk=layouts, snapshot=_snapshot_layouts(vm, layouts), timestamp=_SINCE)


def _snapshot_layouts(vm: VmRecord, layouts: list[Any]) -> list[Any]:
    info = vim.vm.FileLayoutEx
    return [
        info.SnapshotLayout(
            key=vim.vm.Snapshot(one.moid),
            dataKey=-1,
            memoryKey=-1,
            disk=[info.DiskLayout(key=layout.key, chain=list(layout.chain)[: depth + 1]) for layout in layouts],
        )
        for depth, one in enumerate(vm.snapshots)
    ]
