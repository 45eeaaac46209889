"""VMs: deployed, started, stopped, destroyed (rules of UserVmManagerImpl)."""

from collections.abc import Awaitable, Callable

from ..cloud import Cloud
from ..config import GIB, Template
from ..errors import failed, refused, unknown_entity
from ..jobs import Work
from ..records import Instance, Nic, Volume, new_id, timestamp
from ..views import instance_row
from ..wire import Params, Row
from .registry import Answer, command, has_tags, listing, the_instance
from .volumes import release, remove


@command("listVirtualMachines")
def list_virtual_machines(cloud: Cloud, params: Params) -> Answer:
    """VMs, filtered by state, network and tags."""
    rows = [
        instance_row(cloud, instance)
        for instance in cloud.world.instances.values()
        if params.text("state").lower() in ("", instance.state.lower())
        and (not params.text("networkid") or params.text("networkid") in [nic.network_id for nic in instance.nics])
        and has_tags(instance.tags, params)
    ]
    return listing("virtualmachine", rows, params)


@command("deployVirtualMachine", "serviceofferingid", "templateid", "zoneid")
def deploy_virtual_machine(cloud: Cloud, params: Params) -> Answer:
    """A new VM with a root volume from its template; started unless `startvm` is false."""
    template = _check_choices(cloud, params)
    size = max(_template_size(template), (params.whole("rootdisksize") or 0) * GIB)
    cloud.check_room(instances=1, volumes=1, new_bytes=size)
    instance = _new_instance(cloud, params)
    root = Volume(
        name=f"ROOT-{instance.number}", type="ROOT", size=size, template_id=instance.template_id, instance_id=instance.id, device_id=0
    )
    cloud.world.instances[instance.id] = instance
    cloud.world.volumes[root.id] = root

    async def work() -> Row:
        if template.path is not None:
            await cloud.disks.fill(root.id, template.path, size)
        else:
            cloud.disks.place(root.id, size)
        root.state, root.attached = "Ready", timestamp()
        instance.state = "Stopped"
        if params.flag("startvm", default=True):
            await _start(cloud, instance)
        return {"virtualmachine": instance_row(cloud, instance)}

    return Work(work, "VirtualMachine", instance.id, creates=True)


@command("startVirtualMachine", "id")
def start_virtual_machine(cloud: Cloud, params: Params) -> Answer:
    """Boot a stopped VM from its volumes."""
    instance = the_instance(cloud, params)
    return _instance_work(cloud, instance, lambda: _start(cloud, instance))


@command("stopVirtualMachine", "id")
def stop_virtual_machine(cloud: Cloud, params: Params) -> Answer:
    """Switch a VM off, by its power button first unless `forced`."""
    instance = the_instance(cloud, params)
    return _instance_work(cloud, instance, lambda: _stop(cloud, instance, params.flag("forced")))


@command("rebootVirtualMachine", "id")
def reboot_virtual_machine(cloud: Cloud, params: Params) -> Answer:
    """Stop and start."""
    instance = the_instance(cloud, params)

    async def reboot() -> None:
        if instance.state != "Running":
            raise refused(f"Vm id={instance.id} is not in Running state, failed to reboot")
        await _stop(cloud, instance, params.flag("forced"))
        await _start(cloud, instance)

    return _instance_work(cloud, instance, reboot)


@command("destroyVirtualMachine", "id")
def destroy_virtual_machine(cloud: Cloud, params: Params) -> Answer:
    """Destroy a VM; with `expunge` its root goes with it, and of the data volumes those in `volumeids`."""
    instance = the_instance(cloud, params)
    doomed = params.several("volumeids")
    data = {volume.id for volume in cloud.world.volumes_of(instance.id) if volume.type == "DATADISK"}
    if not set(doomed) <= data:
        raise refused(f"Following specified volumes are not attached to the VM: {', '.join(sorted(set(doomed) - data))}")

    async def work() -> Row:
        await _stop(cloud, instance, forced=True)
        for identity in doomed:
            await release(cloud, cloud.world.volumes[identity])
            remove(cloud, cloud.world.volumes[identity])
        instance.state = "Destroyed"
        if params.flag("expunge"):
            await _expunge(cloud, instance)
            return {"null": {}}
        return {"virtualmachine": instance_row(cloud, instance)}

    return Work(work, "VirtualMachine", instance.id)


@command("expungeVirtualMachine", "id")
def expunge_virtual_machine(cloud: Cloud, params: Params) -> Answer:
    """Remove a destroyed VM for good."""
    instance = the_instance(cloud, params)

    async def work() -> Row:
        if instance.state != "Destroyed":
            raise refused(f"Please destroy vm with specified vmId before expunge. VM {instance.id} is in state {instance.state}")
        await _expunge(cloud, instance)
        return {"success": True}

    return Work(work, "VirtualMachine", instance.id)


