"""Which objects a property filter means, and which of their properties (PropertyCollector's FilterSpec)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyVmomi import vim, vmodl

from appliance.lab.vcenter.faults import Refused, gone, invalid_argument
from appliance.lab.vcenter.inventory import Inventory

Query = vmodl.query.PropertyCollector


class Selection:
    """Reads filter specs against the inventory; ``views`` are the session's container views."""

    def __init__(self, inventory: Inventory, views: dict[str, Any]) -> None:
        self._inventory, self._views = inventory, views

    def contents(self, spec: Any) -> Iterator[Any]:
        """An ObjectContent for each object that a FilterSpec means."""
        for ref in self.objects(spec):
            content = self.content(ref, spec.propSet)
            if content is not None:
                yield content

    def objects(self, spec: Any) -> list[Any]:
        """The objects of a FilterSpec, each once."""
        found: dict[Any, None] = {}
        for chosen in spec.objectSet:
            named = _named(chosen.selectSet)
            if self._view(chosen.obj) is None and not self._inventory.exists(chosen.obj):
                if spec.reportMissingObjectsInResults:
                    continue
                raise gone(chosen.obj)
            if not chosen.skip:
                found[chosen.obj] = None
            self._walk(chosen.obj, chosen.selectSet, named, found, set())
        return list(found)

    def content(self, ref: Any, prop_set: list[Any]) -> Any:
        """What was asked of one object, or None when nothing was asked of its type."""
        asked = [one for one in prop_set if isinstance(ref, one.type)]
        if not asked or self._view(ref) is not None:
            return None
        paths: dict[str, None] = {}
        for one in asked:
            paths |= dict.fromkeys(self._inventory.properties(ref) if one.all else one.pathSet)
        values = [(path, self._inventory.value(ref, path)) for path in paths]
        return Query.ObjectContent(
            obj=ref, propSet=[vmodl.DynamicProperty(name=path, val=value) for path, value in values if value is not None]
        )

    def _walk(self, ref: Any, specs: list[Any], named: dict[str, Any], found: dict[Any, None], seen: set[tuple[Any, int]]) -> None:
        for chosen in specs:
            spec = chosen if isinstance(chosen, Query.TraversalSpec) else named.get(chosen.name)
            if spec is None:
                raise invalid_argument("specSet.objectSet.selectSet")
            if not self._is_a(ref, spec.type) or (ref, id(spec)) in seen:
                continue
            seen.add((ref, id(spec)))
            for target in self._targets(ref, spec.path):
                if not spec.skip:
                    found[target] = None
                self._walk(target, spec.selectSet, named, found, seen)

    def _targets(self, ref: Any, path: str) -> list[Any]:
        view = self._view(ref)
        if view is not None:
            if path not in ("view", "container"):
                raise Refused(vmodl.query.InvalidProperty(msg=f"The property {path} is not valid.", name=path))
            return self._viewed(view) if path == "view" else [view.container]
        value = self._inventory.value(ref, path)
        targets = value if isinstance(value, list) else [value]
        return [target for target in targets if target is not None]

    def _is_a(self, ref: Any, kind: Any) -> bool:
        return isinstance(ref, kind)

    def _view(self, ref: Any) -> Any:
        return self._views.get(ref._moId) if isinstance(ref, vim.view.View) else None

    def _viewed(self, view: Any) -> list[Any]:
        return view_members(self._inventory, view)


def view_members(inventory: Inventory, view: Any) -> list[Any]:
    """What a container view shows now."""
    inside = inventory.below(view.container) if view.recursive else iter(inventory.children(view.container))
    return [ref for ref in inside if not view.types or isinstance(ref, tuple(view.types))]


def _named(specs: list[Any]) -> dict[str, Any]:
    """Traversal specs by name, at any depth: a bare SelectionSpec stands for the one of its name."""
    found: dict[str, Any] = {}
    for spec in specs:
        if isinstance(spec, Query.TraversalSpec):
            if spec.name:
                found[spec.name] = spec
            found |= _named(spec.selectSet)
    return found
