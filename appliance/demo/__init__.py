"""Two sites, paired, and the guided run."""
