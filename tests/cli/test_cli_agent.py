"""The command line against a real agent: over its socket without a token, over its port with one."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from appliance.agent.config import Config
from appliance.agent.logs import LogBook
from appliance.agent.machine import Host, network_of
from appliance.agent.oma import running_oma
from appliance.cli.main import main

Type = Callable[[str], Awaitable[int]]


@pytest.fixture
async def type_in(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Type]:
    """Type a line on the machine of an agent with an empty database."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = Config.model_validate(
            {
                "role": "oma",
                "name": "oma1",
                "state_dir": folder / "state",
                "run_dir": folder / "run",
                "front_door": {"address": "127.0.0.1", "port": 0},
                "api": {"port": 0},
                "machine": {"restart": [], "power_off": [], "networkd_dir": folder / "networkd"},
                "storage": {"devices_dir": folder / "devices", "export_port": 0},
            }
        )
        for one in (made.state_dir, made.run_dir):
            one.mkdir()
        book = LogBook(made.state_dir / "log")
        stack.callback(book.close)
        api = await stack.enter_async_context(running_oma(made, Host(book, network_of(made), lambda: None)))
        monkeypatch.setenv("APPLIANCE_SOCKET", str(made.api_socket))

        async def typed(line: str) -> int:
            words = line.replace("PORT", str(api.port)).replace("FIRST", str(made.token_file)).replace("FOLDER", str(folder)).split()
            return await asyncio.to_thread(main, words)

        yield typed


async def test_an_agent_is_asked_over_its_socket(type_in: Type, capsys: pytest.CaptureFixture[str]) -> None:
    assert await type_in("status --json") == 0
    assert json.loads(capsys.readouterr().out)["role"] == "oma"
    for noun in ("vms", "jobs", "credentials", "clouds", "schedules", "groups", "peers", "settings", "tokens"):
        assert await type_in(f"{noun} list") == 0, noun
    for line in ("audit", "logs show", "health", "tunnel show", "windows show", "metrics"):
        assert await type_in(line) == 0, line
    assert await type_in("jobs show job-nothing") == 1
    assert "There is no job job-nothing here." in capsys.readouterr().err


async def test_a_setting_is_set_shown_and_reset(type_in: Type, capsys: pytest.CaptureFixture[str]) -> None:
    assert await type_in("settings set console.idle_minutes 30") == 0
    assert await type_in("settings set console.idle_minutes 0") == 1
    told = capsys.readouterr()
    assert "Type a whole number from 1 to 240 (minutes)." in told.err
    assert await type_in("settings show console.idle_minutes --json") == 0
    assert json.loads(capsys.readouterr().out)["value"] == 30
    assert await type_in("settings reset console.idle_minutes") == 0


async def test_a_viewers_token_looks_from_elsewhere_and_changes_nothing(type_in: Type, capsys: pytest.CaptureFixture[str]) -> None:
    assert await type_in("tokens create board --role viewer --json") == 0
    text = json.loads(capsys.readouterr().out)["text"]
    far = "--url http://127.0.0.1:PORT --token-file"
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(text)
        file.flush()
        assert await type_in(f"jobs list {far} {file.name}") == 0
        assert await type_in(f"settings set console.idle_minutes 5 {far} {file.name}") == 1
    assert "This needs a token with the role admin; this one has the role viewer." in capsys.readouterr().err
    assert await type_in(f"settings set console.idle_minutes 5 {far} FIRST") == 0
    capsys.readouterr()
    assert await type_in("audit --json") == 0
    told = [(one["actor"], one["action"], one["result"]) for one in json.loads(capsys.readouterr().out)]
    assert told[:2] == [("operator", "settings.change_setting", "done"), ("board", "settings.change_setting", "refused")]


async def test_a_job_is_followed_to_its_end_and_its_file_fetched(type_in: Type, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert await type_in("support-bundle make --wait --json") == 0
    assert json.loads(capsys.readouterr().out)["status"] == "completed"
    assert await type_in("support-bundle list --json") == 0
    name = json.loads(capsys.readouterr().out)[0]["name"]
    assert await type_in(f"support-bundle download {name} --out {tmp_path}/bundle") == 0
    assert (tmp_path / "bundle").read_bytes()[:2] == b"\x1f\x8b"


async def test_from_elsewhere_the_appliance_is_known_by_its_certificate(type_in: Type, capsys: pytest.CaptureFixture[str]) -> None:
    assert await type_in("status --json") == 0
    status = json.loads(capsys.readouterr().out)
    far = f"--url https://127.0.0.1:{urlsplit(status['url']).port}/operator --token-file FIRST"
    shown = status["certificate_fingerprint"]
    assert await type_in(f"status --json {far} --server-fingerprint {shown}") == 0
    assert json.loads(capsys.readouterr().out)["appliance_id"] == status["appliance_id"]
    assert await type_in(f"status {far} --server-fingerprint {shown[::-1]}") == 1
    assert await type_in(f"status {far}") == 1
    assert await type_in(f"status {far} --server-fingerprint short") == 2
