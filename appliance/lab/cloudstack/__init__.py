"""The lab's CloudStack: the signed API with asynchronous jobs over real bytes, devices and guests."""

from .config import ApplianceVm, DiskOffering, LabConfig, Limits, Network, ServiceOffering, Settings, Template
from .faults import Fault
from .lab import CloudstackLab

__all__ = [
    "ApplianceVm",
    "CloudstackLab",
    "DiskOffering",
    "Fault",
    "LabConfig",
    "Limits",
    "Network",
    "ServiceOffering",
    "Settings",
    "Template",
]
