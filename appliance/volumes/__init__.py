"""The one owner of CloudStack volumes: operations, slots, devices, stable names and exports."""
