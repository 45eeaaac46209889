"""API tokens: shown once, each with its role, refused once they are revoked or expired, named in the audit log."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from appliance.agent.http.admission import Limits
from appliance.agent.http.local import LocalApi, new_token, read_token
from appliance.agent.http.tokens import TokenRoutes
from appliance.agent.oma_routes import APIS as OMA_APIS
from appliance.agent.tokens.models import ApiToken
from appliance.agent.tokens.rates import Rate, WrongTokens, wait_after
from appliance.agent.tokens.tokens import Tokens, is_good
from appliance.agent.vma import APIS as VMA_APIS
from appliance.contract.api import Api, Route, route, routes
from appliance.contract.client import Transport, client
from appliance.contract.errors import STORE_UNWRITABLE, Fault
from appliance.contract.openapi import document
from appliance.contract.options import API_COSTLY, API_REQUESTS
from appliance.contract.pairing import PeersApi
from appliance.contract.roles import Role
from appliance.contract.tokens import NewToken, TokensApi
from appliance.core.audit import Audit
from appliance.core.store import Store

ALL: dict[str, Route] = {f"{one.method} {one.path}": one for api in (*OMA_APIS, *VMA_APIS) for one in routes(api)}


class DoorsApi(Api):
    """A small API."""

    @route("GET", "/api/v1/doors")
    async def doors(self) -> int:
        """How many."""
        raise NotImplementedError

    @route("POST", "/api/v1/doors")
    async def open_door(self) -> int:
        """Open one."""
        raise NotImplementedError

    @route("POST", "/api/v1/doors/lock", role=Role.ADMIN, costly=True)
    async def change_lock(self) -> int:
        """Change the lock."""
        raise NotImplementedError


class Doors(DoorsApi):
    async def doors(self) -> int:
        return 1

    async def open_door(self) -> int:
        return 2

    async def change_lock(self) -> int:
        return 3


class Site:
    """An agent's listeners with its tokens; `few` are the limits of requests a minute."""

    def __init__(self, store: Store, tokens: Tokens, folder: Path) -> None:
        self.tokens, self.audit, self.file = tokens, Audit(store), folder / "operator.token"
        self.few = {API_REQUESTS.name: 6000, API_COSTLY.name: 120}
        served = ((TokensApi, TokenRoutes(tokens, self.audit)), (DoorsApi, Doors()))
        limits = Limits(lambda option: self.few[option.name])
        self.api = LocalApi(served, "first", folder / "a.sock", "127.0.0.1", 0, audit=self.audit, tokens=tokens, limits=limits)
        self.transports = [Transport(unix=str(folder / "a.sock"))]
        self.console = self.transports[0]

    def by(self, token: str) -> Transport:
        self.transports.append(Transport(f"http://127.0.0.1:{self.api.port}", token=token))
        return self.transports[-1]

    async def token(self, role: Role, name: str = "", **more: object) -> str:
        body = NewToken.model_validate({"name": name or f"a {role}", "role": role, **more})
        return (await client(TokensApi, self.console).create_token(body)).text


@pytest.fixture
async def site(store: Store) -> AsyncIterator[Site]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "operator.token"
        made = Site(store, await Tokens.open(store, "first", partial(new_token, file)), Path(folder))
        await made.api.start()
        yield made
        for one in made.transports:
            await one.close()
        await made.api.stop()


async def refusal(transport: Transport, name: str) -> str:
    try:
        await getattr(client(DoorsApi, transport), name)()
    except Fault as error:
        return error.key
    return ""


LOW, UNKNOWN, FAST = "token.role_too_low", "request.unauthorised", "rate.exceeded"


@pytest.mark.parametrize(
    ("role", "refused"), [(Role.VIEWER, ["", LOW, LOW]), (Role.OPERATOR, ["", "", LOW]), (Role.ADMIN, ["", "", ""])], ids=list(Role)
)
async def test_a_role_may_what_it_may_and_no_more(site: Site, role: Role, refused: list[str]) -> None:
    transport = site.by(await site.token(role))
    assert [await refusal(transport, name) for name in ("doors", "open_door", "change_lock")] == refused


async def test_the_token_of_the_file_is_an_administrators_and_is_replaced_when_it_is_revoked(site: Site) -> None:
    assert await refusal(site.by("first"), "change_lock") == ""
    first = (await client(TokensApi, site.console).tokens())[0]
    assert (first.id, first.in_file, first.role) == ("operator", True, Role.ADMIN)
    await client(TokensApi, site.console).revoke_token("operator")
    assert await refusal(site.by("first"), "doors") == UNKNOWN
    assert await refusal(site.by(read_token(site.file)), "change_lock") == ""


