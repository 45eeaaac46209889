"""Errors with a key, a sentence for the operator and a technical cause kept beside it for support."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

Field = str | int


@dataclass(frozen=True)
class FaultSpec:
    """One kind of error: its key, its HTTP status, and the two sentences an operator reads."""

    key: str
    status: int
    message: str
    guidance: str

    @classmethod
    def told(cls, key: str, status: int, message: str, guidance: str) -> Self:
        """The error of another side, whose sentences are taken as they stand."""
        return cls(key, status, *(text.replace("{", "{{").replace("}", "}}") for text in (message, guidance)))

    def __call__(self, cause: str = "", **fields: Field) -> Fault:
        """Make the error; `fields` fill the placeholders of both sentences."""
        return Fault(self, cause, fields)


class Fault(Exception):
    """An error that an operator may meet. `cause` is technical and never shown to operators."""

    def __init__(self, spec: FaultSpec, cause: str = "", fields: dict[str, Field] | None = None) -> None:
        self.spec, self.cause, self.fields = spec, cause, fields or {}
        super().__init__(f"{self.message}" + (f" [{cause}]" if cause else ""))

    @property
    def key(self) -> str:
        return self.spec.key

    @property
    def status(self) -> int:
        return self.spec.status

    @property
    def message(self) -> str:
        """What happened, in the operator's words."""
        return self.spec.message.format(**self.fields)

    @property
    def guidance(self) -> str:
        """What to do about it, in the operator's words."""
        return self.spec.guidance.format(**self.fields)

    def shown(self) -> dict[str, object]:
        """The error as every API answers it; its technical cause stays inside."""
        return {"error": {"key": self.key, "message": self.message, "guidance": self.guidance, "fields": self.fields}}

    def record(self) -> ErrorRecord:
        """The error as it is stored with a job."""
        return ErrorRecord(self.key, self.status, self.message, self.guidance, self.cause, dict(self.fields))


@dataclass(frozen=True)
class ErrorRecord:
    """A stored error: both messages, ready to be shown again after a restart."""

    key: str
    status: int
    message: str
    guidance: str
    cause: str = ""
    fields: dict[str, Field] = field(default_factory=dict)

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """The record of any exception; one that is no Fault becomes an internal error with its cause kept."""
        fault = as_fault(error)
        return cls(fault.key, fault.status, fault.message, fault.guidance, fault.cause, dict(fault.fields))


def as_fault(error: BaseException) -> Fault:
    """Any exception as a Fault; one that is none is an internal error with its cause kept."""
    return error if isinstance(error, Fault) else INTERNAL(cause=f"{type(error).__name__}: {error}")


CATALOGUE: dict[str, FaultSpec] = {}


def fault(key: str, status: int, message: str, guidance: str) -> FaultSpec:
    """Declare one kind of error. Raises ValueError when the key is taken by another one."""
    spec = FaultSpec(key, status, message, guidance)
    if CATALOGUE.setdefault(key, spec) != spec:
        raise ValueError(f"error key {key} is declared twice")
    return spec


INTERNAL = fault(
    "internal", 500, "Something went wrong inside the appliance.", "Try again; if it happens again, send the support bundle to the vendor."
)
BAD_REQUEST = fault("request.invalid", 400, "The request can't be used: {detail}.", "Correct the fields that are named and send it again.")
BODY_TOO_LARGE = fault("request.too_large", 413, "The request is larger than {limit} bytes.", "Send less at once.")
NOT_FOUND = fault("request.not_found", 404, "There is no {noun} {id} here.", "Check the name or id; the list shows what there is.")
NO_SUCH_ROUTE = fault(
    "request.no_such_route", 404, "There is nothing at this address.", "See the API's description for the routes there are."
)
METHOD_NOT_ALLOWED = fault(
    "request.method_not_allowed", 405, "This address does not take that method.", "See the API's description for the methods it takes."
)
FORBIDDEN = fault("request.forbidden", 403, "This is not open to you.", "Use the operator's API with an operator's token.")
UNAUTHORISED = fault(
    "request.unauthorised", 401, "The request carries no valid token.", "Send the token in the Authorization header as a Bearer token."
)
AMBIGUOUS_NAME = fault("request.ambiguous_name", 409, "More than one VM is called {name}.", "Name it by its context id.")
STORE_UNREADABLE = fault(
    "store.unreadable",
    503,
    "The appliance can't read its records.",
    "Check that its disk and its database are there; if this stays, let the records be checked and restore a back-up.",
)
STORE_UNWRITABLE = fault(
    "store.unwritable",
    503,
    "The appliance can't write its records.",
    "Check that its disk is not full and is writable; nothing was changed.",
)
