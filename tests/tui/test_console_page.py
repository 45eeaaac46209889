"""docs/console.md has every screen with its keys and pictures, as they are."""

from __future__ import annotations

import pytest

from tests.tui.page import BEGIN, END, FOLDER, PAGE, keys, picture, screens, written
from tests.tui.pictures import PICTURES


@pytest.mark.parametrize("screen", screens(), ids=lambda one: one.NAME)
def test_a_screen_has_help_a_picture_and_its_keys_in_the_page(screen) -> None:  # type: ignore[no-untyped-def]
    text = PAGE.read_text()
    assert screen.HELP and f"(`{screen.NAME}`)" in text
    assert PICTURES[screen.NAME], "no picture"
    for names, does in keys(screen):
        assert f"| {names} | {does} |" in text


def test_the_part_about_the_screens_is_up_to_date() -> None:
    shown = PAGE.read_text().partition(BEGIN)[2].partition(END)[0].strip()
    assert shown == written(), "run: .venv/bin/python -m tests.tui.page"


def test_the_pictures_are_those_of_the_snapshots() -> None:
    wanted = {name: snapshot for shots in PICTURES.values() for name, snapshot in shots.items()}
    assert {one.stem for one in FOLDER.glob("*.svg")} == set(wanted)
    for name, snapshot in wanted.items():
        assert (FOLDER / f"{name}.svg").read_text() == picture(snapshot), "run: .venv/bin/python -m tests.tui.page"
