"""The process around the hashing: its pipes, its poll loop, and how it ends."""

from __future__ import annotations

import json

from appliance.replication.extents import Extent, Extents
from appliance.replication.hasher.page import IN_FLIGHT, Page
from appliance.replication.mover.links import Link, shake_hands, source_link
from appliance.replication.mover.orders import Abandoned, Orders
from appliance.replication.mover.polling import Poller
from appliance.replication.mover.process import STDIN, report
from appliance.replication.mover.protocol import MIB, CopyError, Exit, parse_source, refused

LONGEST = 4 * MIB
LOOK_AGAIN = 1.0


def main() -> int:
    """Does what stands on standard input, until it is closed; returns the exit code."""
    try:
        Hashing(Orders(STDIN)).run()
    except (Abandoned, BrokenPipeError):
        return Exit.ABANDONED
    except CopyError as failure:
        report("error", failure.fields())
        return Exit.of(failure.kind)
    return Exit.FINISHED


class Hashing:
    """Connections to one source, and pages of it one after the other."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._lines: list[str] = []
        self._memory: list[bytearray] = []

    def run(self) -> None:
        """Connects, then answers page after page. Leaves by Abandoned or CopyError."""
        source = parse_source(_decoded(self._orders.first()))
        links = [source_link(source) for _ in range(source.connections)]
        poller = Poller(links, [self._orders.fd])
        shake_hands(links, lambda seconds: self._wait(poller, seconds))
        size = int(links[0].handle.get_size())
        report("ready", {"size": size})
        self._lines += self._orders.waiting()
        while True:
            while self._lines:
                self._answer(parse_page(self._lines.pop(0), size), poller, links)
            self._lines += self._orders.arrived()

    def _answer(self, blocks: list[Extent], poller: Poller, links: list[Link]) -> None:
        longest = max(one.length for one in blocks)
        if not self._memory or len(self._memory[0]) < longest:
            self._memory = [bytearray(longest) for _ in range(IN_FLIGHT)]
        page = Page(links, blocks, self._memory)
        page.advance()
        while not page.finished:
            self._wait(poller, LOOK_AGAIN)
            page.advance()
        report("hashed", {"digests": page.digests})

    def _wait(self, poller: Poller, seconds: float) -> None:
        if poller.wait(seconds):
            self._lines += self._orders.arrived()


def parse_page(line: str, size: int) -> list[Extent]:
    """The blocks of a page. Raises CopyError (refused) that says what is wrong with it."""
    value = _decoded(line)
    wanted = value.get("blocks") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(wanted, list) or not wanted:
        raise refused("a page has blocks and nothing else")
    try:
        blocks = [Extents.parse([one]).items[0] for one in wanted]
    except (ValueError, IndexError) as error:
        raise refused(f"a block of the page: {error}") from error
    for one in blocks:
        if one.length > LONGEST or one.end > size:
            raise refused(f"a block of {one.length} bytes at {one.offset} of a source of {size}")
    return blocks


def _decoded(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError as error:
        raise refused("this is not a whole line of JSON") from error
