"""The agent's log: the newest lines in memory for the console, all of them in rotating files, and no terminal to be fooled by one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from logging.handlers import QueueListener, RotatingFileHandler
from pathlib import Path
from typing import Any

from appliance.agent.log_lines import harmless, level_of, read, split, written
from appliance.agent.support.redaction import redact
from appliance.contract.system import Level, LogEntry, LogPage
from appliance.core.jobs import trace

KEPT = 5000
"""Lines kept in memory."""
PAGE = 1 << 20
"""Characters of one page; older lines are left out."""
LONGEST_MESSAGE = 100_000
"""Characters of a message of several lines; the rest is cut off."""
FILE_BYTES, FILES = 2 << 20, 5
WAITING = 20_000
"""Lines that wait for the disk; while a disk hangs, further ones are in memory only."""
CLOSING = 3.0
"""Seconds that a disk has to take what waits for it when the agent ends."""

_ORDER = tuple(Level)


class LogBook:
    """The log's lines, numbered. Making one reads the newest files of `folder`: do it in a thread when a loop runs already.

    Lines may be added from any thread; nothing waits for the disk, and a disk that can't be written costs only the files.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "agent.log"
        self._lines: deque[LogEntry] = deque(_earlier(self._path), maxlen=KEPT)
        self._last = self._lines[-1].number if self._lines else 0
        self._lock = threading.RLock()
        self._waiters: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._files = _PrivateFiles(self._path)
        self._listener = QueueListener(self._queue, self._files)
        self._listener.start()
        self._handler, self._loggers, self._closed = _Feed(self), list[logging.Logger](), False

    @property
    def last(self) -> int:
        """The number of the newest line."""
        return self._last

    def install(self, logger: logging.Logger) -> None:
        """Keep what this logger and those below it say."""
        logger.addHandler(self._handler)
        self._loggers.append(logger)

    def add(self, level: Level, source: str, message: str, at: datetime | None = None) -> None:
        """Add a message; each of its lines becomes a line of the log, of the job at work here. Secrets that look like one are taken out."""
        at_work = trace.current()
        job = {"job_id": at_work.job_id, "correlation": at_work.correlation_id}
        at, source = at or datetime.now(UTC), re.sub(r"\s", "_", harmless(source))[:200] or "agent"
        with self._lock:
            for line in split(redact(message[:LONGEST_MESSAGE])):
                self._last += 1
                entry = LogEntry(number=self._last, at=at, level=level, source=source, message=line, **job)
                self._lines.append(entry)
                if self._queue.qsize() < WAITING and not self._closed:
                    self._queue.put(logging.makeLogRecord({"msg": written(entry)}))
            waiters, self._waiters = self._waiters, set()
        for loop, event in waiters:
            with contextlib.suppress(RuntimeError):  # its loop is closed
                loop.call_soon_threadsafe(event.set)

    def page(self, after: int = -1, level: Level = Level.DEBUG, contains: str = "", limit: int = 500, job: str = "") -> LogPage:
        """The newest `limit` lines after number `after`, of this level or a graver one, with this text, of this job.

        The text may be in message, source or job; a job is named by its id or its correlation id. `last` is the newest number of all,
        so that asking on does not search the same lines again. A number that this log has not reached yet (its files were lost) counts
        as none.
        """
        with self._lock:
            lines, last = list(self._lines), self._last
        after, wanted, found, room = -1 if after > last else after, contains.casefold(), list[LogEntry](), PAGE
        for entry in reversed(lines):
            if entry.number <= after or len(found) == limit:
                break
            if job and job not in (entry.job_id, entry.correlation):
                continue
            if _ORDER.index(entry.level) >= _ORDER.index(level) and wanted in _searched(entry):
                room -= len(entry.message)
                if room < 0:
                    break
                found.append(entry)
        return LogPage(entries=found[::-1], last=last)

    async def wait(self, after: int, seconds: float) -> bool:
        """Wait for a line after number `after`; False when there was none within so many seconds."""
        event = asyncio.Event()
        waiter = (asyncio.get_running_loop(), event)
        with self._lock:
            if self._last > after:
                return True
            self._waiters.add(waiter)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return False
        finally:
            with self._lock:
                self._waiters.discard(waiter)
        return True

    def keep(self, files: int) -> None:
        """Keep so many files, from the next change of files on."""
        self._files.backupCount = files - 1
        for left in self._path.parent.glob(f"{self._path.name}.*"):
            if left.suffix[1:].isdecimal() and int(left.suffix[1:]) >= files:
                with contextlib.suppress(OSError):
                    left.unlink()

    def close(self) -> None:
        """Stop listening, and write what waits for the disk, for at most `CLOSING` seconds; what is added later is in memory only."""
        for logger in self._loggers:
            logger.removeHandler(self._handler)
        if self._closed:
            return
        self._closed = True
        ending = threading.Thread(target=self._finish, daemon=True)
        ending.start()
        ending.join(CLOSING)

    def _finish(self) -> None:
        self._listener.stop()
        self._files.close()


def _searched(entry: LogEntry) -> str:
    return f"{entry.source}: {entry.message} {entry.job_id}".casefold()


class _Feed(logging.Handler):
    """Hands what is logged to the book."""

    def __init__(self, book: LogBook) -> None:
        super().__init__()
        self._book = book

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = self.format(record)
        except Exception:  # noqa: BLE001 (a message that can't be formed, whatever its objects raise, must not hurt who logs it)
            self.handleError(record)
            message = f"a line that could not be formed, from {record.pathname}:{record.lineno}"
        self._book.add(level_of(record.levelno), record.name, message, datetime.fromtimestamp(record.created, UTC))


class _PrivateFiles(RotatingFileHandler):
    """Rotating files that only the agent's user reads; while they can't be written, lines are left out."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8", errors="replace", delay=True)

    def _open(self) -> Any:
        path = Path(self.baseFilename)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        torn = not _ends_with_line(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        file = os.fdopen(descriptor, "a", encoding="utf-8", errors="replace")
        if torn:
            file.write("\n")  # an agent died in mid-line: what comes now is a line of its own
        return file

    def handleError(self, record: logging.LogRecord) -> None:
        """The disk is full, or the folder can't be written: try again with the next line."""
        stream, self.stream = self.stream, None
        with contextlib.suppress(OSError, ValueError):
            if stream is not None:
                stream.close()


def _ends_with_line(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            if not file.seek(0, os.SEEK_END):
                return True
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
    except FileNotFoundError:
        return True


def _earlier(path: Path) -> Iterator[LogEntry]:
    """The lines of the two newest files, in the order of their numbers; none where they can't be read."""
    newest = 0
    for file in (path.with_name(path.name + ".1"), path):
        for entry in filter(None, map(read, _text(file))):
            if entry.number > newest:
                newest = entry.number
                yield entry


def _text(path: Path) -> Iterable[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").split("\n") if path.is_file() else ()
    except OSError:
        return ()