@command("updateVirtualMachine", "id")
def update_virtual_machine(cloud: Cloud, params: Params) -> Answer:
    """Change names and, of a stopped VM, details (this command is not a job)."""
    instance = the_instance(cloud, params)
    details = {key: value for entry in params.entries("details") for key, value in entry.items()}
    if details and instance.state != "Stopped":
        raise refused("Vm details can only be changed while the vm is stopped")
    instance.display_name = params.text("displayname", instance.display_name)
    instance.name = params.text("name", instance.name)
    instance.details |= details
    return {"virtualmachine": instance_row(cloud, instance)}


def _instance_work(cloud: Cloud, instance: Instance, act: Callable[[], Awaitable[None]]) -> Work:
    """A job that does something with a VM and answers with it."""

    async def work() -> Row:
        await act()
        return {"virtualmachine": instance_row(cloud, instance)}

    return Work(work, "VirtualMachine", instance.id)


async def _start(cloud: Cloud, instance: Instance) -> None:
    """Boot, or let an appliance VM see its volumes again."""
    if instance.state == "Running":
        return
    if instance.state != "Stopped":
        raise refused(f"Unable to start VM {instance.id} in state {instance.state}")
    volumes = cloud.world.volumes_of(instance.id)
    if instance.kind == "appliance":
        instance.state = "Running"
        for volume in volumes:
            cloud.appear(volume)
        return
    if not any(volume.device_id == 0 for volume in volumes):
        raise failed(f"Unable to start a VM [{instance.id}] due to [Unable to find root volume of VM {instance.name}].")
    instance.state = "Starting"
    try:
        await cloud.hypervisor.start(instance, volumes, cloud.service_offerings[instance.service_offering_id])
    finally:
        machine = cloud.hypervisor.machine(instance.id)
        instance.state = "Running" if machine is not None and machine.running else "Stopped"


async def _stop(cloud: Cloud, instance: Instance, forced: bool) -> None:
    """Switch off; a VM that is off is left alone."""
    if instance.state != "Running":
        return
    instance.state = "Stopping"
    if instance.kind == "appliance":
        for volume in cloud.world.volumes_of(instance.id):
            await cloud.disappear(volume)
    else:
        await cloud.hypervisor.stop(instance.id, forced, cloud.settings.acpi_seconds)
    instance.state = "Stopped"


async def _expunge(cloud: Cloud, instance: Instance) -> None:
    """Remove a VM: its root goes with it, its data volumes are set free."""
    for volume in cloud.world.volumes_of(instance.id):
        was_root = volume.type == "ROOT"
        await release(cloud, volume)
        if was_root:
            remove(cloud, volume)
    cloud.world.instances.pop(instance.id, None)


def _check_choices(cloud: Cloud, params: Params) -> Template:
    """Refuse ids that name nothing; the template is returned."""
    known = {
        "serviceofferingid": set(cloud.service_offerings),
        "templateid": set(cloud.templates),
        "zoneid": {cloud.zone_id},
    }
    for parameter, identities in known.items():
        if params.text(parameter) not in identities:
            raise unknown_entity(params.command, parameter, params.text(parameter))
    for identity in _asked_networks(params):
        if identity not in cloud.networks:
            raise unknown_entity(params.command, "networkids", identity)
    names = {instance.name for instance in cloud.world.instances.values()}
    if params.text("name") in names:
        raise refused(f"The vm with hostName {params.text('name')} already exists in the network domain: cs1cloud.internal")
    return cloud.templates[params.text("templateid")]


def _asked_networks(params: Params) -> list[str]:
    """Network ids from `networkids` or `iptonetworklist`."""
    return params.several("networkids") or [entry.get("networkid", "") for entry in params.entries("iptonetworklist")]


def _new_instance(cloud: Cloud, params: Params) -> Instance:
    """The row of a VM about to be deployed."""
    number = cloud.world.next_number()
    macs = {entry.get("networkid"): entry.get("mac") for entry in params.entries("iptonetworklist")}
    networks = _asked_networks(params) or [next(iter(cloud.networks))]
    nics = [
        Nic(
            mac=macs.get(network) or f"02:01:{index:02x}:cf:{number // 256 % 256:02x}:{number % 256:02x}",
            network_id=network,
            address=cloud.address(network, number),
        )
        for index, network in enumerate(networks)
    ]
    identity = new_id()
    name = params.text("name") or f"VM-{identity}"
    return Instance(
        id=identity,
        number=number,
        name=name,
        display_name=params.text("displayname", name),
        state="Starting",
        service_offering_id=params.text("serviceofferingid"),
        template_id=params.text("templateid"),
        nics=nics,
        details={key: value for entry in params.entries("details") for key, value in entry.items()},
        boot_type=params.text("boottype", "BIOS").upper(),
        boot_mode=params.text("bootmode", "LEGACY").upper(),
    )


def _template_size(template: Template) -> int:
    """A template's size in bytes."""
    return template.path.stat().st_size if template.path is not None else template.size_bytes
