"""Whatever an operator changes or is refused stands in the audit log once: who, from where, what, about what, with which result."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.agent.http import auditing
from appliance.agent.http.auditing import Trail, action
from appliance.agent.http.gate import GateRoutes
from appliance.agent.http.local import LocalApi
from appliance.agent.http.setup import SetupRoutes
from appliance.agent.oma_routes import APIS as OMA_APIS
from appliance.agent.setup import Setup
from appliance.agent.vma import APIS as VMA_APIS
from appliance.contract.api import Api, OperatorModel, route, routes
from appliance.contract.client import Transport, client
from appliance.contract.errors import Fault, fault
from appliance.contract.gate import AuditEvent, GateApi
from appliance.contract.setup import SetPassword, SetupApi, Unlock
from appliance.contract.types import Secret, SendTo
from appliance.core.audit import Audit, asked_from
from appliance.core.settings import Settings
from appliance.core.store import Store

LOCKED = fault("test.locked", 409, "The box {box} is locked.", "Open it.")


class Content(OperatorModel):
    """What is put into a box."""

    name: str
    password: Secret


class BoxesApi(Api):
    """A small API."""

    @route("PUT", "/boxes/{box}")
    async def fill(self, box: str, body: Content) -> Content:
        """Put something in."""
        raise NotImplementedError

    @route("POST", "/boxes/{box}/weigh", asks=True)
    async def weigh(self, box: str) -> int:
        """How heavy it is."""
        raise NotImplementedError

    @route("GET", "/boxes")
    async def boxes(self) -> list[str]:
        """All boxes."""
        raise NotImplementedError


class Boxes(BoxesApi):
    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self.later: asyncio.Task[None] | None = None

    async def fill(self, box: str, body: Content) -> Content:
        if box == "locked":
            raise LOCKED(box=box, cause="secret place")
        if box == "broken":
            raise RuntimeError("secret place")
        if box == "told":
            await self._audit.record("carpenter", "box.built", "done")
        if box == "later":
            self.later = asyncio.create_task(self._afterwards())
        return body

    async def weigh(self, box: str) -> int:
        return 1

    async def boxes(self) -> list[str]:
        return []

    async def _afterwards(self) -> None:
        await asyncio.sleep(0.05)
        await self._audit.record("agent", "box.rotted", "done")


class Site:
    """An agent's listeners with the boxes, its real set-up and its audit log."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.audit, self.socket = Audit(store), folder / "api.sock"
        self.boxes = Boxes(self.audit)
        log = GateRoutes(None, self.audit)  # type: ignore[arg-type]
        served = ((BoxesApi, self.boxes), (SetupApi, SetupRoutes(Setup(Settings(store), self.audit))), (GateApi, log))
        self.api = LocalApi(served, "a-token", self.socket, "127.0.0.1", 0, audit=self.audit)
        self.console = Transport(unix=str(self.socket))
        self.transports: list[Transport] = []

    def operator(self, token: str = "a-token") -> Transport:
        self.transports.append(Transport(f"http://127.0.0.1:{self.api.port}", token=token))
        return self.transports[-1]

    async def told(self) -> list[tuple[str, str, str, str, str]]:
        """The log, oldest first."""
        return [(one.actor, one.origin, one.action, one.result, one.detail) for one in reversed(await self.audit.newest(100))]


@pytest.fixture
async def site(store: Store) -> AsyncIterator[Site]:
    with tempfile.TemporaryDirectory() as folder:
        made = Site(store, Path(folder))
        await made.api.start()
        yield made
        for one in (made.console, *made.transports):
            await one.close()
        await made.api.stop()


def content(name: str = "apples") -> Content:
    return Content.model_validate({"name": name, "password": "hunter22"})


async def test_the_console_is_named_by_its_socket(site: Site) -> None:
    await client(BoxesApi, site.console).fill("b1", content())
    assert await site.told() == [("console", "console", "boxes.fill", "done", "box b1, name apples")]


async def test_an_operator_with_a_token_is_named_with_the_address(site: Site) -> None:
    await client(BoxesApi, site.operator()).fill("b1", content())
    assert await site.told() == [("operator", "127.0.0.1", "boxes.fill", "done", "box b1, name apples")]


@pytest.mark.parametrize(
    ("box", "result", "key"), [("locked", "refused", "test.locked"), ("broken", "failed", "internal")], ids=("refused", "failed")
)
async def test_what_was_not_done_is_there_with_its_key_and_no_cause(site: Site, box: str, result: str, key: str) -> None:
    with pytest.raises(Fault):
        await client(BoxesApi, site.console).fill(box, content())
    assert await site.told() == [("console", "console", "boxes.fill", result, f"box {box}, name apples, {key}")]


async def test_a_body_that_can_not_be_read_is_refused_without_what_it_holds(site: Site) -> None:
    status, _ = await site.console.send("PUT", "/boxes/b1", {}, b'{"name": ["hunter22"], "password": "hunter22"}')
    assert (status, await site.told()) == (400, [("console", "console", "boxes.fill", "refused", "box b1, request.invalid")])


async def test_reading_and_asking_are_not_recorded(site: Site) -> None:
    boxes = client(BoxesApi, site.console)
    await boxes.boxes()
    assert await boxes.weigh("b1") == 1
    assert await site.told() == []


async def test_what_a_part_records_in_its_own_words_is_there_once_with_its_origin(site: Site) -> None:
    await client(BoxesApi, site.operator()).fill("told", content())
    assert await site.told() == [("carpenter", "127.0.0.1", "box.built", "done", "")]


