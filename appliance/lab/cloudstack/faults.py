"""Failures that a test or a demonstration orders in advance."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from .records import new_id

Kind = Literal["error", "quota", "unavailable", "disconnect", "job_error", "job_never_ends", "job_slow", "device_never", "device_late"]


class Fault(BaseModel):
    """One order: which requests it meets, how often (-1: until it is removed) and what then happens.

    `done` makes a job that fails or never ends do its work all the same. `seconds` belongs to `job_slow` and `device_late`.
    """

    model_config = ConfigDict(extra="forbid")

    id: str = Field(default_factory=new_id)
    kind: Kind
    command: str = ""
    match: dict[str, str] = Field(default_factory=dict)
    times: int = 1
    code: int = 530
    text: str = "Unable to execute the command due to an internal error."
    seconds: float = 0.0
    done: bool = False

    def meets(self, kinds: tuple[Kind, ...], command: str, params: Mapping[str, str]) -> bool:
        """Whether this order is for that request."""
        named = not self.command or self.command.lower() == command.lower()
        fits = all(params.get(name.lower()) == value for name, value in self.match.items())
        return self.kind in kinds and named and fits and self.times != 0


class Faults:
    """The orders that are still open, oldest first."""

    def __init__(self) -> None:
        self._open: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Order a failure."""
        self._open.append(fault)
        return fault

    def take(self, kinds: tuple[Kind, ...], command: str, params: Mapping[str, str]) -> Fault | None:
        """The oldest order that meets this request, counted down."""
        for fault in self._open:
            if fault.meets(kinds, command, params):
                fault.times -= 1 if fault.times > 0 else 0
                if fault.times == 0:
                    self._open.remove(fault)
                return fault
        return None

    def remove(self, fault_id: str) -> bool:
        """Take an order back; False when there is none of this id."""
        kept = [fault for fault in self._open if fault.id != fault_id]
        gone = len(kept) < len(self._open)
        self._open = kept
        return gone

    def clear(self) -> None:
        """Take all orders back."""
        self._open = []

    def listed(self) -> list[Fault]:
        """The open orders."""
        return list(self._open)
