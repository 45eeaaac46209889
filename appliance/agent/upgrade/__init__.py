"""Upgrades: a signed file becomes a release beside the running one, is tried, and kept or given up."""