async def test_a_revoked_token_opens_nothing_from_then_on(site: Site) -> None:
    transport = site.by(await site.token(Role.ADMIN, "ci"))
    assert await refusal(transport, "doors") == ""
    shown = (await client(TokensApi, site.console).tokens())[1]
    assert (shown.name, shown.state, shown.last_used is not None) == ("ci", "good", True)
    await client(TokensApi, site.console).revoke_token(shown.id)
    assert await refusal(transport, "doors") == UNKNOWN
    assert (await client(TokensApi, site.console).tokens())[1].state == "revoked"


async def test_an_expired_token_opens_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    text = await site.token(Role.VIEWER, expires_in_days=1)
    later = datetime.now(UTC) + timedelta(days=2)
    monkeypatch.setattr("appliance.agent.tokens.tokens.utcnow", lambda: later)
    assert site.tokens.caller(text) is None
    assert await refusal(site.by(text), "doors") == UNKNOWN


async def test_tokens_are_there_again_after_a_restart_and_their_texts_nowhere(site: Site, store: Store) -> None:
    text = await site.token(Role.OPERATOR, "script")
    caller = (await Tokens.open(store, "first", lambda: "second")).caller(text)
    assert caller is not None and (caller.name, caller.role) == ("script", Role.OPERATOR)
    assert text not in str([vars(one) for one in await site.tokens.all()])


@pytest.mark.parametrize("name", ["script", "SCRIPT", "operator", "console"])
async def test_a_name_is_one_tokens_alone_even_after_it_was_revoked(site: Site, name: str) -> None:
    await site.token(Role.VIEWER, "script")
    await site.tokens.revoke((await site.tokens.all())[0].id)
    with pytest.raises(Fault) as caught:
        await site.token(Role.VIEWER, name)
    assert caught.value.key == "token.name_taken"


@pytest.mark.parametrize("more", [{"expires_in_days": 0}, {"expires_at": "2020-01-01T00:00:00Z"}, {"role": "root"}, {"name": "a\nb"}])
async def test_a_token_that_can_not_be_is_refused(site: Site, more: dict[str, object]) -> None:
    body = {"name": "x", "role": "viewer"} | more
    answer = await site.console.send("POST", "/api/v1/tokens", {}, json.dumps(body).encode())
    assert answer[0] == 400 and await site.tokens.all() == []


async def test_the_audit_log_names_the_token(site: Site) -> None:
    await refusal(site.by(await site.token(Role.OPERATOR, "night script")), "open_door")
    await refusal(site.by(await site.token(Role.VIEWER, "wall board")), "open_door")
    all_told = list(reversed(await site.audit.newest(9)))
    made = [(one.actor, one.detail) for one in all_told if one.action == "tokens.create_token"]
    assert made[0] == ("console", "night script, operator, without an end")
    told = [(one.actor, one.action, one.result) for one in all_told if one.action == "doors.open_door"]
    assert told == [("night script", "doors.open_door", "done"), ("wall board", "doors.open_door", "refused")]


async def test_who_asks_too_often_is_told_how_long_to_wait(site: Site) -> None:
    site.few[API_REQUESTS.name] = 3
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer first"}) as http:
        answers = [await http.get(f"http://127.0.0.1:{site.api.port}/api/v1/doors") for _ in range(4)]
    assert [one.status for one in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) >= 1 and (await answers[-1].json())["error"]["key"] == FAST


async def test_costly_requests_are_fewer_on_the_consoles_socket_too(site: Site) -> None:
    site.few[API_COSTLY.name] = 2
    assert [await refusal(site.console, "change_lock") for _ in range(3)] == ["", "", FAST]
    assert await refusal(site.console, "open_door") == ""


async def test_wrong_tokens_are_slowed_and_a_right_one_is_not(site: Site) -> None:
    transport = site.by("guessed")
    keys = [await refusal(transport, "doors") for _ in range(14)]
    assert keys[:10] == [UNKNOWN] * 10 and FAST in keys[10:]
    assert await refusal(site.by("first"), "doors") == ""


async def test_who_floods_an_address_without_a_token_does_not_shut_out_those_who_have_one(site: Site) -> None:
    site.few[API_REQUESTS.name] = 3
    async with aiohttp.ClientSession() as http:
        answers = [await http.get(f"http://127.0.0.1:{site.api.port}/api/v1/doors") for _ in range(5)]
    assert [one.status for one in answers] == [401, 401, 401, 429, 429]
    assert await refusal(site.by("first"), "doors") == ""


