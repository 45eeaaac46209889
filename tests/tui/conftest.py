"""What all tests of the console have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import textual._wait

from appliance.tui.screens.base import ConsoleScreen

textual._wait.SLEEP_GRANULARITY = 1 / 250
textual._wait.SLEEP_IDLE = 1 / 500
"""Pilots look more often whether a screen is idle: their tests wait, they do not work."""

NEVER = 3600.0
"""Seconds between two looks of a screen at the agent, in a test that takes a picture."""


@pytest.fixture(autouse=True)
def one_look_for_a_picture(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture shows what a screen saw when it came up: on a busy machine a chart would have a sample more."""
    if "snap_compare" in request.fixturenames:
        for screen in _kinds(ConsoleScreen):
            if "EVERY" in vars(screen):
                monkeypatch.setattr(screen, "EVERY", NEVER)


def _kinds(screen: type[ConsoleScreen]) -> Iterator[type[ConsoleScreen]]:
    yield screen
    for one in screen.__subclasses__():
        yield from _kinds(one)
