"""PropertyCollector requests: explicit paths only, in pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyVmomi import vim, vmodl

PAGE = 500
LARGE_PAGE = 200
"""Objects in an answer where each comes with all its devices, some ten KiB."""
Query = vmodl.query.PropertyCollector


@dataclass(frozen=True)
class Found:
    """One object with those of the asked properties that are set on it."""

    object: Any
    values: Mapping[str, Any]

    @property
    def moref(self) -> str:
        return str(self.object._moId)


def read(content: Any, objects: Sequence[Any], paths: Sequence[str]) -> list[Found]:
    """The properties of these objects (all of one type), in one request. Raises ManagedObjectNotFound when one is gone."""
    if not objects:
        return []
    wanted = [Query.PropertySpec(type=type(objects[0]), pathSet=list(paths), all=False)]
    return _pages(content, Query.FilterSpec(objectSet=[Query.ObjectSpec(obj=one) for one in objects], propSet=wanted))


def read_present(content: Any, objects: Sequence[Any], paths: Sequence[str]) -> list[Found]:
    """As `read`, in pages; objects that are gone are left out."""
    if not objects:
        return []
    wanted = [Query.PropertySpec(type=type(objects[0]), pathSet=list(paths), all=False)]
    chosen = [Query.ObjectSpec(obj=one) for one in objects]
    return _pages(content, Query.FilterSpec(objectSet=chosen, propSet=wanted, reportMissingObjectsInResults=True), LARGE_PAGE)


def read_one(content: Any, target: Any, paths: Sequence[str]) -> Mapping[str, Any]:
    """The properties of one object."""
    found = read(content, [target], paths)
    return found[0].values if found else {}


def traverse(content: Any, wanted: Mapping[Any, Sequence[str]], page: int = PAGE) -> list[Found]:
    """All objects of the inventory of the wanted types, by one traversal of a container view; `page` objects in each answer."""
    view = content.viewManager.CreateContainerView(container=content.rootFolder, type=list(wanted), recursive=True)
    try:
        members = Query.TraversalSpec(name="members", path="view", skip=False, type=vim.view.ContainerView)
        start = Query.ObjectSpec(obj=view, skip=True, selectSet=[members])
        properties = [Query.PropertySpec(type=kind, pathSet=list(paths), all=False) for kind, paths in wanted.items()]
        return _pages(content, Query.FilterSpec(objectSet=[start], propSet=properties), page)
    finally:
        view.Destroy()


def _pages(content: Any, what: Any, size: int = PAGE) -> list[Found]:
    collector = content.propertyCollector
    page = collector.RetrievePropertiesEx(specSet=[what], options=Query.RetrieveOptions(maxObjects=size))
    found: list[Found] = []
    while page is not None:
        found += [Found(one.obj, {item.name: item.val for item in one.propSet or []}) for one in page.objects]
        page = collector.ContinueRetrievePropertiesEx(token=page.token) if page.token else None
    return found
