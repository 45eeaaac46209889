"""Whether a failover of a VM can be started: a list of checks made of what was found (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.contexts import VmContext, VmState, doubts, specifications
from appliance.contract.checks import Check, failed, passed, warned
from appliance.contract.errors import Fault
from appliance.contract.failover import Preparation
from appliance.contract.preflight import FailoverKind
from appliance.contract.verifications import VerificationOutcome as Outcome
from appliance.failover.faults import BRING_FOR_WINDOWS
from appliance.failover.preparation import decide, is_windows
from appliance.failover.readiness import refuse_unusable
from appliance.preflight.copy import OLD, age_check, copies_check
from appliance.preflight.facts import Found
from appliance.preflight.source import change_checks, link_checks, power_check, source_checks
from appliance.preflight.target import for_machine, network_checks, unreachable
from appliance.volumes.records import Volume


@dataclass(frozen=True)
class Wish:
    """What is to be done: `networks` by the source's network, or why an adapter has none. `job_id` is the job that does it already."""

    kind: FailoverKind
    networks: Mapping[str, str] | Fault
    preparation: Preparation = Preparation.AUTO
    job_id: str = ""


@dataclass(frozen=True)
class Tools:
    """What the preparation of guests needs on this appliance, and whether it is there; what Windows guests lack besides, in words.

    `ahead` preparations of other guests have to end before that of a live failover could begin now.
    """

    program: bool
    windows_lack: str = ""
    ahead: int = 0


@dataclass(frozen=True)
class Verified:
    """What came of the last verification, when it began, and whether another copy was completed after the one that it compared."""

    outcome: str
    at: datetime
    copied_since: bool = False


@dataclass(frozen=True)
class Seen:
    """What is known of the VM here, and what everybody else said. `gone` are its volumes that CloudStack has no more.

    From the age `old` on the last consistent point is warned of.
    """

    context: VmContext
    volumes: Sequence[Volume]
    gone: Sequence[Volume]
    verified: Verified | None
    tools: Tools
    found: Found
    now: datetime
    old: timedelta = OLD


def checks_of(wish: Wish, seen: Seen) -> list[Check]:
    """Everything there is to say before this failover."""
    live, context, found = wish.kind is FailoverKind.LIVE, seen.context, seen.found
    described = specifications.stored(context.specification)
    guest = described.guest_id if described is not None else ""
    return [
        state_check(context, wish.job_id),
        usable_check(context, live=live),
        *age_check(context.consistent_point, seen.now, seen.old),
        verification_check(seen.verified),
        *link_checks(found.link, needed=live),
        *source_checks(found.vm, needed=live),
        *(power_check(found.vm) if live else []),
        *change_checks(found.vm, described),
        *_target(wish, seen),
        preparation_check(wish, guest, seen.tools),
    ]


def state_check(context: VmContext, job_id: str = "") -> Check:
    """Whether the VM is free, and in the one state from which a failover starts."""
    name = "state"
    if context.current_job_id not in (None, job_id):
        return failed(name, f"Another operation is under way for {context.vm_name}.", "Wait until it has ended, or cancel it first.")
    if context.current_status != VmState.READY:
        state = context.current_status.replace("_", " ")
        return failed(name, f"{context.vm_name} is {state}.", "Look at the VM's page: it shows what can be done in this state.")
    return passed(name, f"{context.vm_name} is ready, and nothing else is under way for it.")


def usable_check(context: VmContext, *, live: bool = False) -> Check:
    """Whether the copy is complete, and as it was when it was copied. What an operator accepted after a restore is warned of."""
    try:
        refuse_unusable(context)
    except Fault as error:
        return failed("copy", error.message, error.guidance)
    if doubts.of(context) is not None:
        flaw = failed if live else warned
        doubtful = "The records came back from a back-up, and the copy was not compared since: it may be newer, or incomplete."
        return flaw("copy", doubtful, "If the source is there, let a replication finish first: it compares the whole copy.")
    return passed("copy", "The copy is complete and unchanged.")


def verification_check(verified: Verified | None) -> Check:
    """What the last comparison of copy and source said."""
    name, again = "verification", "Verify the copy once more before you rely on it."
    if verified is None:
        return warned(name, "The copy was never verified.", "Verify it, or let a sample be compared after each copy.")
    when = f"{verified.at:%Y-%m-%d %H:%M} UTC"
    if verified.outcome == Outcome.DIFFERENT and verified.copied_since:
        return warned(name, f"The last verification, {when}, found differences; the disks concerned were copied in full since.", again)
    if verified.outcome == Outcome.DIFFERENT:
        return failed(name, f"The last verification, {when}, found differences that stayed.", "Copy the VM again: it is copied in full.")
    if verified.outcome == Outcome.REPAIRED:
        return warned(name, f"The last verification, {when}, found differences and repaired them.", again)
    if verified.outcome == Outcome.SAME:
        return passed(name, f"The last verification, {when}, found no difference.")
    return warned(name, f"The last verification, {when}, was not finished.", again)


def preparation_check(wish: Wish, guest_id: str, tools: Tools) -> Check:
    """Whether the guest will need drivers, and whether they can be put into it. A live failover goes on without."""
    name, decision = "preparation", decide(wish.preparation, guest_id)
    if not decision.needed:
        return passed(name, decision.reason)
    flaw = warned if wish.kind is FailoverKind.LIVE else failed
    by_hand = "Install the drivers for KVM in the source machine and replicate again, then skip the preparation."
    if not tools.program:
        return flaw(name, f"{decision.reason} This appliance lacks what the preparation needs.", by_hand)
    if is_windows(guest_id) and tools.windows_lack:
        return flaw(name, f"{decision.reason} But {tools.windows_lack}.", BRING_FOR_WINDOWS)
    if wish.kind is FailoverKind.LIVE and tools.ahead and not wish.job_id:
        others = "that of another guest" if tools.ahead == 1 else f"those of {tools.ahead} other guests"
        sentence = f"{decision.reason} Its preparation would wait for {others}, while the source is off already."
        return warned(name, sentence, "Wait until fewer are under way, or cancel a test failover that is being prepared.")
    return passed(name, f"{decision.reason} It will be prepared.")


def _target(wish: Wish, seen: Seen) -> list[Check]:
    found, described = seen.found, specifications.stored(seen.context.specification)
    if isinstance(found.config, Fault):
        return [failed("configuration", found.config.message, found.config.guidance)]
    chosen = passed("configuration", f"The CloudStack configuration {found.config.name} is used.")
    copies = copies_check(seen.volumes, seen.gone, found.config.oma_vm_id)
    production = {found.config.network_id} if wish.kind is FailoverKind.TEST else set()
    networks = network_checks(wish.networks, found.cloud, production=production)
    if isinstance(found.cloud, Fault):
        return [chosen, *unreachable(found.cloud), copies, *networks]
    if described is None:
        guidance = "Run a replication of it once more: it reads processors, memory, disks and networks anew."
        unknown = failed("specification", f"The appliance does not know how {seen.context.vm_name} is built.", guidance)
        return [chosen, unknown, copies, *networks]
    missing = [disk.label for disk in described.disks if disk.disk_id not in {one.disk_id for one in seen.volumes}]
    if missing:
        copies = failed("copies", f"{', '.join(missing)} has no copy here.", "Run a replication of the VM once more; then try again.")
    sizes = [disk.capacity_bytes for disk in described.disks]
    return [chosen, copies, *networks, *for_machine(found.cloud, sizes, described.cpus, described.memory_mib)]
