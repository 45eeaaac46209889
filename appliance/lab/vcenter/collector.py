"""PropertyCollector: properties read in pages, and waiting for them to change."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

from pyVmomi import VmomiSupport, vmodl

from appliance.lab.vcenter.faults import Refused, invalid_argument, not_authenticated
from appliance.lab.vcenter.inventory import Inventory
from appliance.lab.vcenter.selection import Query, Selection
from appliance.lab.vcenter.soap import NEWEST, written

_ANY = VmomiSupport.Object(name="val", type=object, version="vmodl.version.version0", flags=VmomiSupport.F_OPTIONAL)
_numbers = itertools.count(1)


def retrieve(inventory: Inventory, views: dict[str, Any], specs: list[Any]) -> list[Any]:
    """The contents of filter specs, all at once."""
    selection = Selection(inventory, views)
    with inventory.estate.lock:
        return [content for spec in specs for content in selection.contents(spec)]


class Pages:
    """Results that a client fetches a page at a time, by token."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._left: dict[str, tuple[list[Any], int]] = {}

    def first(self, contents: list[Any], wanted: int | None) -> Any:
        """The first page; without ``wanted`` the server's own limit holds."""
        return self._page(contents, min(wanted or self._size, self._size)) if contents else None

    def next(self, token: str) -> Any:
        """The page a token stands for; a token works once."""
        if token not in self._left:
            raise invalid_argument("token")
        return self._page(*self._left.pop(token))

    def cancel(self, token: str) -> None:
        """Give up what is left."""
        self._left.pop(token, None)

    def _page(self, contents: list[Any], size: int) -> Any:
        token = None
        if len(contents) > size:
            token = f"session-page-{next(_numbers)}"
            self._left[token] = (contents[size:], size)
        return Query.RetrieveResult(token=token, objects=contents[:size])


class _Filter:
    """A filter and what its client knows already: object → path → value as text."""

    def __init__(self, moid: str, spec: Any) -> None:
        self.ref, self.spec = Query.Filter(moid), spec
        self.known: dict[Any, dict[str, str]] = {}

    def update(self, selection: Selection) -> Any:
        """What is new since the last time, as a FilterUpdate, or None."""
        fresh = {content.obj: content.propSet for content in selection.contents(self.spec)}
        updates = [self._update(ref, values) for ref, values in fresh.items()]
        updates += [Query.ObjectUpdate(kind="leave", obj=ref) for ref in self.known if ref not in fresh]
        self.known = {ref: {one.name: _text(one.val) for one in values} for ref, values in fresh.items()}
        changed = [update for update in updates if update is not None]
        return Query.FilterUpdate(filter=self.ref, objectSet=changed) if changed else None

    def _update(self, ref: Any, values: list[Any]) -> Any:
        known = self.known.get(ref)
        texts = {one.name: _text(one.val) for one in values}
        changes = [
            Query.Change(name=one.name, op="assign", val=one.val)
            for one in values
            if known is None or known.get(one.name) != texts[one.name]
        ]
        changes += [Query.Change(name=name, op="assign") for name in known or {} if name not in texts]
        if known is not None and not changes:
            return None
        return Query.ObjectUpdate(kind="enter" if known is None else "modify", obj=ref, changeSet=changes)


class Collector:
    """One PropertyCollector of one session: its filters and the version its client has seen."""

    def __init__(self, inventory: Inventory, views: dict[str, Any], alive: Callable[[], bool]) -> None:
        self._inventory, self._selection, self._alive = inventory, Selection(inventory, views), alive
        self._filters: dict[str, _Filter] = {}
        self._version = 0
        self._cancelled = 0

    def create_filter(self, spec: Any) -> Any:
        """Begin to watch; refuses what retrieve() would refuse."""
        with self._inventory.estate.lock:
            list(self._selection.contents(spec))
            made = _Filter(f"session-filter-{next(_numbers)}", spec)
            self._filters[made.ref._moId] = made
        return made.ref

    def destroy_filter(self, moid: str) -> bool:
        """Stop watching; says whether the filter was this collector's."""
        return self._filters.pop(moid, None) is not None

    def cancel(self) -> None:
        """End a wait that is going on."""
        with self._inventory.estate.changing():
            self._cancelled += 1

    def wait(self, version: str | None, seconds: float | None) -> Any:
        """The changes since ``version`` ('' or None: everything); None when ``seconds`` pass without any."""
        estate = self._inventory.estate
        deadline = None if seconds is None else time.monotonic() + seconds
        with estate.lock:
            cancelled = self._cancelled
            self._check(version)
            while (updates := self._updates()) is None:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return None
                estate.news.wait(min(1.0, left or 1.0))
                if not self._alive():
                    raise not_authenticated()
                if self._cancelled != cancelled:
                    raise Refused(vmodl.fault.RequestCanceled(msg="The request was canceled by the client."))
        return updates

    def _check(self, version: str | None) -> None:
        if not version:
            for one in self._filters.values():
                one.known = {}
        elif version != str(self._version):
            raise Refused(vmodl.query.InvalidCollectorVersion(msg="The collector version is not valid."))

    def _updates(self) -> Any:
        found = [update for one in self._filters.values() if (update := one.update(self._selection)) is not None]
        if not found:
            return None
        self._version += 1
        return Query.UpdateSet(version=str(self._version), filterSet=found, truncated=False)


def _text(value: Any) -> str:
    return "" if value is None else written(value, _ANY, NEWEST)
