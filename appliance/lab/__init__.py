"""Stand-ins for the two clouds, for trying the product and for its tests."""
