"""How long a connection may take until requests can be made on it: a source opens the disk at the far end first."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.replication.mover import links
from appliance.replication.mover.links import SOURCE_TIME, Link, shake_hands, source_link
from appliance.replication.mover.protocol import CopyError, Kind, Source


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Link]:
    """A source that is dialled and says nothing yet."""
    path = tmp_path / "disk.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        yield source_link(Source(socket=str(path), export=""))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the links, in seconds; changed by the test."""
    now = [1000.0]
    monkeypatch.setattr(links.time, "monotonic", lambda: now[0])
    return now


def test_a_source_has_a_minute_to_open_its_disk(silent: Link, clock: list[float]) -> None:
    def later(_: float) -> None:
        clock[0] += 7.0

    with pytest.raises(CopyError, match="not finished in time") as refused:
        shake_hands([silent], later)
    assert refused.value.kind is Kind.SOURCE_LOST
    assert clock[0] - 1000.0 > SOURCE_TIME >= 60.0
