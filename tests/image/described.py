"""An appliance as an OVF describes it."""

from __future__ import annotations

from image.ovf import Machine
from image.ovf_properties import properties

MACHINE = Machine(
    name="appliance-vma",
    title="Migration appliance (vCenter)",
    version="1.2.3",
    cpus=2,
    memory_mib=2048,
    disk_file="appliance-vma-disk1.vmdk",
    disk_file_size=123,
    disk_capacity=8 << 30,
    disk_populated=456,
    properties=properties("vma"),
)
