"""What the account and the zone have left, how snapshots are kept there, and whether a VM fits: decisions (pure)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.cloudstack.answers import Row
from appliance.cloudstack.quotas import UNLIMITED
from appliance.cloudstack.survey import GIB, Facts, tags_of
from appliance.contract.checks import Check, failed, passed, warned

USUAL_SLOTS = 20
"""How many disks this appliance holds attached at once where it is allowed to."""
FULL = 0.85
"""The part of a zone's storage above which CloudStack places nothing more, as it is delivered."""
_REVERTS_IN_PLACE = ("NetworkFilesystem", "SharedMountPoint", "RBD", "Filesystem")
_UNITS = {"primary storage": "GiB of primary storage", "secondary storage": "GiB of secondary storage", "memory": "MiB of memory"}
_RAISE = "Ask the CloudStack administrator to raise the limit, or free some."


@dataclass(frozen=True)
class Places:
    """How many disks this appliance may have attached, and how many of these places are taken by disks that are none of its own copies."""

    limit: int
    foreign: int = 0

    @property
    def free(self) -> int:
        """How many places the copies may share."""
        return max(0, self.limit - self.foreign)


def limit_checks(facts: Facts, last_trial: Mapping[str, Any] | None) -> list[Check]:
    """Quotas, the limit of data volumes, and snapshots: where they go, what keeps them, how the last trial went."""
    quotas = [quota_check(facts, what, 1) for what in ("volumes", "primary storage", "snapshots")]
    return [*quotas, _data_volumes(facts), _snapshot_place(facts), _pools(facts), _trial(last_trial)]


def capacity_checks(facts: Facts, sizes_bytes: Sequence[int], places: Places | None = None) -> list[Check]:
    """Whether a VM with disks of these sizes fits: the copies of its disks, and what a failover of it needs."""
    each = [math.ceil(size / GIB) for size in sizes_bytes]
    return [*copy_checks(facts, sizes_bytes), *failover_checks(facts, each), places_check(facts, len(each), places)]


def copy_checks(facts: Facts, sizes_bytes: Sequence[int]) -> list[Check]:
    """Whether volumes for disks of these sizes can be made: quotas, zone, offering."""
    each = [math.ceil(size / GIB) for size in sizes_bytes]
    return [
        quota_check(facts, "volumes", len(each)),
        quota_check(facts, "primary storage", sum(each)),
        _zone_room(facts, sum(each)),
        _largest(facts, max(each, default=0)),
    ]


def failover_checks(facts: Facts, sizes_gib: Sequence[int]) -> list[Check]:
    """Whether the account may make a machine, and a snapshot of each of its disks."""
    checks = [quota_check(facts, "snapshots", len(sizes_gib)), quota_check(facts, "machines", 1)]
    if facts.to_secondary is not False:
        checks.append(quota_check(facts, "secondary storage", sum(sizes_gib)))
    return checks


def quota_check(facts: Facts, what: str, needed: int) -> Check:
    """Whether so much more of a resource may be used, by the account and by the domains above it."""
    name, noun, left = f"quota-{what.replace(' ', '-')}", _UNITS.get(what, what), facts.left.get(what)
    rooms = [("The account", left), *((f"The domain {one.name}", one.left.get(what)) for one in facts.domains)]
    owner, least = min(((who, room) for who, room in rooms if room is not None), key=lambda one: one[1], default=("", UNLIMITED))
    if least < needed:
        return failed(name, f"{owner} may use {int(least)} more {noun}; {needed} {'is' if needed == 1 else 'are'} needed.", _RAISE)
    if left is None:
        return warned(name, f"CloudStack does not tell how many {noun} the account may still use.", "Ask the CloudStack administrator.")
    if least == UNLIMITED:
        return passed(name, f"The account may use as many {noun} as there are.")
    return passed(name, f"{owner} may use {int(least)} more {noun}.")


def _data_volumes(facts: Facts) -> Check:
    name, limit = "data-volume-limit", facts.data_volumes
    if limit is None:
        guidance = f"{USUAL_SLOTS} are assumed; set a lower number in the settings if CloudStack refuses."
        return warned(name, "CloudStack does not tell how many disks one machine may have attached.", guidance)
    if limit < USUAL_SLOTS:
        guidance = "VMs with more disks can't be migrated, and fewer VMs are copied at once; ask the administrator to raise it."
        return warned(name, f"This appliance may have {limit} disks attached at once.", guidance)
    return passed(name, f"This appliance may have {limit} disks attached at once.")


def _snapshot_place(facts: Facts) -> Check:
    name = "snapshot-place"
    if facts.to_secondary is None:
        guidance = "Ask the CloudStack administrator; the trial of snapshots shows how long they take."
        return warned(name, "CloudStack does not tell this user where snapshots are kept.", guidance)
    if facts.to_secondary:
        guidance = "A test failover of a large VM takes its time: each disk is copied there, and back when the test is cleaned up."
        return warned(name, "Snapshots are copied to secondary storage.", guidance)
    return passed(name, "Snapshots stay on primary storage, where they are quick.")


