"""vCenter: sessions, inventory, power, changed-block tracking, snapshots and how their disks are read."""
