"""Files as uploads bring them."""

from __future__ import annotations

from collections.abc import AsyncIterator


async def parts(content: bytes, size: int = 10_000) -> AsyncIterator[bytes]:
    """A file, piece by piece."""
    for start in range(0, len(content), size):
        yield content[start : start + size]
