"""Full copies and increments: extents, the cycle and the copying process."""
