"""What is no back-up costs its reader neither memory nor an error that nobody expects."""

import gzip

import pytest

from appliance.agent.backup.archive import Contents
from appliance.contract.errors import Fault
from tests.core.tar_bombs import BOMBS


@pytest.mark.parametrize("kind", BOMBS)
def test_what_has_headers_without_bounds_is_no_back_up(kind: str) -> None:
    _is_unreadable(gzip.compress(BOMBS[kind]("manifest.json"), 1))


def test_what_is_damaged_is_no_back_up() -> None:
    _is_unreadable(gzip.compress(BOMBS["chain"]("manifest.json"))[:20] + b"x" * 5000)


def _is_unreadable(content: bytes) -> None:
    with pytest.raises(Fault) as refused:
        Contents(content)
    assert refused.value.key == "backup.unreadable"
