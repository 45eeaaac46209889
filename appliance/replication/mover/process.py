"""The process around a copy: its pipes, its signals, its one poll loop, and how it ends."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from appliance.replication.mover.copying import Copy
from appliance.replication.mover.links import shake_hands, source_link, target_link
from appliance.replication.mover.orders import Abandoned, Orders
from appliance.replication.mover.polling import Poller
from appliance.replication.mover.protocol import CopyError, Exit, parse_job, parse_order

STDIN, STDOUT = 0, 1


def main() -> int:
    """Does the job that stands on standard input; returns the exit code."""
    try:
        return Process(Orders(STDIN)).run()
    except (Abandoned, BrokenPipeError):
        return Exit.ABANDONED
    except CopyError as failure:
        return _told(failure)


def report(event: str, fields: dict[str, object]) -> None:
    """Writes one event. Raises BrokenPipeError when the parent is gone."""
    line = json.dumps({"event": event, **fields}, separators=(",", ":")).encode() + b"\n"
    while line:
        line = line[os.write(STDOUT, line) :]


def peak_rss() -> int:
    """Bytes of memory of this process at its largest (proc(5), VmHWM)."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


class Process:
    """One job from its first line to its exit code."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.terminated = False
        self.copy: Copy | None = None
        self._early: list[str] = []
        self._wake, wake_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._terminate)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def run(self) -> int:
        """Connects, copies, tells the end."""
        job = parse_job(self.orders.first())
        sources = [source_link(job.source) for _ in range(job.source.connections)]
        targets = [target_link(target) for target in job.targets]
        poller = Poller([*sources, *targets], [self.orders.fd, self._wake])
        shake_hands([*sources, *targets], lambda seconds: self._wait(poller, seconds))
        self.copy = Copy(job, sources, targets, report)
        report("ready", {"size": self.copy.sources[0].handle.get_size()})
        if self.terminated:
            self.copy.stop()
        for line in [*self._early, *self.orders.waiting()]:
            self._obey(line)
        self._copy(self.copy, poller)
        return self._end(self.copy)

    def _copy(self, copy: Copy, poller: Poller) -> None:
        while True:
            pause = copy.advance()
            if copy.finished:
                return
            self._wait(poller, pause)

    def _wait(self, poller: Poller, seconds: float) -> None:
        for fd in poller.wait(seconds):
            if fd == self._wake:
                os.read(fd, 64)
            else:
                self._listen()

    def _listen(self) -> None:
        for line in self.orders.arrived():
            self._obey(line)

    def _obey(self, line: str) -> None:
        if self.copy is None:
            self._early.append(line)  # another rate may come while the connections are made
            return
        try:
            self.copy.obey(parse_order(line))
        except CopyError as failure:
            self.copy.fail(failure)

    def _terminate(self, _signal: int, _frame: object) -> None:
        self.terminated = True
        if self.copy is not None:
            self.copy.stop()

    def _end(self, copy: Copy) -> int:
        if copy.failure is not None:
            return _told(copy.failure)
        report("stopped" if self.terminated else "finished", {**copy.total.fields(), "peak_rss": peak_rss()})
        for link in copy.links:
            link.handle.shutdown()
        return Exit.STOPPED if self.terminated else Exit.FINISHED


def _told(failure: CopyError) -> int:
    report("error", failure.fields())
    return Exit.of(failure.kind)