def _pools(facts: Facts) -> Check:
    name = "storage-pools"
    if facts.pools is None:
        return warned(name, "CloudStack does not tell this user what kind of storage it has.", "Start the trial of snapshots.")
    offering: Row = facts.found.get("disk_offering_id", {})
    fitting = [pool for pool in facts.pools if tags_of(offering) <= pool.tags and pool.state == "Up"]
    if not fitting:
        guidance = "Choose another disk offering, or ask the CloudStack administrator which storage it belongs to."
        return failed(name, "No storage of the zone is up and fits the disk offering.", guidance)
    managed = [pool.name for pool in fitting if pool.managed]
    if managed:
        guidance = "Choose a disk offering that uses other storage."
        return failed(name, f"On the storage {', '.join(managed)} the first disk of a machine can't be exchanged.", guidance)
    strange = sorted({f"{pool.name} ({pool.type})" for pool in fitting if pool.type not in _REVERTS_IN_PLACE})
    if strange:
        return warned(
            name, f"Whether disks on {', '.join(strange)} can go back to snapshots is not known.", "Start the trial of snapshots."
        )
    return passed(name, f"Disks will lie on {', '.join(pool.name for pool in fitting)}, which can go back to snapshots.")


def _trial(last: Mapping[str, Any] | None) -> Check:
    name = "snapshot-trial"
    if not last:
        guidance = "Start the trial: it makes a disk of 1 GiB, snapshots it, goes back, and removes it again."
        return warned(name, "Snapshots were never tried in this CloudStack.", guidance)
    if not last.get("ok"):
        guidance = f"{last.get('guidance', '')} Then start the trial again.".strip()
        return failed(name, f"The last trial of snapshots failed: {last.get('message', '')}", guidance)
    seconds = f"{last.get('snapshot_seconds', 0)} s to make a snapshot of 1 GiB, {last.get('revert_seconds', 0)} s to go back to it"
    return passed(name, f"The last trial of snapshots went well: {seconds}.")


def _zone_room(facts: Facts, needed: int) -> Check:
    name = "zone-storage"
    if facts.zone_gib is None or facts.zone_used_gib is None:
        return warned(name, "CloudStack does not tell this user how much storage the zone has left.", "Ask the CloudStack administrator.")
    left = max(0, facts.zone_gib - facts.zone_used_gib)
    if needed > left:
        return failed(name, f"The zone has {left} GiB of storage left; {needed} are needed.", "Ask the administrator to add storage.")
    if facts.zone_used_gib + needed > FULL * facts.zone_gib:
        guidance = "CloudStack may refuse to place it; ask the administrator to add storage."
        return warned(name, f"With this VM the zone's storage is more than {int(FULL * 100)} % full.", guidance)
    return passed(name, f"The zone has {left} GiB of storage left.")


def _largest(facts: Facts, needed: int) -> Check:
    name, limit = "disk-size", facts.largest_disk_gib
    if limit is None:
        return warned(name, "CloudStack does not tell how large a disk may be.", "Ask the CloudStack administrator.")
    if needed > limit:
        guidance = "Ask the CloudStack administrator to raise the largest size of custom disks."
        return failed(name, f"The largest disk has {needed} GiB; CloudStack makes disks of {limit} GiB at most.", guidance)
    return passed(name, f"CloudStack makes disks of up to {limit} GiB.")


def places_check(facts: Facts, needed: int, places: Places | None) -> Check:
    """Whether all disks of a VM can be attached to this appliance at once; without `places`, by what CloudStack tells."""
    name = "disk-count"
    found = places or Places(min(facts.data_volumes or USUAL_SLOTS, USUAL_SLOTS))
    if needed > found.free and found.foreign:
        taken = f"{found.foreign} of {found.limit} places are taken by disks that are not the appliance's copies"
        guidance = "Detach these disks from this appliance's machine in CloudStack."
        return failed(name, f"The VM has {needed} disks; {found.free} can be attached to this appliance at once: {taken}.", guidance)
    if needed > found.free:
        guidance = "Raise the number of attached disks in the settings if CloudStack allows it."
        return failed(name, f"The VM has {needed} disks; {found.free} can be attached to this appliance at once.", guidance)
    if found.foreign:
        guidance = "Detach them in CloudStack if nobody needs them there: they take places that copies need."
        disks = "1 disk that is" if found.foreign == 1 else f"{found.foreign} disks that are"
        return warned(name, f"This appliance's machine has {disks} no copy of a VM.", guidance)
    return passed(name, f"All {needed} disks can be attached to this appliance at once.")
