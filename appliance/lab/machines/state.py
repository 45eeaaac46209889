"""What the lab remembers about a source machine, as one JSON file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from uuid import UUID

from appliance.lab.machines.qmp import Json
from appliance.lab.machines.tracking import Track


@dataclass(frozen=True)
class ChangePoint:
    """A moment in the life of a disk: vSphere writes it as `52 xx … /N`. Points of different epochs cannot be compared."""

    epoch: UUID
    sequence: int


@dataclass(frozen=True)
class Snapshot:
    """A snapshot: `points` is, per disk key, the moment at which it was taken (empty while changes are not tracked).

    `overlay` numbers the files that take what is written after it.
    """

    id: str
    points: dict[int, ChangePoint]
    overlay: int


@dataclass
class State:
    """`on`: the machine is running, or was when its power was cut, so that the newest changes are known to nobody."""

    capacities: dict[int, int]
    on: bool = False
    overlays_made: int = 0
    snapshots: list[Snapshot] = field(default_factory=list)
    tracks: dict[int, Track] = field(default_factory=dict)


def load(path: Path, capacities: Mapping[int, int]) -> State:
    """The state in a file, or a new machine's; disks that the file does not know are added."""
    if not path.exists():
        return State(dict(capacities))
    kept = json.loads(path.read_text())
    return State(
        capacities=dict(capacities) | {int(key): size for key, size in kept["capacities"].items()},
        on=kept["on"],
        overlays_made=kept["overlays_made"],
        snapshots=[_snapshot(entry) for entry in kept["snapshots"]],
        tracks={int(key): _track(entry) for key, entry in kept["tracks"].items()},
    )


def save(path: Path, state: State) -> None:
    """Replace the file at once, so that whoever reads it sees the old or the new."""
    kept = {
        "capacities": state.capacities,
        "on": state.on,
        "overlays_made": state.overlays_made,
        "snapshots": [_snapshot_entry(snapshot) for snapshot in state.snapshots],
        "tracks": {key: _track_entry(track) for key, track in state.tracks.items()},
    }
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(kept))
    temporary.replace(path)


def _snapshot(entry: Json) -> Snapshot:
    points = cast(dict[str, tuple[str, int]], entry["points"])
    moments = {int(key): ChangePoint(UUID(epoch), sequence) for key, (epoch, sequence) in points.items()}
    return Snapshot(cast(str, entry["id"]), moments, cast(int, entry["overlay"]))


def _snapshot_entry(snapshot: Snapshot) -> Json:
    points = {key: (str(point.epoch), point.sequence) for key, point in snapshot.points.items()}
    return {"id": snapshot.id, "points": points, "overlay": snapshot.overlay}


def _track(entry: Json) -> Track:
    closed = {int(number): _extents(extents) for number, extents in cast(dict[str, object], entry["closed"]).items()}
    return Track(UUID(cast(str, entry["epoch"])), cast(int, entry["sequence"]), closed, _extents(entry["running"]))


def _track_entry(track: Track) -> Json:
    return {"epoch": str(track.epoch), "sequence": track.sequence, "closed": track.closed, "running": track.running}


def _extents(entry: object) -> list[tuple[int, int]]:
    return [(offset, length) for offset, length in cast(list[tuple[int, int]], entry)]
