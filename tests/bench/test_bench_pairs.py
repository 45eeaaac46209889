"""How pairs of runs become a figure, and where it is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from bench.pairs import Pair, Run, alternate, ratio, spread, without_outlier
from bench.results import merge, result


def runs(times: Iterator[float], log: list[str], name: str) -> Run:
    async def run() -> float:
        log.append(name)
        return next(times)

    return run


def test_the_ratio_is_the_median_of_the_paired_ratios() -> None:
    assert ratio([Pair(1, 2), Pair(9, 3), Pair(4, 4)]) == 1


def test_the_spread_is_the_peers_alone() -> None:
    assert spread([Pair(100, 10), Pair(1, 11), Pair(5, 9)]) == 0.2


def test_the_outlier_is_chosen_by_the_peers_run() -> None:
    assert without_outlier([Pair(50, 10), Pair(1, 20), Pair(1, 11)]) == [Pair(50, 10), Pair(1, 11)]


async def test_the_order_changes_from_pair_to_pair() -> None:
    log: list[str] = []
    pairs = await alternate(runs(iter([1, 2, 3]), log, "ours"), runs(iter([10, 10, 10]), log, "peer"), 3, 3)
    assert log == ["ours", "peer", "peer", "ours", "ours", "peer"]
    assert pairs == [Pair(1, 10), Pair(2, 10), Pair(3, 10)]


async def test_pairs_are_repeated_while_the_peer_is_uneasy_but_not_for_ever() -> None:
    log: list[str] = []
    calm = await alternate(runs(iter([1] * 9), log, "ours"), runs(iter([10, 20, 10, 10]), log, "peer"), 3, 5)
    assert [pair.peer for pair in calm] == [10, 10, 10]
    uneasy = await alternate(runs(iter([1] * 9), log, "ours"), runs(iter([1, 9, 17, 25, 33, 41]), log, "peer"), 3, 2)
    assert len(uneasy) == 3


def test_a_benchmark_replaces_only_its_own_object(tmp_path: Path) -> None:
    path = tmp_path / "build" / "bench.json"
    merge(path, "others", {"ratio": 2})
    merge(path, "copy_tls", result([Pair(1, 2)], 3 << 20, peer="nbdcopy -C 1"))
    merge(path, "copy_tls", result([Pair(3, 2)], 3 << 20))
    written = json.loads(path.read_text())
    assert written["others"] == {"ratio": 2}
    assert written["copy_tls"] == {"ours_s": [3], "peer_s": [2], "ratio": 1.5, "peer_spread": 0.0, "worker_rss_mib": 3.0}
