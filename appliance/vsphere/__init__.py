"""vCenter: sessions, inventory, snapshots, changed blocks and disk sources."""
