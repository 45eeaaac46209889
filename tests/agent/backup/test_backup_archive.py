"""What is no back-up costs its reader neither memory nor an error that nobody expects."""

import gzip

import pytest

from appliance.agent.backup.archive import Contents
from appliance.contract.errors import Fault
from tests.core.tar_bombs import BOMBS

DAMAGED = gzip.compress(BOMBS["chain"]("manifest.json"))


@pytest.mark.parametrize("content", [*(gzip.compress(make("manifest.json"), 1) for make in BOMBS.values()), DAMAGED[:20] + b"x" * 5000])
def test_what_has_headers_without_bounds_or_is_damaged_is_no_back_up(content: bytes) -> None:
    with pytest.raises(Fault) as refused:
        Contents(content)
    assert refused.value.key == "backup.unreadable"