async def test_what_happens_later_was_not_asked_from_there(site: Site) -> None:
    await client(BoxesApi, site.console).fill("later", content())
    assert site.boxes.later is not None
    await site.boxes.later
    assert [(action, origin) for _, origin, action, _, _ in await site.told()] == [("boxes.fill", "console"), ("box.rotted", "")]


async def test_the_set_up_is_not_recorded_twice(site: Site) -> None:
    setup = client(SetupApi, site.console)
    await setup.set_password(SetPassword.model_validate({"new": "correct horse battery"}))
    await setup.unlock(Unlock.model_validate({"password": "correct horse battery"}))
    with pytest.raises(Fault):
        await setup.unlock(Unlock.model_validate({"password": "wrong horse battery"}))
    assert [(action, result) for _, _, action, result, _ in await site.told()] == [
        ("setup.password", "done"),
        ("console.unlock", "done"),
        ("console.unlock", "refused"),
    ]


async def test_a_refusal_that_no_part_records_is_recorded(site: Site) -> None:
    with pytest.raises(Fault):
        await client(SetupApi, site.console).unlock(Unlock.model_validate({"password": "no password is set yet"}))
    assert await site.told() == [("console", "console", "setup.unlock", "refused", "setup.no_password")]


async def test_who_has_no_token_is_there_but_can_not_fill_the_log(site: Site) -> None:
    for _ in range(20):
        with pytest.raises(Fault):
            await client(BoxesApi, site.operator("another-token")).boxes()
    assert await site.told() == [("unknown", "127.0.0.1", "operator.login", "refused", "request.unauthorised, 1 since the last entry")]


async def test_a_name_can_not_break_the_line_or_be_endless(site: Site) -> None:
    await client(BoxesApi, site.console).fill("b1", content("x\n\x1b[31m" + "y" * 5000))
    detail = (await site.told())[0][-1]
    assert detail.startswith("box b1, name x??[31myyy") and len(detail) < 130


async def test_no_secret_is_in_the_log(site: Site) -> None:
    await client(BoxesApi, site.console).fill("b1", content())
    with pytest.raises(Fault):
        await client(BoxesApi, site.console).fill("locked", content())
    assert "hunter22" not in str(await site.told()) and "a-token" not in str(await site.told())


async def test_the_log_is_shown_with_the_origins(site: Site) -> None:
    await client(BoxesApi, site.operator()).fill("b1", content())
    (shown,) = await client(GateApi, site.console).audit()
    assert isinstance(shown, AuditEvent)
    assert (shown.actor, shown.origin, shown.action) == ("operator", "127.0.0.1", "boxes.fill")


async def test_what_was_done_stays_done_when_the_log_can_not_be_written(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(*_: str) -> None:
        raise LOCKED(box="disk")

    monkeypatch.setattr(site.audit, "record", full)
    with caplog.at_level(logging.ERROR):
        assert (await client(BoxesApi, site.console).fill("b1", content())).name == "apples"
    assert "boxes.fill by console" in caplog.text


async def test_strangers_are_counted_until_the_next_entry(store: Store) -> None:
    now = [0.0]
    trail = Trail(Audit(store), "operator", lambda: now[0])
    request = type("Asked", (), {"remote": "192.0.2.9"})()
    for moment in (0.0, 1.0, 2.0, 61.0):
        now[0] = moment
        await trail.stranger(request)  # type: ignore[arg-type]
    assert [one.detail.split(", ")[1] for one in await Audit(store).newest(9)] == ["3 since the last entry", "1 since the last entry"]


async def test_what_nobody_asked_for_has_no_origin(store: Store) -> None:
    audit = Audit(store)
    with asked_from("192.0.2.7"):
        await audit.record("operator", "one", "done")
    await audit.record("agent", "two", "done")
    assert [(one.action, one.origin) for one in await audit.newest(9)] == [("two", ""), ("one", "192.0.2.7")]


@pytest.mark.parametrize("apis", [OMA_APIS, VMA_APIS], ids=("oma", "vma"))
def test_no_two_changing_routes_have_the_same_name_in_the_log(apis: tuple[type[Api], ...]) -> None:
    named = [action(one) for api in apis for one in routes(api) if one.changes]
    assert len(named) == len(set(named)) > 10


def test_only_what_is_known_to_change_nothing_is_left_out() -> None:
    asking = {one.path for api in (*OMA_APIS, *VMA_APIS) for one in routes(api) if one.method != "GET" and not one.changes}
    assert asking == {
        "/api/v1/database/integrity",
        "/api/v1/discovery/folders",
        "/api/v1/discovery/vms",
        "/api/v1/failover/preflight",
        "/api/v1/logs",
        "/api/v1/network/check",
        "/api/v1/network/probe",
        "/api/v1/ossea/configs/{config_id}/capacity",
        "/api/v1/ossea/configs/{config_id}/validate",
        "/api/v1/ossea/discover-resources",
        "/api/v1/replications/preflight",
        "/api/v1/schedules/preview",
        "/api/v1/vmware-credentials/certificate",
    }


def test_of_a_web_address_only_the_place_is_kept() -> None:
    place = SendTo(address="https://files.example/x?signature=right-to-put-it-there")
    assert auditing._about({"name": "a?b", "body": place}) == "name a?b, address https://files.example/x"
