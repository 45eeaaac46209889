"""docs/console.md: its part about each screen is made from the screens themselves, its pictures from the snapshots.

`python -m tests.tui.page` writes both; test_console_page.py fails while they are not what this would write.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from textual.binding import Binding

import appliance.tui.screens
from appliance.tui.app import Console
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.sections import SECTIONS
from appliance.tui.widgets.bars import key_name
from tests.tui.pictures import PICTURES, recoloured

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "console.md"
FOLDER = ROOT / "docs" / "console"
BEGIN, END = "<!-- screens: written by python -m tests.tui.page -->", "<!-- end of screens -->"


def screens() -> list[type[ConsoleScreen]]:
    """Every screen, in the order of the pictures."""
    for module in pkgutil.walk_packages(appliance.tui.screens.__path__, "appliance.tui.screens."):
        importlib.import_module(module.name)
    found = {one for one in _below(ConsoleScreen) if one.NAME}
    order = {name: number for number, name in enumerate(PICTURES)}
    return sorted(found, key=lambda one: (order.get(one.NAME, len(order)), one.NAME))


def _below(kind: type[ConsoleScreen]) -> list[type[ConsoleScreen]]:
    return [each for one in kind.__subclasses__() for each in (one, *_below(one))]


def keys(screen: type[ConsoleScreen]) -> list[tuple[str, str]]:
    """The keys that a screen binds itself or has from its bases, as (keys, what they do)."""
    found: dict[str, str] = {}
    for kind in screen.__mro__:
        for one in vars(kind).get("BINDINGS", []):
            if isinstance(one, Binding) and one.description and issubclass(kind, (ConsoleScreen, Console)):
                names = " or ".join(f"`{key_name(key)}`" for key in one.key.split(","))
                if one.key.split(",")[0] not in {key for key in found}:
                    found[one.key.split(",")[0]] = f"{names} | {one.description}"
    return [tuple(text.split(" | ", 1)) for text in found.values()]  # type: ignore[misc]


def written() -> str:
    """The part of the page about the screens."""
    parts = []
    for screen in screens():
        section = next((one for one in SECTIONS if one.screen == screen.__name__), None)
        where = f"Menu: *{section.title}* ({', '.join(role.upper() for role in section.roles)})" if section else ""
        pictures = "\n".join(f"![{screen.HEADING}]({FOLDER.name}/{name}.svg)" for name in PICTURES.get(screen.NAME, {}))
        table = "\n".join(f"| {names} | {does} |" for names, does in keys(screen))
        head = f"### {screen.HEADING} (`{screen.NAME}`)"
        parts.append("\n\n".join(part for part in (head, where, screen.HELP, f"| key | does |\n|---|---|\n{table}", pictures) if part))
    return "\n\n".join(parts)


def page_with(text: str, screens_part: str) -> str:
    """The page with its part about the screens replaced."""
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}\n\n{screens_part}\n\n{END}{rest.partition(END)[2]}"


def main() -> None:
    """Write page and pictures."""
    PAGE.write_text(page_with(PAGE.read_text(), written()))
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.svg"):
        old.unlink()
    for shots in PICTURES.values():
        for name, snapshot in shots.items():
            (FOLDER / f"{name}.svg").write_text(picture(snapshot))


def picture(snapshot: str) -> str:
    """A snapshot in the colours of a real virtual terminal."""
    return recoloured((ROOT / "tests" / "tui" / "__snapshots__" / f"{snapshot}.svg").read_text())


if __name__ == "__main__":
    main()
