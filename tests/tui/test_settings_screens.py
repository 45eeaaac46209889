"""Settings, tokens and notices by keys."""

from __future__ import annotations

from datetime import timedelta

import pytest
from textual.widgets import Static

from appliance.contract.clouds import Named
from appliance.contract.options import CONSOLE_IDLE, FAILOVER_TEST_NETWORK, SCHEDULE_DAYS
from appliance.contract.roles import Role
from appliance.contract.settings import ChangeSetting
from appliance.contract.tokens import NewToken
from appliance.tui.setting_lines import setting_rows, value_flaw, value_text
from appliance.tui.widgets.notice import Kind, Memory, News, Notice, kind_of
from appliance.tui.widgets.table import Listing
from tests.tui import setting_answers as some
from tests.tui.hands import notice, press, problem, screen_name
from tests.tui.opening import console_with, opened
from tests.tui.snapshots import settled
from tests.tui.stand_in import NOW, StandIn, console, idle_setting, set_up

FIRST = ("home",)
NETWORK = Named(id="net-iso", name="isolated")


def shown(pilot) -> str:  # type: ignore[no-untyped-def]
    return " ".join(str(one.content) for one in pilot.app.screen.query(Static))


async def test_a_setting_is_changed_and_it_is_said() -> None:
    app, agent = console_with("oma", settings=some.settings(), change_setting=some.setting(CONSOLE_IDLE.name, value=5))
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("settings")(pilot)
        names = [one.name for one in some.settings()]
        await press(pilot, *["down"] * names.index(CONSOLE_IDLE.name), "enter", "backspace", "backspace", "5", "f8")
        assert agent.called("change_setting") == [{"name": CONSOLE_IDLE.name, "body": ChangeSetting(value="5")}]
        assert notice(pilot) == "console.idle_minutes was changed."
        assert app._lock_after == 300.0


async def test_a_value_that_can_not_be_is_said_beside_its_field_and_not_sent() -> None:
    app, agent = console_with("oma", settings=some.settings())
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("settings", "enter", "x", "f8")(pilot)
        assert "Type a whole number from" in problem(pilot, "value")
        assert not agent.called("change_setting")


async def test_what_the_agent_refuses_is_said_beside_the_field() -> None:
    app, _ = console_with("oma", settings=some.settings(), change_setting=some.INVALID())
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("settings", "enter", "f8")(pilot)
        assert "can't be 0" in problem(pilot, "value")


async def test_a_changed_setting_is_put_back_after_a_question() -> None:
    app, agent = console_with("oma", settings=some.settings(api_requests_per_minute=60), reset_setting=some.settings()[0])
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("settings", "down", "f9")(pilot)
        assert "default value already" in notice(pilot)
        names = [one.name for one in some.settings()]
        await press(pilot, "home", *["down"] * names.index("api.requests_per_minute"), "f9")
        assert "It is 60 now, and will be 6000." in shown(pilot)
        await press(pilot, "f8")
        assert agent.called("reset_setting") == [{"name": "api.requests_per_minute"}]


@pytest.mark.parametrize(
    ("targets", "shown_as", "told"),
    [([NETWORK], "isolated", "isolated (net-iso), changed"), (some.UNWRITABLE(), "net-iso", "net-iso network id, changed")],
)
async def test_a_network_is_shown_by_its_name_where_it_can_be_found_out(targets: object, shown_as: str, told: str) -> None:
    app, agent = console_with("oma", settings=some.settings(failover_test_network="net-iso"), mapping_targets=targets)
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("settings")(pilot)
        listing = pilot.app.screen.query_one(Listing)
        assert str(listing.get_cell(FAILOVER_TEST_NETWORK.name, "2")) == shown_as
        listing.go_to(FAILOVER_TEST_NETWORK.name)
        await press(pilot, "f5")
        assert told in dict((fact[0], fact[1]) for fact in pilot.app.screen.facts(pilot.app.screen.chosen))["Value"]  # type: ignore[attr-defined]
        assert len(agent.called("mapping_targets")) == 1


def test_what_a_list_of_settings_says() -> None:
    rows = setting_rows(some.settings(schedules_kept_days=30))
    assert [row.cells[0] for row in rows[:2]] == ["API", ""]
    (changed,) = [row for row in rows if row.tone]
    assert (changed.key, changed.cells[2], changed.cells[3]) == (SCHEDULE_DAYS.name, "30", "90")
    assert [value_text(one) for one in (True, False, 0, "")] == ["on", "off", "0", "(empty)"]


@pytest.mark.parametrize(
    ("text", "good"), [("1", True), ("240", True), ("0", False), ("241", False), ("", False), ("-1", False), ("٣", False)]
)
def test_a_typed_number_is_looked_at_before_it_is_sent(text: str, good: bool) -> None:
    assert (value_flaw(some.setting(CONSOLE_IDLE.name), text) == "") is good


