"""The benchmarks run, on small disks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.lab
@pytest.mark.peers
def test_every_benchmark_of_copies_gives_its_object(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "BENCH_DATA_MIB": "12", "BENCH_PAIRS": "1"}
    output = tmp_path / "bench.json"
    argv = [sys.executable, "-m", "bench", "copy_tls", "copy_plain", "sparse_1tib", "--output", str(output), "--memory", str(tmp_path)]
    subprocess.run(argv, check=True, timeout=100, env=environment, stdout=subprocess.DEVNULL)
    results = json.loads(output.read_text())
    assert results.keys() == {"copy_tls", "copy_plain", "sparse_1tib"}
    for outcome in results.values():
        assert {"ours_s", "peer_s", "ratio", "worker_rss_mib"} <= outcome.keys()
        assert 0 < outcome["worker_rss_mib"] < 200
    assert list(tmp_path.iterdir()) == [output]


def test_an_unknown_name_is_refused() -> None:
    done = subprocess.run([sys.executable, "-m", "bench", "copy_fast"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "no benchmark is called copy_fast" in done.stderr
