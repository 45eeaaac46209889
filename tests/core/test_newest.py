"""Of some files only the newest ones are kept."""

import os
from pathlib import Path

from appliance.core.newest import newest_first, thin_out


def made(folder: Path, **ages: int) -> list[Path]:
    for name, age in ages.items():
        (folder / name).touch()
        os.utime(folder / name, (1e9 - age, 1e9 - age))
    return [folder / name for name in ages]


def test_a_file_that_goes_while_others_are_looked_at_is_left_out(tmp_path: Path) -> None:
    a, b, c = made(tmp_path, a=3, b=2, c=1)
    b.unlink()
    assert newest_first([a, b, c]) == [c, a]


def test_the_latest_stays_also_where_the_clock_went_back(tmp_path: Path) -> None:
    files = made(tmp_path, a=1, b=2, c=3, latest=4)
    thin_out(files, 3, tmp_path / "latest")
    assert {one.name for one in tmp_path.iterdir()} == {"a", "b", "latest"}
