"""The library over the VMA's own API: sent in parts, accepted, removed."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from appliance.agent.http.disk_library import DiskLibraryRoutes
from appliance.agent.http.local import operator_application
from appliance.contract.disk_library import DiskLibraryApi
from appliance.vsphere.vddk.library import Library
from tests.uploads import parts
from tests.vsphere.disk_library import library, loader, packed

PATH = "/api/v1/disk-library"


@pytest.fixture
async def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[aiohttp.ClientSession]:
    monkeypatch.setenv("PATH", loader(tmp_path / "bin"), prepend=":")
    kept = Library(tmp_path / "disk-library")
    await kept.open()
    app = operator_application(((DiskLibraryApi, DiskLibraryRoutes(kept, cast(Any, None))),), None)
    async with TestServer(app) as server, aiohttp.ClientSession(server.make_url("/")) as session:
        yield session


async def asked(api: aiohttp.ClientSession, method: str, path: str = PATH, **options: Any) -> tuple[int, Any]:
    async with api.request(method, path, **options) as answer:
        return answer.status, await answer.json() if answer.content_type == "application/json" else None


async def test_an_archive_is_sent_accepted_shown_and_removed(api: aiohttp.ClientSession) -> None:
    status, received = await asked(api, "PUT", data=parts(packed(library())))
    assert status == 201 and received["version"] == "7.0.3"
    body = {"sha256": received["sha256"], "licensed": True}
    status, state = await asked(api, "POST", f"{PATH}/accept", json=body)
    assert status == 200 and state["reader"] == "library" and state["installed"]["version"] == "7.0.3"
    assert (await asked(api, "POST", f"{PATH}/check"))[1] == state == (await asked(api, "GET"))[1]
    assert (await asked(api, "DELETE"))[0] == 204
    assert (await asked(api, "GET"))[1]["reader"] == "https"


async def test_nothing_is_accepted_without_the_statement(api: aiohttp.ClientSession) -> None:
    _, received = await asked(api, "PUT", data=parts(packed(library())))
    for body in ({"sha256": received["sha256"]}, {"sha256": received["sha256"], "licensed": False}, {"licensed": True}):
        status, answer = await asked(api, "POST", f"{PATH}/accept", json=body)
        assert status == 400 and answer["error"]["key"] == "request.invalid"
    assert (await asked(api, "GET"))[1]["reader"] == "https"


@pytest.mark.parametrize("content", [b"", b"<html>", packed(library())[:300]], ids=["empty", "page", "cut off"])
async def test_what_is_not_the_archive_is_refused_with_a_sentence(api: aiohttp.ClientSession, content: bytes) -> None:
    status, answer = await asked(api, "PUT", data=content)
    assert status == 422 and answer["error"]["key"] == "library.not_the_archive"


async def test_of_an_upload_that_is_broken_off_nothing_is_left(api: aiohttp.ClientSession, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield packed(library())[:200]
        raise ConnectionResetError

    with pytest.raises((aiohttp.ClientError, ConnectionResetError)):
        await asked(api, "PUT", data=broken())
    async with asyncio.timeout(60):
        while list((tmp_path / "disk-library").iterdir()):
            await asyncio.sleep(0.01)
    assert (await asked(api, "GET"))[1]["received"] is None


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://host/x", "http://user:word@host/x", "http://a b/", ""])
async def test_only_plain_web_addresses_are_fetched_from(api: aiohttp.ClientSession, address: str) -> None:
    status, answer = await asked(api, "POST", f"{PATH}/fetch", json={"address": address})
    assert status == 400 and answer["error"]["key"] == "request.invalid"


@pytest.mark.parametrize("piped", [False, True], ids=["file", "pipe"])
async def test_the_command_sends_a_file_or_what_comes_by_a_pipe(piped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", loader(tmp_path / "bin"), prepend=":")
    kept, archive = Library(tmp_path / "disk-library"), tmp_path / "archive.tar.gz"
    await kept.open()
    archive.write_bytes(packed(library()))
    with tempfile.TemporaryDirectory(prefix="dl-") as short:
        runner = web.AppRunner(operator_application(((DiskLibraryApi, DiskLibraryRoutes(kept, cast(Any, None))),), None))
        await runner.setup()
        await web.UnixSite(runner, f"{short}/api.sock").start()
        words = ["library", "upload", "-" if piped else str(archive), "--json", "--socket", f"{short}/api.sock"]
        argv = [sys.executable, "-m", "appliance.cli", *words]
        with archive.open("rb") as content:
            process = await asyncio.create_subprocess_exec(*argv, stdin=content, stdout=asyncio.subprocess.PIPE)
            said = (await process.communicate())[0]
        await runner.cleanup()
    assert process.returncode == 0 and json.loads(said)["version"] == "7.0.3"
    assert (await kept.state()).received is not None
