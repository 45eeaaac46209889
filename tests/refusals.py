"""What is refused, and with which Fault."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest

from appliance.contract.errors import Fault


async def refusal(asked: Awaitable[object]) -> Fault:
    """The Fault with which this is refused."""
    with pytest.raises(Fault) as refused:
        await asked
    return refused.value
