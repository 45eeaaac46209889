"""The lab's vCenter: the vSphere SOAP API over HTTPS, datastore files with ranges, and machines with real bytes."""

from appliance.lab.vcenter.lab import VcenterLab
from appliance.lab.vcenter.plan import DiskPlan, NicPlan, Plan, VmPlan

__all__ = ["DiskPlan", "NicPlan", "Plan", "VcenterLab", "VmPlan"]
