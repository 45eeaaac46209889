"""Headers of tar files cost no more memory than a name needs."""

import io
import tarfile
import tracemalloc

import pytest

from appliance.core.tars import Header
from tests.core.tar_bombs import BOMBS, plain


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("mode", ["r:", "r|"])
def test_a_header_that_grows_without_bounds_is_refused_before_it_does(name: str, mode: str) -> None:
    file = io.BytesIO(BOMBS[name]("manifest.json") + bytes(1024))
    tracemalloc.start()
    with pytest.raises((tarfile.TarError, RecursionError)), tarfile.open(fileobj=file, mode=mode, tarinfo=Header) as tar:
        tar.getmembers()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 << 20


def test_long_names_are_read() -> None:
    names = ["a" * 300, "é" * 200]
    with tarfile.open(fileobj=io.BytesIO(plain(names)), tarinfo=Header) as tar:
        assert tar.getnames() == names
