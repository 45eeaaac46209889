"""The appliance command."""