async def test_a_token_is_created_and_its_text_shown_once() -> None:
    app, agent = console_with("oma", tokens=some.tokens(), create_token=some.CREATED)
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("tokens", "f7", *"backup script", "tab", "down", "tab", *"30", "f8")(pilot)
        body = NewToken(name="backup script", role=Role.OPERATOR, expires_in_days=30)
        assert agent.called("create_token") == [{"body": body}]
        assert some.TEXT in shown(pilot)
        await press(pilot, "f8")
        assert screen_name(pilot) == "tokens" and some.TEXT not in shown(pilot)


@pytest.mark.parametrize(
    ("keys", "field", "says"), [((), "name", "Type a name"), (("a", "tab", "tab", *"4000"), "days", "from 1 to 3650, or nothing")]
)
async def test_a_token_that_can_not_be_is_not_asked_for(keys, field, says) -> None:  # type: ignore[no-untyped-def]
    app, agent = console_with("oma", tokens=some.tokens())
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("tokens", "f7", *keys, "f8")(pilot)
        assert says in problem(pilot, field) and not agent.called("create_token")


async def test_a_token_is_revoked_after_a_question() -> None:
    app, agent = console_with("oma", tokens=some.tokens(), revoke_token=None)
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("tokens", "down", "f9")(pilot)
        assert "Revoke the token wall board?" in shown(pilot) and not agent.called("revoke_token")
        await press(pilot, "f8")
        assert agent.called("revoke_token") == [{"token_id": "token-1"}]
        assert notice(pilot) == "The token wall board is revoked."


async def test_what_is_revoked_is_not_revoked_again() -> None:
    app, agent = console_with("oma", tokens=some.tokens())
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("tokens", "down", "down", "down", "f9")(pilot)
        assert "old script is revoked already" in notice(pilot) and not agent.called("revoke_token")


async def test_before_the_first_token_is_revoked_it_is_said_that_another_one_comes() -> None:
    app, _ = console_with("oma", tokens=some.tokens())
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("tokens", "f9")(pilot)
        assert "Another one takes its place" in shown(pilot)


@pytest.mark.parametrize(("name", "kind"), [("good", Kind.SUCCESS), ("bad", Kind.ERROR), ("", Kind.INFO), ("warning", Kind.WARNING)])
def test_a_tone_counts_as_the_kind_that_has_it(name: str, kind: Kind) -> None:
    assert kind_of(name) is kind and kind_of(kind) is kind and kind.tone == name


def test_the_last_news_are_kept_and_a_repeated_complaint_is_there_once() -> None:
    memory, one = Memory(), News(NOW, "Jobs", Kind.ERROR, "The disk is full.")
    for minute in range(3):
        memory.keep(News(NOW + timedelta(minutes=minute), one.screen, one.kind, one.text))
    memory.keep(News(NOW, "Jobs", Kind.SUCCESS, "Done."))
    assert [(news.at, news.text) for news in memory.all] == [(NOW, "Done."), (NOW + timedelta(minutes=2), "The disk is full.")]
    for number in range(300):
        memory.keep(News(NOW, "Jobs", Kind.WARNING, str(number)))
    assert len(memory.all) == 100 and memory.all[0].text == "299"


async def test_a_notice_says_its_kind_and_can_be_read_again() -> None:
    app, _ = console_with("oma", tokens=some.tokens())
    async with app.run_test(size=(80, 25)) as pilot:
        await opened("tokens")(pilot)
        app.say("CloudStack does not answer.", "error")
        await settled(pilot)
        assert str(app.screen.query_one(Notice).render()) == "Error: CloudStack does not answer."
        await opened("notices")(pilot)
        assert "CloudStack does not answer." in str(app.screen.query_one("#records").get_row_at(0))  # type: ignore[attr-defined]


async def test_the_console_waits_for_keys_as_long_as_is_set() -> None:
    minutes = {"setting": lambda name: idle_setting(name).model_copy(update={"value": 60})}
    answers = {"setup": set_up(password=True), "unlock": set_up(password=True), **minutes}
    app, _ = console_with("oma", **answers)
    async with app.run_test(size=(80, 25)) as pilot:
        await settled(pilot)
        await pilot.press("f2")
        await settled(pilot)
        await pilot.press(*"a password", "enter")
        for _ in range(100):
            if app._lock_after == 3600.0:
                break
            await pilot.pause(0.02)
        assert app._lock_after == 3600.0


async def test_an_older_agent_leaves_it_at_a_quarter_of_an_hour() -> None:
    app = console(StandIn("oma", {"setting": some.INVALID()}))
    await app.learn_patience()
    assert app._lock_after == 900.0
