"""A long file that comes in parts."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from appliance.contract.errors import Fault
from appliance.core import receiving
from appliance.core.receiving import LEAST, PIECE, received, sweep

LIMIT = 8 << 20


async def parts(*pieces: bytes, then: BaseException | None = None) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    if then is not None:
        raise then


async def silent() -> AsyncIterator[bytes]:
    yield b"begun"
    await asyncio.Event().wait()


async def test_what_came_whole_is_there_with_its_size_and_digest_for_whoever_keeps_it(tmp_path: Path) -> None:
    content = bytes(range(256)) * 9000
    heard: list[int] = []
    async with received(parts(content[:7], content[7:], b""), tmp_path / "new", limit=LIMIT, heard=heard.append) as came:
        assert came.path.parent == tmp_path / "new" and came.path.stat().st_mode & 0o777 == 0o600
        assert (came.size, came.sha256, heard) == (len(content), hashlib.sha256(content).hexdigest(), [len(content)])
        came.path.replace(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == content and list((tmp_path / "new").iterdir()) == []


async def test_nothing_at_all_is_an_empty_file(tmp_path: Path) -> None:
    async with received(parts(), tmp_path, limit=LIMIT) as came:
        assert came.size == came.path.stat().st_size == 0


async def test_what_nobody_keeps_goes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not what it should be"):
        async with received(parts(b"x"), tmp_path, limit=LIMIT):
            raise ValueError("not what it should be")
    assert list(tmp_path.iterdir()) == []


class Clock:
    """The event loop's, which goes on by itself and may be put forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop, self._ahead = asyncio.get_running_loop(), 0.0
        by_itself = loop.time
        monkeypatch.setattr(loop, "time", lambda: by_itself() + self._ahead)

    def forward(self, seconds: float) -> None:
        self._ahead += seconds


async def slowly(clock: Clock, pause: float, piece: bytes, times: int) -> AsyncIterator[bytes]:
    for _ in range(times):
        clock.forward(pause)
        await asyncio.sleep(0)
        yield piece


async def taken(stream: AsyncIterator[bytes], folder: Path) -> None:
    async with received(stream, folder, limit=LIMIT, silence=0.05) as came:
        came.path.replace(folder / "file")


@pytest.mark.parametrize(
    ("stream", "key"),
    [
        (lambda: parts(b"x" * 100, b"x" * LIMIT), "request.too_large"),
        (lambda: parts(b"x" * 100, then=ConnectionResetError()), None),
        (silent, "upload.stopped"),
    ],
)
async def test_of_what_did_not_come_whole_nothing_is_left(
    stream: Callable[[], AsyncIterator[bytes]], key: str | None, tmp_path: Path
) -> None:
    with pytest.raises(Exception) as caught:
        await taken(stream(), tmp_path)
    assert (caught.value.key if isinstance(caught.value, Fault) else None) == key
    assert list(tmp_path.iterdir()) == []


async def test_a_sender_of_a_byte_now_and_then_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Fault) as caught:
        async with received(slowly(Clock(monkeypatch), 25, b"x", 100), tmp_path, limit=LIMIT):
            pass
    assert caught.value.key == "upload.stopped" and list(tmp_path.iterdir()) == []


async def test_a_slow_sender_that_goes_on_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with received(slowly(Clock(monkeypatch), 25, b"x" * (LEAST // 2), 20), tmp_path, limit=LIMIT) as came:
        assert came.size == 10 * LEAST


async def test_the_time_that_the_disk_takes_is_not_the_senders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    pieces = slowly(clock, 1, b"x" * PIECE, 3)
    async with received(pieces, tmp_path, limit=LIMIT, heard=lambda _: clock.forward(100)) as came:
        assert came.size == 3 * PIECE


async def test_the_records_keep_their_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "KEPT_FREE", 1 << 60)
    with pytest.raises(Fault) as caught:
        await taken(parts(b"x"), tmp_path)
    assert caught.value.key == "upload.no_room" and list(tmp_path.iterdir()) == []


async def test_two_that_come_at_once_do_not_mix(tmp_path: Path) -> None:
    await asyncio.gather(*(taken(parts(*[word * 1000] * 50), tmp_path) for word in (b"a", b"b")))
    assert len(set((tmp_path / "file").read_bytes())) == 1 and len(list(tmp_path.iterdir())) == 1


async def test_one_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    task = asyncio.create_task(taken(silent(), tmp_path))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_agent_left_is_swept_away(tmp_path: Path) -> None:
    for folder in (tmp_path / "discs", tmp_path / "archives"):
        folder.mkdir()
        (folder / ".0123.part").touch()
        (folder / "file").touch()
    sweep(tmp_path)
    assert sorted(tmp_path.rglob("*.*")) == [] and len(list(tmp_path.rglob("file"))) == 2
