"""VMs under management: their records and the one table of their states."""
