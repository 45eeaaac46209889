"""Waiting for connections. This loop turns many times for each request that is answered, so it does as little as it can."""

from __future__ import annotations

import select
from collections.abc import Sequence
from typing import Final

import nbd

from appliance.replication.mover.links import Link

EVENTS: Final = {
    0: 0,
    nbd.AIO_DIRECTION_READ: select.POLLIN,
    nbd.AIO_DIRECTION_WRITE: select.POLLOUT,
    nbd.AIO_DIRECTION_BOTH: select.POLLIN | select.POLLOUT,
}


class Poller:
    """Several connections and a few other descriptors in one poll."""

    def __init__(self, links: Sequence[Link], others: Sequence[int]) -> None:
        self._links = {link.fd: link for link in links}
        self._wanted: dict[int, int] = {}
        self._poll = select.poll()
        for fd in others:
            self._poll.register(fd, select.POLLIN)

    def wait(self, seconds: float) -> list[int]:
        """Lets the connections work until a request is answered, one of them breaks, another descriptor is readable or time is over.

        Returns the other descriptors that are readable.
        """
        for link in list(self._links.values()):
            self._watch(link)
        while True:
            ready = self._poll.poll(max(1, int(seconds * 1000)))
            others = [fd for fd, _ in ready if fd not in self._links]
            stirred = [fd for fd, events in ready if fd in self._links and self._work(fd, events)]
            if others or stirred or not ready:
                return others

    def _work(self, fd: int, events: int) -> bool:
        link = self._links[fd]
        stirred = link.notify(events & ~select.POLLOUT != 0)
        self._watch(link)
        return stirred

    def _watch(self, link: Link) -> None:
        wanted = EVENTS[link.handle.aio_get_direction()]
        if self._wanted.get(link.fd) == wanted:
            return
        if link.alive:
            self._poll.register(link.fd, wanted)
            self._wanted[link.fd] = wanted
        else:
            self._drop(link)

    def _drop(self, link: Link) -> None:
        del self._links[link.fd]
        if self._wanted.pop(link.fd, None) is not None:
            self._poll.unregister(link.fd)
