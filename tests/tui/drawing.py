"""What a list draws."""

from __future__ import annotations

import pytest

from appliance.tui.widgets.table import Listing


def drawn_cells(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The cells, by row and column, that lists draw from now on; a list that is built anew fails the test."""
    drawn: list[tuple[str, str]] = []
    changed = Listing.update_cell
    monkeypatch.setattr(
        Listing,
        "update_cell",
        lambda self, row, column, value, **more: (drawn.append((row, column)), changed(self, row, column, value, **more)),
    )
    monkeypatch.setattr(Listing, "add_row", lambda *_, **__: pytest.fail("the list was built anew"))
    return drawn
