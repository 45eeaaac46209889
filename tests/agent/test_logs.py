"""The agent's log is numbered, searchable, survives restarts and bad disks, and fools no terminal."""

import asyncio
import json
import logging
import stat
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from appliance.agent import logs
from appliance.agent.log_lines import LONGEST, harmless, read
from appliance.agent.logs import KEPT, LogBook
from appliance.contract.system import Level
from appliance.core.jobs import Run, Runner, Step, Workflow
from appliance.core.store import Store


@pytest.fixture
def book(tmp_path: Path) -> Iterator[LogBook]:
    made = LogBook(tmp_path / "log")
    yield made
    made.close()


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    made = logging.Logger("appliance.tunnel.dialler")
    yield made
    assert made.handlers == []


def messages(book: LogBook, **asked: object) -> list[str]:
    return [entry.message for entry in book.page(**asked).entries]  # type: ignore[arg-type]


def test_what_is_logged_is_numbered_with_its_level_and_source(book: LogBook, logger: logging.Logger) -> None:
    book.install(logger)
    logger.warning("the tunnel of %s is down", "Paris")
    logger.debug("a detail")
    book.close()
    first, second = book.page().entries
    assert (first.number, first.level, first.source, first.message) == (1, "warning", logger.name, "the tunnel of Paris is down")
    assert (second.number, second.level, book.page().last) == (2, "debug", 2)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["Alpha", "beta", "gamma", "delta"]),
        ({"after": 2}, ["gamma", "delta"]),
        ({"limit": 2}, ["gamma", "delta"]),
        ({"level": Level.WARNING}, ["beta", "delta"]),
        ({"level": Level.WARNING, "limit": 1}, ["delta"]),
        ({"contains": "ALPHA"}, ["Alpha"]),
        ({"contains": "a.b"}, []),
        ({"contains": "tunnel: g"}, ["gamma"]),
        ({"after": 4}, []),
        ({"after": 900}, ["Alpha", "beta", "gamma", "delta"]),
    ],
)
def test_a_page_has_the_newest_lines_that_were_asked_for(book: LogBook, asked: dict[str, object], found: list[str]) -> None:
    for level, message in ((Level.INFO, "Alpha"), (Level.WARNING, "beta"), (Level.INFO, "gamma"), (Level.ERROR, "delta")):
        book.add(level, "tunnel", message)
    assert messages(book, **asked) == found
    assert book.page(**asked).last == 4  # type: ignore[arg-type]


def test_memory_holds_the_newest_lines_only(book: LogBook) -> None:
    for number in range(KEPT + 10):
        book.add(Level.INFO, "x", str(number))
    entries = book.page(limit=KEPT * 2).entries
    assert (len(entries), entries[0].message, entries[-1].number) == (KEPT, "10", KEPT + 10)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain é 漢字 …", "plain é 漢字 …"),
        ("\x1b[2J\x1b]0;owned\x07", r"\x1b[2J\x1b]0;owned\x07"),
        ("a\rb\bc\x00d\x7f", r"a\rb\x08c\x00d\x7f"),
        ("\x9b31m", r"\x9b31m"),
        ("gnp\u202egpj.exe\u2028", r"gnp\u202egpj.exe\u2028"),
        ("name\udc80", r"name\udc80"),
        ("a\tb", "a   b"),
    ],
)
def test_nothing_in_a_message_reaches_a_terminal_as_a_command(book: LogBook, said: str, shown: str) -> None:
    book.add(Level.INFO, said, said)
    entry = book.page().entries[0]
    assert entry.message == shown and entry.source.isprintable()
    assert harmless(shown) == shown
    entry.model_dump_json()


def test_a_message_cannot_pass_for_a_line_of_the_log(book: LogBook) -> None:
    book.add(Level.INFO, "vcenter", "name\n99 2026-01-01T00:00:00+00:00 error gate: opened")
    book.close()
    assert [(entry.number, entry.source) for entry in book.page().entries] == [(1, "vcenter"), (2, "vcenter")]


def test_a_long_line_is_cut(book: LogBook) -> None:
    book.add(Level.INFO, "x", "\x1b" * 3 * LONGEST)
    assert len(book.page().entries[0].message) == LONGEST


