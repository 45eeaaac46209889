"""The VMA's side of a cycle: snapshot, what to copy, copying all disks side by side, holding the snapshot for the commit."""
