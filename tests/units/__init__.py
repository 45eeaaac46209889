"""The appliances' units and root overlay, judged by systemd's own programs; no machine is booted."""
