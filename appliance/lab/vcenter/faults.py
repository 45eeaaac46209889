"""The ways in which the lab's vCenter can be told to fail, and vCenter's own faults as it words them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from pyVmomi import vim, vmodl


class Refused(Exception):
    """A call is answered by this vSphere fault."""

    def __init__(self, fault: Any) -> None:
        super().__init__(fault.msg)
        self.fault = fault


def not_authenticated() -> Refused:
    """No session, or one that has ended."""
    return Refused(vim.fault.NotAuthenticated(msg="The session is not authenticated.", privilegeId="System.View"))


def invalid_argument(name: str) -> Refused:
    """A parameter that cannot be."""
    return Refused(vmodl.fault.InvalidArgument(msg=f"A specified parameter was not correct: {name}", invalidProperty=name))


def gone(reference: Any) -> Refused:
    """The object was deleted, or never was."""
    text = f"The object '{type(reference).__name__}:{reference._moId}' has already been deleted or has not been completely created"
    return Refused(vmodl.fault.ManagedObjectNotFound(msg=text, obj=reference))


def file_fault(path: str) -> Refused:
    """A file that cannot be used as asked."""
    return Refused(vim.fault.FileFault(msg=f"Error caused by file {path}", file=path))


def power_state(existing: str, requested: str | None = None) -> Refused:
    """The operation does not go with the VM's power state."""
    text = f"The attempted operation cannot be performed in the current state ({existing})."
    return Refused(vim.fault.InvalidPowerState(msg=text, existingState=existing, requestedState=requested))


@dataclass
class Injected:
    """A failure ordered through control: which VM (empty: any), how many times still (-1: until cleared), and its figures."""

    kind: str
    vm: str = ""
    times: int = 1
    seconds: float = 0.0
    after_bytes: int = 0


# kind: what it does
KINDS = {
    "snapshot_fails": "CreateSnapshot ends with GenericVmConfigFault",
    "remove_fails": "RemoveSnapshot ends with GenericVmConfigFault and the snapshot stays",
    "task_hangs": "the next task stays at 40 % until it is cancelled or `task_hanging` is cleared",
    "task_slow": "the next task takes `seconds`",
    "query_refused": "QueryChangedDiskAreas answers FileFault",
    "query_drops_block": "QueryChangedDiskAreas leaves out the last extent of its answer",
    "read_expires_session": "the session of a ranged read ends after `after_bytes`; the read is cut",
    "read_cut": "the connection of a ranged read is cut after `after_bytes`",
    "read_slow": "every ranged read waits `seconds` per MiB",
    "read_error": "a ranged read answers 500",
    "soap_cut": "the connection is closed instead of an answer to a SOAP call",
    "soap_slow": "a SOAP call waits `seconds` before it is looked at",
    "busy": "SOAP calls answer HTTP 503",
}


class Failures:
    """The failures that are ordered now. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ordered: list[Injected] = []

    def order(self, injected: Injected) -> None:
        """Let something fail; raises ValueError for an unknown kind."""
        if injected.kind not in KINDS:
            raise ValueError(f"unknown failure {injected.kind}; there are {', '.join(KINDS)}")
        with self._lock:
            self._ordered.append(injected)

    def order_marker(self, vm: str) -> None:
        """A task hangs from now on; clearing ``task_hanging`` (or everything) lets it go on."""
        with self._lock:
            self._ordered.append(Injected("task_hanging", vm, times=-1))

    def take(self, kind: str, vm: str = "") -> Injected | None:
        """Use up one of the failures that fit, if any."""
        with self._lock:
            found = next((f for f in self._ordered if f.kind == kind and f.vm in ("", vm)), None)
            if found and found.times > 0:
                found.times -= 1
                if not found.times:
                    self._ordered.remove(found)
            return found

    def peek(self, kind: str, vm: str = "") -> bool:
        """Whether such a failure is ordered, without using it up."""
        with self._lock:
            return any(f.kind == kind and f.vm in ("", vm) for f in self._ordered)

    def clear(self, kind: str = "") -> None:
        """Forget the failures of a kind, or all."""
        with self._lock:
            self._ordered = [f for f in self._ordered if kind and f.kind != kind]

    def listed(self) -> list[Injected]:
        """What is ordered now."""
        with self._lock:
            return list(self._ordered)