def test_a_caller_gets_its_requests_evenly() -> None:
    now = [0.0]
    rate = Rate(lambda: 60, lambda: now[0])
    for _ in range(60):
        rate.take("a")
    with pytest.raises(Fault):
        rate.take("a")
    rate.take("b")
    now[0] = 2.0
    for _ in range(2):
        rate.take("a")
    with pytest.raises(Fault) as caught:
        rate.take("a")
    assert caught.value.fields == {"seconds": 1}


def test_waits_grow_and_wrong_tokens_are_forgotten_in_time() -> None:
    assert [wait_after(count) for count in (0, 9, 10, 11, 14, 40)] == [0, 0, 1, 2, 16, 60]
    now = [0.0]
    wrong = WrongTokens(lambda: now[0])
    for _ in range(10):
        wrong.count("a")
    with pytest.raises(Fault):
        wrong.count("a")
    now[0] = 2000.0
    wrong.count("a")


@pytest.mark.parametrize(
    ("revoked", "expires", "good"),
    [(None, None, True), (None, 1, True), (None, 0, False), (None, -1, False), (0, None, False), (0, 1, False)],
)
def test_a_token_is_good_until_it_is_revoked_or_expires(revoked: int | None, expires: int | None, good: bool) -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    at = [None if one is None else now + timedelta(hours=one) for one in (revoked, expires)]
    assert is_good(ApiToken(revoked_at=at[0], expires_at=at[1]), now) is good


@pytest.mark.parametrize("name", [name for name, one in ALL.items() if one.changes])
def test_a_viewer_is_refused_every_change(name: str) -> None:
    assert not Role.VIEWER.may(ALL[name].role)


@pytest.mark.parametrize("name", [name for name, one in ALL.items() if one.method == "GET"])
def test_who_may_look_may_look_at_everything_but_keys_and_copies_of_all(name: str) -> None:
    closed = name.startswith(("GET /api/v1/tokens", "GET /api/v1/backups"))
    assert Role.VIEWER.may(ALL[name].role) is not closed


@pytest.mark.parametrize(
    "name",
    [
        "POST /api/v1/vmware-credentials",
        "DELETE /api/v1/ossea/configs/{config_id}",
        "POST /api/v1/ossea/discover-resources",  # it signs with stored keys what it sends to any address
        "POST /api/v1/vault/rotation",
        "PUT /api/v1/settings/{name}",
        "POST /api/v1/tokens",
        "POST /api/v1/pairing",
        "DELETE /api/v1/peers/{peer_id}",
        "POST /api/v1/shell-gate/open",
        "POST /api/v1/network/trial",
        "POST /api/v1/power",
        "PUT /api/v1/remote-console",
        "PUT /api/v1/setup/password",
    ],
)
def test_what_the_appliance_rests_on_is_an_administrators(name: str) -> None:
    assert ALL[name].role is Role.ADMIN


def test_the_code_that_lets_an_appliance_in_is_an_administrators_to_see() -> None:
    assert {one.role for one in routes(PeersApi) if one.path == "/api/v1/pairing"} == {Role.ADMIN}


@pytest.mark.parametrize(
    "name", ["POST /api/v1/replications", "POST /api/v1/failover/live", "POST /api/v1/schedules", "POST /api/v1/jobs/{job_id}/cancel"]
)
def test_what_moves_vms_is_an_operators(name: str) -> None:
    assert ALL[name].role is Role.OPERATOR


@pytest.mark.parametrize("apis", [OMA_APIS, VMA_APIS], ids=("oma", "vma"))
def test_every_route_says_in_its_description_how_it_refuses(apis: tuple[type[Api], ...]) -> None:
    described = document("x", "1", apis)["paths"]
    for one in (one for api in apis for one in routes(api)):
        operation = described[one.path][one.method.lower()]
        assert {"400", "401", "403", "404", "409", "422", "429", "500"} <= set(operation["responses"]), one.path
        assert "Retry-After" in operation["responses"]["429"]["headers"] and operation["x-role"] in list(Role)


async def test_a_full_disk_keeps_nobody_out(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    text = await site.token(Role.VIEWER)
    caller = site.tokens.caller(text)
    assert caller is not None
    monkeypatch.setattr("appliance.agent.tokens.tokens.NOTED_EVERY", timedelta(0))

    def full() -> None:
        raise STORE_UNWRITABLE()

    monkeypatch.setattr(site.tokens._store, "begin", full)
    await asyncio.wait_for(site.tokens.note(caller), 5)
