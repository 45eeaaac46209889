"""CloudStack: the one client, discovery and instances; no volume calls."""
