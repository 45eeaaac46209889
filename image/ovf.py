"""The OVF descriptor of a virtual appliance (DMTF DSP0243, version 1.1, as vSphere reads it)."""

from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from image.ovf_properties import Property, render_properties

HARDWARE_VERSION = "vmx-13"  # ESXi 6.5 and later; the first that has EFI, pvscsi and vmxnet3 for this guest
DISK_FORMAT = "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"
GUEST = ("96", "debian10_64Guest")  # CIM's number for 64-bit Debian, and VMware's own name

# CIM_ResourceAllocationSettingData.ResourceType
_PROCESSOR, _MEMORY, _IDE, _SCSI, _ETHERNET, _DVD, _DISK = 3, 4, 5, 6, 10, 15, 17


@dataclass(frozen=True)
class Machine:
    """The virtual machine that an OVF describes. Sizes in bytes unless named otherwise."""

    name: str
    title: str
    version: str
    cpus: int
    memory_mib: int
    disk_file: str
    disk_file_size: int
    disk_capacity: int
    disk_populated: int
    firmware: str = "efi"
    properties: tuple[Property, ...] = ()
    """What is asked when it is deployed."""


@dataclass(frozen=True)
class _Item:
    kind: int
    name: str
    fields: dict[str, str]
    required: bool = True


def render_ovf(machine: Machine) -> str:
    """The descriptor's text. Within an item the elements stand in the order of their names, as the schema asks."""
    items = "\n".join(_item(number, item) for number, item in enumerate(_hardware(machine), 1))
    number, guest = GUEST
    name, title = quoteattr(machine.name), escape(machine.title)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
          xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
          xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
          xmlns:vmw="http://www.vmware.com/schema/ovf"
          xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References>
    <File ovf:href={quoteattr(machine.disk_file)} ovf:id="file1" ovf:size="{machine.disk_file_size}"/>
  </References>
  <DiskSection>
    <Info>The disk</Info>
    <Disk ovf:capacity="{machine.disk_capacity}" ovf:capacityAllocationUnits="byte" ovf:diskId="disk1" ovf:fileRef="file1"
          ovf:format="{DISK_FORMAT}" ovf:populatedSize="{machine.disk_populated}"/>
  </DiskSection>
  <NetworkSection>
    <Info>The networks</Info>
    <Network ovf:name="VM Network">
      <Description>Reaches vCenter, the hosts, and the other appliance's port 443</Description>
    </Network>
  </NetworkSection>
  <VirtualSystem ovf:id={name}>
    <Info>The appliance</Info>
    <Name>{escape(machine.name)}</Name>
    <OperatingSystemSection ovf:id="{number}" vmw:osType="{guest}">
      <Info>The operating system</Info>
    </OperatingSystemSection>
    <VirtualHardwareSection ovf:transport="iso">
      <Info>The hardware</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>{escape(machine.name)}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>{HARDWARE_VERSION}</vssd:VirtualSystemType>
      </System>
{items}
      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value={quoteattr(machine.firmware)}/>
      <vmw:Config ovf:required="false" vmw:key="bootOptions.efiSecureBootEnabled" vmw:value="false"/>
    </VirtualHardwareSection>
    <ProductSection>
      <Info>The product</Info>
      <Product>{title}</Product>
      <Version>{escape(machine.version)}</Version>
{render_properties(machine.properties)}    </ProductSection>
  </VirtualSystem>
</Envelope>
"""


def _hardware(machine: Machine) -> tuple[_Item, ...]:
    return (
        _Item(_PROCESSOR, f"{machine.cpus} virtual CPUs", {"AllocationUnits": "hertz * 10^6", "VirtualQuantity": str(machine.cpus)}),
        _Item(
            _MEMORY, f"{machine.memory_mib} MB of memory", {"AllocationUnits": "byte * 2^20", "VirtualQuantity": str(machine.memory_mib)}
        ),
        _Item(_SCSI, "SCSI controller 0", {"Address": "0", "ResourceSubType": "VirtualSCSI"}),
        _Item(_DISK, "Hard disk 1", {"AddressOnParent": "0", "HostResource": "ovf:/disk/disk1", "Parent": str(_SCSI_AT)}),
        _Item(
            *(_ETHERNET, "Network adapter 1"),
            {"AddressOnParent": "7", "AutomaticAllocation": "true", "Connection": "VM Network", "ResourceSubType": "VmxNet3"},
        ),
        # vCenter hands over what was asked at deployment on a disc, and puts it into the machine's drive.
        _Item(_IDE, "IDE 0", {"Address": "0"}),
        _Item(
            *(_DVD, "CD/DVD drive 1"),
            {"AddressOnParent": "0", "AutomaticAllocation": "false", "Parent": str(_IDE_AT), "ResourceSubType": "vmware.cdrom.remoteatapi"},
            required=False,
        ),
    )


_SCSI_AT, _IDE_AT = 3, 6  # the controllers' places in _hardware, which disk and drive name as their parents


def _item(number: int, item: _Item) -> str:
    fields = {**item.fields, "ElementName": item.name, "InstanceID": str(number), "ResourceType": str(item.kind)}
    lines = (f"        <rasd:{key}>{escape(fields[key])}</rasd:{key}>" for key in sorted(fields))
    return "\n".join(("      <Item>" if item.required else '      <Item ovf:required="false">', *lines, "      </Item>"))


def check_ovf(text: str) -> None:
    """Raises ValueError where the descriptor contradicts itself: a reference to what is not in it, two items of one number."""
    root = ElementTree.fromstring(text)
    files = {file.get(_ovf("id")) for file in root.iter(_ovf("File"))}
    disks = {disk.get(_ovf("diskId")): disk.get(_ovf("fileRef")) for disk in root.iter(_ovf("Disk"))}
    networks = {network.get(_ovf("name")) for network in root.iter(_ovf("Network"))}
    numbers = [element.text for element in root.iter(_rasd("InstanceID"))]
    faults = [f"no file {reference}" for reference in disks.values() if reference not in files]
    faults += [f"no disk {name}" for name in _texts(root, "HostResource") if name.rpartition("/")[2] not in disks]
    faults += [f"no network {name}" for name in _texts(root, "Connection") if name not in networks]
    faults += [f"no item {number}" for number in _texts(root, "Parent") if number not in numbers]
    if len(set(numbers)) != len(numbers):
        faults.append("two items have one number")
    if faults:
        raise ValueError("; ".join(faults))


def _texts(root: ElementTree.Element, name: str) -> list[str]:
    return [element.text or "" for element in root.iter(_rasd(name))]


def _ovf(name: str) -> str:
    return f"{{http://schemas.dmtf.org/ovf/envelope/1}}{name}"


def _rasd(name: str) -> str:
    return f"{{http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData}}{name}"
