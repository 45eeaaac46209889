"""The commands of the API, one file a noun."""

from . import accounts, async_jobs, catalog, infrastructure, instances, snapshots, tags, volumes
from .registry import COMMANDS, Command

__all__ = ["COMMANDS", "Command", "accounts", "async_jobs", "catalog", "infrastructure", "instances", "snapshots", "tags", "volumes"]
