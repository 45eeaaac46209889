"""A long file that comes in parts."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from appliance.contract.errors import Fault
from appliance.core import receiving
from appliance.core.receiving import receive, sweep

LIMIT = 8 << 20


async def parts(*pieces: bytes, then: BaseException | None = None) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    if then is not None:
        raise then


async def silent() -> AsyncIterator[bytes]:
    yield b"begun"
    await asyncio.Event().wait()


async def test_what_came_whole_is_there_with_its_size_and_digest(tmp_path: Path) -> None:
    content = bytes(range(256)) * 9000
    heard: list[int] = []
    got = await receive(parts(content[:7], content[7:], b""), tmp_path / "new" / "file", limit=LIMIT, heard=heard.append)
    assert got.path.read_bytes() == content and got.path.stat().st_mode & 0o777 == 0o600
    assert (got.size, got.sha256, heard) == (len(content), hashlib.sha256(content).hexdigest(), [len(content)])


async def test_nothing_at_all_is_an_empty_file(tmp_path: Path) -> None:
    assert (await receive(parts(), tmp_path / "file", limit=LIMIT)).size == 0


@pytest.mark.parametrize(
    ("stream", "key"),
    [
        (lambda: parts(b"x" * 100, b"x" * LIMIT), "request.too_large"),
        (lambda: parts(b"x" * 100, then=ConnectionResetError()), None),
        (silent, "upload.stopped"),
    ],
)
async def test_of_what_did_not_come_whole_nothing_is_left_and_what_was_there_stays(
    stream: Callable[[], AsyncIterator[bytes]], key: str | None, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("former")
    with pytest.raises(Exception) as caught:
        await receive(stream(), tmp_path / "file", limit=LIMIT, silence=0.05)
    assert (caught.value.key if isinstance(caught.value, Fault) else None) == key
    assert [one.name for one in tmp_path.iterdir()] == ["file"] and (tmp_path / "file").read_text() == "former"


async def test_the_records_keep_their_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "KEPT_FREE", 1 << 60)
    with pytest.raises(Fault) as caught:
        await receive(parts(b"x"), tmp_path / "file", limit=LIMIT)
    assert caught.value.key == "upload.no_room" and list(tmp_path.iterdir()) == []


async def test_two_that_come_at_once_do_not_mix(tmp_path: Path) -> None:
    await asyncio.gather(*(receive(parts(*[word * 1000] * 50), tmp_path / "file", limit=LIMIT) for word in (b"a", b"b")))
    assert len(set((tmp_path / "file").read_bytes())) == 1 and len(list(tmp_path.iterdir())) == 1


async def test_one_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    task = asyncio.create_task(receive(silent(), tmp_path / "file", limit=LIMIT))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_agent_left_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / ".file.0123.part").touch()
    (tmp_path / "file").touch()
    sweep(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
