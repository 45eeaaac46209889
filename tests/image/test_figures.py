"""What is measured of the images."""

from __future__ import annotations

from pathlib import Path

from tests.image.figures import build_s, used_mib


def test_used_memory_is_what_is_not_available() -> None:
    assert used_mib("MemTotal:  1048576 kB\nMemFree:  1024 kB\nMemAvailable:  786432 kB\nHugePages_Total:  0") == 256


def test_a_build_that_noted_nothing_has_no_time(tmp_path: Path) -> None:
    assert build_s(tmp_path / "oma.json") is None


def test_the_time_of_a_build_is_as_it_was_noted(tmp_path: Path) -> None:
    (tmp_path / "oma.json").write_text('{"build_s": 67.2, "qcow2_mib": 181.2}')
    assert build_s(tmp_path / "oma.json") == 67.2
