"""Support bundles: what the vendor's support needs to see of this appliance, without its secrets."""
