"""build/bench.json: one object a benchmark, each run replacing only its own."""

from __future__ import annotations

import json
from pathlib import Path

from bench.pairs import Pair, ratio, spread


def result(pairs: list[Pair], worker_rss: int, **more: object) -> dict[str, object]:
    """The object of one benchmark; times in seconds, memory in MiB."""
    return {
        "ours_s": [round(pair.ours, 3) for pair in pairs],
        "peer_s": [round(pair.peer, 3) for pair in pairs],
        "ratio": round(ratio(pairs), 3),
        "peer_spread": round(spread(pairs), 3),
        "worker_rss_mib": round(worker_rss / 2**20, 1),
        **more,
    }


def merge(path: Path, key: str, value: dict[str, object]) -> None:
    """Writes one benchmark's object into the file beside the others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    everything = json.loads(path.read_text()) if path.exists() else {}
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({**everything, key: value}, indent=2) + "\n")
    draft.replace(path)
