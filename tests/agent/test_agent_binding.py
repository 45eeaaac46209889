"""The operator's API refuses what is wrong with a clear answer, whatever it is."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from appliance.agent.http.binding import BODY_LIMIT
from appliance.agent.http.local import operator_application, read_token
from appliance.contract.api import Api, OperatorModel, route
from appliance.contract.client import Transport, client
from appliance.contract.errors import Fault, fault

FULL = fault("test.full", 409, "The shelf {shelf} is full.", "Take something off it.")


class Thing(OperatorModel):
    """Something on a shelf."""

    name: str
    weight: int


class ThingsApi(Api):
    """A small API."""

    @route("POST", "/things/{shelf}", status=201)
    async def put(self, shelf: str, body: Thing) -> Thing:
        """Put a thing on a shelf."""
        raise NotImplementedError

    @route("GET", "/things")
    async def things(self, limit: int = 10) -> list[Thing]:
        """All things."""
        raise NotImplementedError


class Things(ThingsApi):
    async def put(self, shelf: str, body: Thing) -> Thing:
        if shelf == "full":
            raise FULL(shelf=shelf, cause="a secret place")
        if shelf == "broken":
            raise RuntimeError("/dev/vdb exploded")
        return body

    async def things(self, limit: int = 10) -> list[Thing]:
        return [Thing(name=f"thing {n}", weight=n) for n in range(limit)]


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    runner = web.AppRunner(operator_application([(ThingsApi, Things())], "a-token"))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def ask(url: str, method: str, path: str, body: bytes | None = None, token: str = "a-token") -> tuple[int, dict]:
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as http, http.request(method, url + path, data=body) as answer:
        return answer.status, json.loads(await answer.text())


async def test_the_client_and_the_routes_come_from_one_declaration(url: str) -> None:
    transport = Transport(url, token="a-token")
    api = client(ThingsApi, transport)
    assert await api.put("a shelf/é", Thing(name="lamp", weight=3)) == Thing(name="lamp", weight=3)
    assert len(await api.things(limit=3)) == 3
    await transport.close()


async def test_the_client_raises_the_fault_of_the_other_side_without_its_cause(url: str) -> None:
    transport = Transport(url, token="a-token")
    with pytest.raises(Fault) as caught:
        await client(ThingsApi, transport).put("full", Thing(name="lamp", weight=3))
    await transport.close()
    assert (caught.value.key, caught.value.status, caught.value.message) == ("test.full", 409, "The shelf full is full.")
    assert caught.value.cause == ""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "should be an object"),
        (b"null", "should be an object"),
        (b"{", "invalid JSON"),
        (b"[]", "should be an object"),
        (b'{"name": 1, "weight": 2}', "name: input should be a valid string"),
        (b'{"name": "x"}', "weight: field required"),
        (b'{"name": "x", "weight": 1, "colour": 2}', "colour: extra inputs are not permitted"),
        (b'{"name": "\xff", "weight": 1}', "invalid"),
        (b"[" * 100000, "body"),
    ],
)
async def test_a_body_that_cannot_be_used_is_refused_with_what_is_wrong(url: str, body: bytes, said: str) -> None:
    status, answer = await ask(url, "POST", "/things/a", body)
    assert (status, answer["error"]["key"]) == (400, "request.invalid")
    assert said in answer["error"]["message"]


async def test_a_body_that_is_too_large_is_refused(url: str) -> None:
    status, answer = await ask(url, "POST", "/things/a", b" " * (BODY_LIMIT + 1))
    assert (status, answer["error"]["key"]) == (413, "request.too_large")


@pytest.mark.parametrize(("query", "said"), [("?limit=many", "limit"), ("?colour=red", "no parameter colour")])
async def test_a_query_that_cannot_be_used_is_refused(url: str, query: str, said: str) -> None:
    status, answer = await ask(url, "GET", f"/things{query}")
    assert status == 400 and said in answer["error"]["message"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("DELETE", "/things", 405)])
async def test_a_route_that_is_not_there_is_an_error_in_the_same_form(url: str, method: str, path: str, status: int) -> None:
    found, answer = await ask(url, method, path)
    assert found == status and set(answer["error"]) == {"key", "message", "guidance", "fields"}


async def test_an_unexpected_error_tells_nothing_of_the_inside(url: str) -> None:
    status, answer = await ask(url, "POST", "/things/broken", b'{"name": "x", "weight": 1}')
    assert (status, answer["error"]["key"]) == (500, "internal") and "vdb" not in json.dumps(answer)


@pytest.mark.parametrize("token", ["", "wrong", "a-toke", "é"])
async def test_without_the_token_nothing_is_answered(url: str, token: str) -> None:
    status, answer = await ask(url, "GET", "/things", token=token)
    assert (status, answer["error"]["key"]) == (401, "request.unauthorised")


async def test_a_token_of_bytes_that_are_no_text_is_a_wrong_one(url: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", URL(url).port)
    writer.write(b"GET /things HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\nConnection: close\r\n\r\n")
    assert b" 401 " in await reader.readline()
    writer.close()


def test_the_token_is_made_once_and_is_the_agents_alone(tmp_path: Path) -> None:
    token = read_token(tmp_path / "operator.token")
    assert read_token(tmp_path / "operator.token") == token and len(token) > 40
    assert (tmp_path / "operator.token").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("left", ["", "\n"])
def test_an_empty_file_that_a_full_disk_left_is_no_token(tmp_path: Path, left: str) -> None:
    (tmp_path / "operator.token").write_text(left)
    token = read_token(tmp_path / "operator.token")
    assert len(token) > 40 and read_token(tmp_path / "operator.token") == token


async def test_what_nobody_serves_is_unreachable_for_the_client(tmp_path: Path) -> None:
    transport = Transport(unix=str(tmp_path / "nobody.sock"))
    with pytest.raises(Fault) as caught:
        await client(ThingsApi, transport).things()
    await transport.close()
    assert caught.value.key == "peer.unreachable"
