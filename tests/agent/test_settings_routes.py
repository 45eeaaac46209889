"""Settings: typed, checked, in force at once, there again after a restart, and in the audit log."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from appliance.agent.health.limits import HealthLimits
from appliance.agent.http.settings import SettingsRoutes
from appliance.agent.logs import LogBook
from appliance.agent.oma_options import follow
from appliance.contract.errors import Fault
from appliance.contract.options import CATALOGUE, CONSOLE_IDLE, Option, options_of
from appliance.contract.settings import ChangeSetting
from appliance.core.audit import Audit
from appliance.core.options import Options, parsed
from appliance.core.settings import Settings
from appliance.core.store import Store
from appliance.failover.preparation import Preparer

NUMBER = Option("x.number", 5, "A number.", "things", 1, 10)
SWITCH = Option("x.switch", True, "A switch.")
TEXT = Option("x.text", "", "A text.", highest=8)


@pytest.mark.parametrize(
    ("option", "given", "value"),
    [
        (NUMBER, 7, 7),
        (NUMBER, " 7 ", 7),
        (NUMBER, "10", 10),
        (SWITCH, False, False),
        (SWITCH, "off", False),
        (SWITCH, "Yes", True),
        (TEXT, "", ""),
        (TEXT, "12345678", "12345678"),
    ],
)
def test_a_value_is_taken_in_the_settings_own_type(option: Option[Any], given: object, value: object) -> None:
    found = parsed(option, given)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("option", "given"),
    [
        (NUMBER, 0),
        (NUMBER, 11),
        (NUMBER, "many"),
        (NUMBER, "1e9"),
        (NUMBER, "٣"),
        (NUMBER, True),
        (NUMBER, "9" * 40),
        (NUMBER, ""),
        (SWITCH, 1),
        (SWITCH, "perhaps"),
        (TEXT, 5),
        (TEXT, "123456789"),
        (TEXT, " a"),
        (TEXT, "a\nb"),
    ],
)
def test_a_value_that_can_not_be_says_what_to_type(option: Option[Any], given: object) -> None:
    with pytest.raises(Fault) as caught:
        parsed(option, given)
    assert caught.value.key == "settings.invalid" and option.expected in caught.value.guidance


def test_every_setting_is_whole() -> None:
    names = [one.name for one in CATALOGUE]
    assert names == sorted(names, key=lambda name: name.split(".")[0]) and len(names) == len(set(names))
    for one in CATALOGUE:
        assert parsed(one, one.default) == one.default, one.name
        assert one.sentence.endswith(".") and one.sentence[0].isupper() and set(one.roles) <= {"oma", "vma"}


@pytest.fixture
async def options(store: Store) -> Options:
    return await Options.open(store, "oma")


async def test_a_change_is_in_force_at_once_and_after_a_restart(options: Options, store: Store) -> None:
    told: list[int] = []
    options.watch(CONSOLE_IDLE, lambda: told.append(options[CONSOLE_IDLE]))
    await options.change(CONSOLE_IDLE.name, 30)
    assert (told, (await Options.open(store, "oma"))[CONSOLE_IDLE]) == ([15, 30], 30)
    await options.reset(CONSOLE_IDLE.name)
    assert (told, (await Options.open(store, "oma"))[CONSOLE_IDLE]) == ([15, 30, 15], 15)


async def test_a_refused_value_changes_nothing(options: Options) -> None:
    with pytest.raises(Fault):
        await options.change(CONSOLE_IDLE.name, 0)
    assert options[CONSOLE_IDLE] == 15 and options.changed_at(CONSOLE_IDLE) is None


async def test_a_kept_value_that_is_no_longer_possible_counts_as_never_set(options: Options, store: Store) -> None:
    await Settings(store).put("option.console.idle_minutes", {"value": 100_000})
    await Settings(store).put("option.of.another_version", {"value": 1})
    assert (await Options.open(store, "oma"))[CONSOLE_IDLE] == 15


async def test_a_setting_of_the_other_appliance_is_not_here(options: Options) -> None:
    (other,) = set(options_of("vma")) - set(options_of("oma"))
    with pytest.raises(Fault) as caught:
        await options.change(other.name, 1)
    assert caught.value.key == "settings.unknown"


async def test_the_routes_show_change_and_reset_and_the_audit_log_has_it(options: Options, store: Store) -> None:
    routes = SettingsRoutes(options, Audit(store))
    assert [one.name for one in await routes.settings()] == [one.name for one in options_of("oma")]
    changed = await routes.change_setting(CONSOLE_IDLE.name, ChangeSetting(value="5"))
    assert (changed.value, changed.default, changed.kind, changed.changed_at is not None) == (5, 15, "number", True)
    assert (await routes.reset_setting(CONSOLE_IDLE.name)).value == 15
    details = [(one.action, one.detail) for one in reversed(await Audit(store).newest(9))]
    assert details == [
        ("settings.change_setting", "console.idle_minutes: 15 to 5"),
        ("settings.reset_setting", "console.idle_minutes: 5 to 15"),
    ]


def test_fewer_files_of_the_log_are_fewer_at_once(tmp_path: Path) -> None:
    book = LogBook(tmp_path)
    for number in range(1, 5):
        (tmp_path / f"agent.log.{number}").write_text("")
    book.keep(3)
    book.close()
    assert sorted(one.name for one in tmp_path.glob("agent.log.*")) == ["agent.log.1", "agent.log.2"]


async def test_an_oma_does_as_its_settings_say(options: Options) -> None:
    preparer = Preparer(cast(Any, None), cast(Any, None), cast(Any, None))
    made = cast(Any, SimpleNamespace(
        scheduler=SimpleNamespace(), failover=SimpleNamespace(preparer=preparer),
        volumes=SimpleNamespace(set_slot_limit=lambda most: slots.append(most)),
        config=SimpleNamespace(storage=SimpleNamespace(slot_limit=7), failover=SimpleNamespace(test_network_id="of the file")),
        monitor=SimpleNamespace(limits=HealthLimits(), heed=lambda limits: setattr(made.monitor, "limits", limits)),
    ))  # fmt: skip
    slots: list[int | None] = []
    follow(made, options)
    assert (made.scheduler.at_once, made.failover.test_network_id, made.verify_limits.share, slots) == (5, "of the file", 0.01, [7])
    for name, value in {
        "schedules.starts_per_second": 9,
        "failover.test_network": "net-9",
        "failover.old_copy_hours": 2,
        "failover.preparation_minutes": 90,
        "health.look_seconds": 60,
        "verification.sample_percent": 10,
        "volumes.slots": 12,
    }.items():
        await options.change(name, value)
    assert (made.scheduler.at_once, made.failover.test_network_id, made.failover.old_copy) == (9, "net-9", timedelta(hours=2))
    assert (preparer.seconds, made.failover.preparer.seconds) == (3600, 5400)
    assert (made.monitor.limits.interval, made.verify_limits.share, slots) == (60, 0.1, [7, 12])
