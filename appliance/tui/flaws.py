"""What is wrong with typed text, by the contract's own types; pure."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from appliance.tui.widgets.form import Check


def check_of(kind: Any, instead: str, *, optional: bool = False) -> Check:
    """A field's check: `instead` is said of what this type of the contract would not take; with `optional` nothing may be typed."""
    adapter: TypeAdapter[object] = TypeAdapter(kind)

    def flaw(text: str) -> str:
        if optional and not text:
            return ""
        try:
            adapter.validate_python(text)
        except ValidationError:
            return instead
        return ""

    return flaw
