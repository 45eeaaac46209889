"""A client of QEMU's machine protocol (docs/interop/qmp-spec.txt in QEMU's source)."""

import asyncio
import itertools
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

Json = dict[str, object]
EventListener = Callable[["Event"], None]

GONE = "GONE"  # our own event: the machine closed the connection

# A transaction over many bitmaps or a list of nodes is one line.
LINE_LIMIT = 16 << 20


class QmpError(Exception):
    """QEMU refused a command, or went away before it answered."""


@dataclass(frozen=True)
class Event:
    """Something that QEMU reports by itself."""

    name: str
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The answer to one command: a value, or the text of a refusal."""

    id: int
    value: object = None
    error: str | None = None


@dataclass(frozen=True)
class Greeting:
    """The first line of a connection."""

    version: tuple[int, int, int]


def parse(line: bytes) -> Event | Answer | Greeting:
    """Read one line of the protocol; raises QmpError when it is none."""
    try:
        message = json.loads(line)
    except ValueError as error:
        raise QmpError(f"not a QMP message: {line[:80]!r}") from error
    match message:
        case {"event": str(name)}:
            return Event(name, message.get("data", {}))
        case {"error": {"desc": str(text)}}:
            return Answer(int(message.get("id", 0)), error=text)
        case {"return": value}:
            return Answer(int(message.get("id", 0)), value)
        case {"QMP": {"version": {"qemu": {"major": int(major), "minor": int(minor), "micro": int(micro)}}}}:
            return Greeting((major, minor, micro))
    raise QmpError(f"not a QMP message: {line[:80]!r}")


class Watch:
    """The events of one connection since it was made."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self.put = self._events.put_nowait

    async def next(self, *names: str, about: str) -> Event:
        """Wait for an event of one of these names whose id or device is `about`; raises QmpError when the machine goes away."""
        while (event := await self._events.get()).name != GONE:
            if event.name in names and about in (event.data.get("id"), event.data.get("device")):
                return event
        raise QmpError("the machine went away")


class Qmp:
    """One connection: commands are answered in any order, events go to the listeners."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[object]] = {}
        self._listeners: list[EventListener] = []
        self._pump: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, connection: socket.socket) -> "Qmp":
        """Greet over a connected socket; raises QmpError when the other side closes or talks something else."""
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=LINE_LIMIT)
        qmp = cls(reader, writer)
        line = await qmp._greeting()
        if not line or not isinstance(parse(line), Greeting):
            writer.close()
            raise QmpError("the machine closed its control connection before it greeted")
        qmp._pump = asyncio.create_task(qmp._read())
        await qmp.execute("qmp_capabilities")
        return qmp

    async def execute(self, command: str, **arguments: object) -> object:
        """Send a command and return its value. Underscores in argument names become hyphens. Raises QmpError."""
        if self._pump is None or self._pump.done():
            raise QmpError(f"the machine is gone; it cannot be told {command}")
        number = next(self._ids)
        answered: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answered
        named = {name.replace("_", "-"): value for name, value in arguments.items()}
        self._writer.write(json.dumps({"execute": command, "arguments": named, "id": number}).encode() + b"\n")
        try:
            return await answered
        finally:
            del self._waiting[number]

    def listen(self, listener: EventListener) -> Callable[[], None]:
        """Call `listener` with every event from now on; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @contextmanager
    def watch(self) -> Iterator["Watch"]:
        """Collect the events from now on, to be waited for in order."""
        watch = Watch()
        unlisten = self.listen(watch.put)
        try:
            yield watch
        finally:
            unlisten()

    async def close(self) -> None:
        """Close the connection; commands that still wait fail."""
        self._writer.close()
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait([self._pump])

    async def _greeting(self) -> bytes:
        try:
            return await self._reader.readline()
        except OSError:  # a machine that ends without reading resets the connection
            return b""

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                self._take(parse(line))
        except OSError:
            pass  # a killed machine resets the connection; the waiting commands learn of it below
        finally:
            for answered in self._waiting.values():
                if not answered.done():
                    answered.set_exception(QmpError("the machine went away"))
            self._take(Event(GONE))

    def _take(self, message: Event | Answer | Greeting) -> None:
        match message:
            case Event():
                for listener in list(self._listeners):
                    listener(message)
            case Answer(id=number, value=value, error=error):
                answered = self._waiting.get(number)
                if answered is None or answered.done():
                    return
                if error is None:
                    answered.set_result(value)
                else:
                    answered.set_exception(QmpError(error))
