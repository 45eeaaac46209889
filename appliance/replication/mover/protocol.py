"""The job that the copying process is given, and how it ends: parsing and refusing, no input or output."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TypeVar

from appliance.replication.extents import Extents

MIB = 1 << 20
GRAIN = 64 << 10
"""Zeros are looked for in blocks of this many bytes."""

NOTHING = Extents()

T = TypeVar("T")


class Kind(StrEnum):
    """Why a copy ended early."""

    REFUSED = "refused"
    SOURCE_LOST = "source_lost"
    SOURCE_ERROR = "source_error"
    TARGET_LOST = "target_lost"
    TARGET_ERROR = "target_error"


class Exit(IntEnum):
    """The exit codes of the copying process."""

    FINISHED = 0
    STOPPED = 60
    ABANDONED = 61
    REFUSED = 64
    SOURCE_LOST = 65
    SOURCE_ERROR = 66
    TARGET_LOST = 67
    TARGET_ERROR = 68

    @classmethod
    def of(cls, kind: Kind) -> Exit:
        """The exit code that goes with this kind of error."""
        return cls[kind.name]


class CopyError(Exception):
    """The copy cannot go on: what kind of error, where on the disk, and the errno where there is one."""

    def __init__(self, kind: Kind, message: str, offset: int | None = None, errno: int | None = None) -> None:
        super().__init__(message)
        self.kind, self.message, self.offset, self.errno = kind, message, offset, errno

    def fields(self) -> dict[str, object]:
        """The fields of the error event that tells it."""
        return {"kind": self.kind.value, "message": self.message, "offset": self.offset, "errno": self.errno}


def refused(message: str) -> CopyError:
    """A job or an order that is wrong in itself."""
    return CopyError(Kind.REFUSED, message)


@dataclass(frozen=True)
class Source:
    """Where the disk is read: the Unix socket of an NBD server, and how many connections to open to it."""

    socket: str
    export: str = ""
    connections: int = 1


@dataclass(frozen=True)
class Target:
    """One connection to a data session: an address or a Unix socket, the token it begins with, and the key of its TLS."""

    host: str = ""
    port: int = 0
    socket: str = ""
    token: str = field(default="", repr=False)
    identity: str = ""
    key_file: str = ""
    plain: bool = False


@dataclass(frozen=True)
class Work:
    """What to copy, and what to zero without reading."""

    read: Extents = NOTHING
    zero: Extents = NOTHING

    @property
    def end(self) -> int:
        """The first byte that the work does not reach."""
        return max(self.read.end, self.zero.end)


@dataclass(frozen=True)
class Job:
    """One copy: see the package's documentation for each field."""

    source: Source
    targets: tuple[Target, ...]
    work: Work
    more: bool = False
    target_is_zero: bool = False
    chunk_bytes: int = MIB
    in_flight: int = 8
    flush_bytes: int = 16 * MIB
    rate: int = 0


@dataclass(frozen=True)
class Order:
    """A later line: more work, the end of work, another rate."""

    work: Work | None = None
    end: bool = False
    rate: int | None = None


class _Fields:
    """The fields of one JSON object, taken one by one; what is left over at the end is unknown."""

    def __init__(self, value: object, name: str) -> None:
        if not isinstance(value, dict):
            raise refused(f"{name} must be an object")
        self.rest, self.name = dict(value), name

    def take(self, key: str, kind: type[T], default: T) -> T:
        """The field of this type, or the default where it is absent."""
        value = self.rest.pop(key, default)
        if type(value) is not kind:
            raise refused(f"{key} of {self.name} must be {kind.__name__}")
        return value

    def number(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number between low and high, both included."""
        value = self.take(key, int, default)
        if not low <= value <= high:
            raise refused(f"{key} of {self.name} must be between {low} and {high}")
        return value

    def extents(self, key: str) -> Extents:
        """Extents; none where the field is absent."""
        try:
            return Extents.parse(self.rest.pop(key, []))
        except ValueError as error:
            raise refused(f"{key} of {self.name}: {error}") from error

    def work(self) -> Work:
        """The two lists of work, of which no byte may be in both."""
        work = Work(self.extents("read"), self.extents("zero"))
        if work.read & work.zero:
            raise refused("a range cannot be both copied and zeroed")
        return work

    def finish(self) -> None:
        """Refuses the object when fields are left over."""
        if self.rest:
            raise refused(f"unknown field of {self.name}: {', '.join(sorted(self.rest))}")


def parse_job(line: str) -> Job:
    """The job in a line of JSON. Raises CopyError (refused) that says what is wrong with it."""
    fields = _Fields(_decoded(line), "the job")
    job = Job(
        source=parse_source(fields.rest.pop("source", None)),
        targets=tuple(parse_target(item) for item in fields.take("targets", list, [])),
        work=fields.work(),
        more=fields.take("more", bool, False),
        target_is_zero=fields.take("target_is_zero", bool, False),
        chunk_bytes=fields.number("chunk_bytes", Job.chunk_bytes, GRAIN, 32 * MIB),
        in_flight=fields.number("in_flight", Job.in_flight, 1, 64),
        flush_bytes=fields.number("flush_bytes", Job.flush_bytes, MIB, 64 * MIB),
        rate=fields.number("rate", 0, 0, 1 << 40),
    )
    fields.finish()
    if job.chunk_bytes % GRAIN:
        raise refused(f"chunk_bytes of the job must be a multiple of {GRAIN}")
    if not job.targets:
        raise refused("the job names no target")
    if not job.work.end and not job.more:
        raise refused("the job has nothing to copy and nothing to zero")
    return job


def parse_source(value: object) -> Source:
    """The source of a job."""
    fields = _Fields(value, "the source")
    source = Source(fields.take("socket", str, ""), fields.take("export", str, ""), fields.number("connections", 1, 1, 16))
    fields.finish()
    if not source.socket:
        raise refused("the source has no socket")
    return source


def parse_target(value: object) -> Target:
    """One target of a job; it has an address or a socket, and a key or the word that it goes without."""
    fields = _Fields(value, "a target")
    target = Target(
        host=fields.take("host", str, ""),
        port=fields.number("port", 0, 0, 65535),
        socket=fields.take("socket", str, ""),
        token=fields.take("token", str, ""),
        identity=fields.take("identity", str, ""),
        key_file=fields.take("key_file", str, ""),
        plain=fields.take("plain", bool, False),
    )
    fields.finish()
    if bool(target.socket) == bool(target.host and target.port):
        raise refused("a target has either host and port or a socket")
    if target.plain == bool(target.identity and target.key_file):
        raise refused("a target has identity and key_file, or says that it is plain")
    return target


def parse_order(line: str) -> Order:
    """A later line. Raises CopyError (refused) that says what is wrong with it."""
    fields = _Fields(_decoded(line), "the order")
    work = fields.work() if {"read", "zero"} & fields.rest.keys() else None
    rate = fields.number("rate", 0, 0, 1 << 40) if "rate" in fields.rest else None
    order = Order(work, fields.take("end", bool, False), rate)
    fields.finish()
    return order


def _decoded(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError as error:
        raise refused("this is not a whole line of JSON") from error
