"""The reconciler: finds what differs from the records, and heals what was chosen and is safe."""
