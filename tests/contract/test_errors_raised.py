"""Wherever the product makes an error, it gives every field that the error's sentences name."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from string import Formatter
from types import ModuleType

from appliance.contract.errors import FaultSpec
from tests.contract.product import modules


def named(spec: FaultSpec) -> set[str]:
    """The fields in both sentences."""
    return {field for text in (spec.message, spec.guidance) for _, field, _, _ in Formatter().parse(text) if field}


def made() -> Iterator[tuple[str, FaultSpec, set[str]]]:
    """Each place where an error is made with fields that can be seen there: (where, which, its fields)."""
    for module in modules():
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and (spec := _spec(module, node.func)):
                fields = {one.arg for one in node.keywords}
                if None not in fields:
                    yield f"{module.__name__}:{node.lineno}", spec, {one for one in fields if one is not None and one != "cause"}


def _spec(module: ModuleType, called: ast.expr) -> FaultSpec | None:
    if isinstance(called, ast.Name):
        found = vars(module).get(called.id)
    elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        found = getattr(vars(module).get(called.value.id), called.attr, None)
    else:
        found = None
    return found if isinstance(found, FaultSpec) else None


def test_every_error_is_made_with_its_fields() -> None:
    places = list(made())
    assert len(places) > 150
    assert [(where, spec.key, lacking) for where, spec, fields in places if (lacking := named(spec) - fields)] == []
