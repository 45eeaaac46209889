"""VMware's library for reading disks (VDDK): received from the operator, checked, tried, and used where it works."""
