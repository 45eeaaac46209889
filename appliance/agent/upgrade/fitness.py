"""Whether an upgrade fits this appliance (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.agent.upgrade.faults import OLDER, OTHER_BASE, OTHER_ROLE, PEERS_APART, RECORDS_NEWER, SAME, SKIPS
from appliance.agent.upgrade.manifest import Manifest
from appliance.contract.errors import Fault
from appliance.core import releases


@dataclass(frozen=True)
class Here:
    """This appliance; `peers` are the names and versions of those that it is paired with, `revision` is that of its records."""

    version: str
    role: str
    python: str
    peers: Sequence[tuple[str, str]] = ()
    revision: str = ""


def flaw(manifest: Manifest, here: Here) -> Fault | None:
    """Why the upgrade can't be applied here; None when it can."""
    version, ours, theirs = manifest.version, releases.read(here.version), releases.read(manifest.version)
    if here.role not in manifest.roles:
        return OTHER_ROLE(version=version, role=here.role.upper())
    if manifest.version == here.version:
        return SAME(version=version)
    if ours is not None and theirs is not None and theirs < ours:
        return OLDER(version=version, ours=here.version)
    if ours is None or ours.line not in manifest.lines:
        return SKIPS(version=version, lines=", ".join(manifest.lines), ours=here.version)
    if manifest.schema_revision < here.revision:
        return RECORDS_NEWER(version=version)
    if manifest.python != here.python:
        return OTHER_BASE(version=version)
    if apart := [name for name, peers in here.peers if not releases.work_together(version, peers)]:
        return PEERS_APART(version=version, peers=", ".join(apart))
    return None
