"""Which snapshots the documentation shows, and the colours they are shown in."""

from __future__ import annotations

import re

PICTURES: dict[str, dict[str, str]] = {
    "idle": {
        "idle": "test_snap_entrance/test_idle_screen[normal-80x25]",
        "idle-failed": "test_snap_entrance/test_idle_screen[failed-80x25]",
    },
    "menu": {"menu": "test_snap_entrance/test_menu[oma-80x25]"},
    "power": {"power": "test_snap_entrance/test_power[80x25]"},
}
"""By the screen's name: name of the picture → snapshot."""

_EXPORTED = (
    "#4b4e55", "#cc555a", "#98a84b", "#d0b344", "#608ab1", "#98729f", "#68a0b3", "#c5c8c6",
    "#9a9b99", "#ff2627", "#00823d", "#d08442", "#1984e9", "#ff2c7a", "#398280", "#fdfdc5",
)  # fmt: skip
"""What the export makes of the sixteen colours."""
_VGA = (
    "#000000", "#aa0000", "#00aa00", "#aa5500", "#0000aa", "#aa00aa", "#00aaaa", "#aaaaaa",
    "#555555", "#ff5555", "#55ff55", "#ffff55", "#5555ff", "#ff55ff", "#55ffff", "#ffffff",
)  # fmt: skip
"""What a virtual terminal makes of them."""


def recoloured(svg: str) -> str:
    """An exported picture in a virtual terminal's colours."""
    table = dict(zip(_EXPORTED, _VGA, strict=True))
    return re.sub("|".join(_EXPORTED), lambda found: table[found[0]], svg.replace("<text ", '<text xml:space="preserve" '))