def test_a_traceback_keeps_its_lines(book: LogBook, logger: logging.Logger) -> None:
    book.install(logger)
    try:
        raise RuntimeError("no way")
    except RuntimeError:
        logger.exception("it failed")
    book.close()
    found = messages(book)
    assert (found[0], found[1], found[-1]) == ("it failed", "Traceback (most recent call last):", "RuntimeError: no way")


def test_a_message_that_cannot_be_formed_hurts_nobody(book: LogBook, logger: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    class Hostile:
        def __str__(self) -> str:
            raise LookupError("no text")

    book.install(logger)
    logger.info("%s", Hostile())
    logger.info("%d", "x")
    book.close()
    assert all("could not be formed" in message for message in messages(book)) and book.last == 2


def test_a_secret_that_looks_like_one_does_not_get_in(book: LogBook) -> None:
    book.add(Level.INFO, "http", "Authorization: Bearer abcdefghijklmnop password=hunter22")
    book.add(Level.INFO, "key", "-----BEGIN PRIVATE KEY-----\nMIIBVgIBADANBg\n-----END PRIVATE KEY-----\nafter")
    shown = " ".join(messages(book))
    assert "abcdef" not in shown and "hunter22" not in shown and "MIIB" not in shown and shown.endswith("after")


def test_lines_from_before_a_restart_are_shown_and_numbers_go_on(tmp_path: Path) -> None:
    first = LogBook(tmp_path)
    for number in range(20):
        first.add(Level.WARNING, "a b:c", f"line {number}: é")
    first.close()
    second = LogBook(tmp_path)
    second.add(Level.INFO, "x", "again")
    second.close()
    assert [entry.number for entry in second.page().entries] == list(range(1, 22))
    assert second.page().entries[:20] == first.page().entries


def test_a_torn_file_costs_only_the_torn_line(tmp_path: Path) -> None:
    first = LogBook(tmp_path)
    first.add(Level.INFO, "x", "whole")
    first.close()
    with (tmp_path / "agent.log").open("ab") as file:
        file.write(b"\xff\x00garbage\n2 2026-01-01T00:00:00+00:00 in")
    second = LogBook(tmp_path)
    second.add(Level.INFO, "x", "next")
    second.close()
    assert messages(LogBookOf(tmp_path)) == ["whole", "next"]


def LogBookOf(folder: Path) -> LogBook:
    book = LogBook(folder)
    book.close()
    return book


@pytest.mark.parametrize("line", ["", "x", "1 now info a: b", "1 2026-01-01T00:00:00+00:00 loud a: b", "1" * 20 + " 2026 info a: b"])
def test_a_line_that_is_none_of_ours_is_no_entry(line: str) -> None:
    assert read(line) is None


def test_files_rotate_are_few_and_only_ours_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 2000)
    book = LogBook(tmp_path / "log")
    for number in range(300):
        book.add(Level.INFO, "x", f"{number} " + "y" * 50)
    book.close()
    files = sorted((tmp_path / "log").iterdir())
    assert [path.name for path in files] == ["agent.log", *(f"agent.log.{n}" for n in range(1, 5))]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert max(path.stat().st_size for path in files) < 2200
    assert LogBookOf(tmp_path / "log").last == 300


@pytest.mark.parametrize("obstacle", ["folder is a file", "disk is full"])
def test_a_disk_that_cannot_be_written_hurts_only_the_files(tmp_path: Path, obstacle: str) -> None:
    if obstacle == "disk is full":
        (tmp_path / "log").mkdir()
        (tmp_path / "log" / "agent.log").symlink_to("/dev/full")
    else:
        (tmp_path / "log").write_text("")
    book = LogBook(tmp_path / "log")
    for number in range(1000):
        book.add(Level.INFO, "x", str(number))
    book.close()
    assert len(book.page(limit=2000).entries) == 1000


