"""Schedules: when which VMs are replicated, in which order, how many at once, and why one was not."""
