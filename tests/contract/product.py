"""Everything the product is made of: its modules, the errors they declare, and the sentences they can say."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import appliance
from appliance.contract.errors import CATALOGUE, FaultSpec

ELSEWHERE = ("lab", "demo")
"""Packages that no appliance holds."""
ROOT = Path(appliance.__file__).parent


@cache
def modules() -> tuple[ModuleType, ...]:
    """Every module of the product, imported."""
    names = [one.name for one in pkgutil.walk_packages(appliance.__path__, "appliance.")]
    return tuple(importlib.import_module(name) for name in names if _is_product(name))


def _is_product(name: str) -> bool:
    parts = name.split(".")
    return parts[1] not in ELSEWHERE and "versions" not in parts and parts[-1] not in ("__main__", "env")


@cache
def catalogue() -> dict[str, FaultSpec]:
    """The errors that the product declares, by key; those of tests are not among them."""
    found = [value for module in modules() for value in _values(module)]
    return {one.key: one for one in sorted(found, key=lambda one: one.key)}


def _values(module: ModuleType) -> Iterator[FaultSpec]:
    for value in vars(module).values():
        if value is CATALOGUE:  # that has the errors of tests, too
            continue
        each = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list, frozenset)) else (value,)
        yield from (one for one in each if isinstance(one, FaultSpec))


def sentences() -> Iterator[tuple[str, str]]:
    """Each literal sentence in the product's code that is neither documentation nor for the technical log: (where, text)."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).parts
        if parts[0] not in (*ELSEWHERE, "cli") and "versions" not in parts:
            yield from ((f"{'/'.join(parts)}:{line}", text) for line, text in _said(ast.parse(path.read_text())))


def _said(tree: ast.Module) -> Iterator[tuple[int, str]]:
    hidden = {id(one) for node in ast.walk(tree) for part in _technical(node) for one in ast.walk(part)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and id(node) not in hidden:
            text = _text(node)
            if _is_sentence(text):
                yield node.lineno, text


def _technical(node: ast.AST) -> list[ast.AST]:
    """The parts of a node that no operator reads: documentation, the technical log, causes, what ends the process."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return [node.value]
    if isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id in ("_log", "argparse", "parser"):
            return [node]
        return [one for one in node.keywords if one.arg in ("cause", "help", "description")]
    return [node] if isinstance(node, ast.Assert) else []


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_sentence(text: str) -> bool:
    return " " in text and text[:1].isupper() and text.rstrip().endswith((".", "!", "?"))