def test_files_are_written_again_once_the_disk_allows(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("")
    book = LogBook(tmp_path / "log")
    book.add(Level.INFO, "x", "lost")
    while book._queue.qsize():
        time.sleep(0.01)
    time.sleep(0.05)
    (tmp_path / "log").unlink()
    book.add(Level.INFO, "x", "kept")
    book.close()
    assert "kept" in (tmp_path / "log" / "agent.log").read_text()


async def test_a_line_from_a_thread_wakes_who_waits(book: LogBook) -> None:
    waiting = asyncio.create_task(book.wait(0, 10))
    await asyncio.sleep(0)
    await asyncio.to_thread(book.add, Level.INFO, "x", "now")
    assert await waiting and await book.wait(0, 0) and not await book.wait(1, 0.01)
    assert not book._waiters


async def test_logging_does_not_wait_for_the_disk(book: LogBook, logger: logging.Logger) -> None:
    book.install(logger)
    held = book._files
    held.acquire()  # the disk hangs

    def log() -> None:
        for number in range(2000):
            logger.info("line %d", number)

    try:
        async with asyncio.timeout(60):
            await asyncio.to_thread(log)
    finally:
        held.release()
    book.close()
    assert book.last == 2000


@pytest.mark.parametrize("line", ['{"number":1}', "{", "{}", "[1]", '{"number":1,"at":"now","level":"info","source":"x"}', '{"a":' * 500])
def test_json_that_is_none_of_ours_is_no_entry(line: str) -> None:
    assert read(line) is None


def test_a_line_on_disk_is_one_json_object(tmp_path: Path) -> None:
    book = LogBook(tmp_path)
    book.add(Level.WARNING, "tunnel", 'say "é" \\ \x1b[2J')
    book.close()
    [line] = (tmp_path / "agent.log").read_text().splitlines()
    found = json.loads(line)
    assert (found["number"], found["level"], found["source"], found["message"]) == (1, "warning", "tunnel", 'say "é" \\ \\x1b[2J')
    assert datetime.fromisoformat(found["at"]).tzinfo and "job_id" not in found


def test_lines_of_an_earlier_release_are_still_read() -> None:
    entry = read("7 2026-01-01T00:00:00+00:00 info appliance.tunnel: up: again")
    assert entry is not None and (entry.number, entry.source, entry.message, entry.job_id) == (7, "appliance.tunnel", "up: again", "")


def test_what_somebody_wrote_into_the_file_cannot_steer_a_terminal() -> None:
    hostile = {"source": "x\x1b[2J", "message": "a\x07b\nc", "job_id": "\x9b"}
    entry = read(json.dumps({"number": 1, "at": "2026-01-01T00:00:00Z", "level": "info", **hostile}))
    assert entry is not None and all(text.isprintable() for text in (entry.source, entry.message, entry.job_id))


def test_a_page_is_limited_in_size_too(book: LogBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "PAGE", 100)
    for number in range(9):
        book.add(Level.INFO, "x", str(number) * 30)
    assert [one[0] for one in messages(book)] == ["6", "7", "8"]


class Talks(Step):
    """Says something itself, in a thread and in a task of its own, in turns with another job."""

    name, title = "talk", "Talking"

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._meeting = asyncio.Barrier(2)

    async def do(self, run: Run) -> None:
        for _ in range(3):
            await self._meeting.wait()
            self._logger.info("itself for %s", run.id)
            await asyncio.to_thread(self._logger.info, "in a thread for %s", run.id)
            await asyncio.create_task(self._say(run.id))

    async def _say(self, job_id: str) -> None:
        self._logger.info("in a task for %s", job_id)


class Talk(Workflow):
    kind = "talk"


async def test_the_lines_of_two_jobs_side_by_side_are_not_mixed_up(store: Store, book: LogBook, logger: logging.Logger) -> None:
    book.install(logger)
    runner = Runner(store, [Talk([Talks(logger)])])
    jobs = [await runner.submit("talk", {}, correlation_id=f"request-{n}") for n in range(2)]
    for job_id in jobs:
        await runner.wait(job_id)
    logger.info("nobody's")
    book.close()
    for number, job_id in enumerate(jobs):
        found = book.page(job=job_id).entries
        assert len(found) == 9 and all(one.message.endswith(job_id) and one.correlation == f"request-{number}" for one in found)
        assert book.page(job=f"request-{number}").entries == found == book.page(contains=job_id.upper()).entries
    assert [one.message for one in book.page().entries if not one.job_id] == ["nobody's"]


async def test_lines_of_a_job_are_told_apart_after_a_restart_too(store: Store, tmp_path: Path, logger: logging.Logger) -> None:
    first = LogBook(tmp_path / "log")
    first.install(logger)
    runner = Runner(store, [Talk([Talks(logger)])])
    jobs = [await runner.submit("talk", {}) for _ in range(2)]
    for job_id in jobs:
        await runner.wait(job_id)
    first.close()
    assert LogBookOf(tmp_path / "log").page(job=jobs[1]).entries == first.page(job=jobs[1]).entries != []
