"""How an appliance is before an upgrade and after it, and whether the new release is as well as the former one was (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.agent.upgrade.state import State
from appliance.contract.status import Health, Tunnel

HELD = frozenset({"recovery", "scheduler", "health monitor"})
"""Parts whose work does not begin before the trial is over: they may fail in it, but can't be well."""
CLOCK = "clock"
"""The part that no release has made: whether time servers answer."""
TUNNEL = "tunnel"
"""The part that sums all tunnels up; each of them is judged by itself."""


@dataclass(frozen=True)
class Seen:
    """What an agent says of itself."""

    health: Health
    tunnels: Sequence[Tunnel]

    def parts(self, state: str) -> tuple[str, ...]:
        """The parts that are in this state."""
        return tuple(name for name, part in self.health.parts.items() if part.state == state)

    def connected(self) -> tuple[str, ...]:
        """The ids of the appliances that it is connected to."""
        return tuple(one.peer_id for one in self.tunnels if one.up)


def problem_of(seen: Seen, before: State, *, waited: bool) -> str:
    """What is not well and was before; empty when the release may stay.

    A tunnel that was up has to be up again. Where the other appliance neither comes nor can be reached, it may be switched off, which
    is no fault of the new release: once it has been `waited` for, that counts no longer.
    """
    return "; ".join([*_parts(seen, before), *_tunnels(seen, before, waited=waited)])


def _parts(seen: Seen, before: State) -> Iterator[str]:
    for name, part in seen.health.parts.items():
        is_ill = part.state == "failed" and name not in before.failed_before
        was_well = name in before.ok_before and name not in HELD | {CLOCK, TUNNEL}
        if is_ill or (was_well and part.state != "ok"):
            yield f"{name}: {part.detail or part.state}"


def _tunnels(seen: Seen, before: State, *, waited: bool) -> Iterator[str]:
    for one in seen.tunnels:
        if one.peer_id in before.up_before and not one.up and (one.met or not waited):
            yield f"{TUNNEL}: {one.peer_name} is not connected{f' ({one.last_error})' if one.last_error else ''}"
