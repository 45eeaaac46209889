"""CloudStack configurations by keys: the list, the three steps, the checks and the trial."""

from __future__ import annotations

from textual.widgets import Static

from appliance.contract.clouds import Connection, Discovery, SaveConfig
from appliance.contract.types import JobRef
from appliance.tui.cloud_draft import Draft, described, offered
from appliance.tui.screens.checks import counted
from appliance.tui.screens.cloud_checks import CloudChecksScreen
from appliance.tui.screens.cloud_choice import ChoiceScreen, choice_rows
from appliance.tui.screens.cloud_found import found_facts
from appliance.tui.screens.clouds import CloudsScreen, actions, config_facts
from appliance.tui.screens.job import JobScreen
from appliance.tui.widgets.dialog import Confirm, Tell
from appliance.tui.widgets.pick_one import PickOne
from appliance.tui.widgets.table import Listing
from tests.tui import oma_answers as oma
from tests.tui import operation as op
from tests.tui.hands import notice, problem, screen_name, screen_text
from tests.tui.stand_in import StandIn, console

EDIT = ("enter", "down", "enter")
TYPED = ("f7", *"lab", "tab", *"cloud.example.net:8080", "tab", *"key", "tab", *"secret")
PARIS = oma.resources().zones[1].id


def sent(agent: StandIn, name: str) -> list[object]:
    return [one["body"] for one in agent.called(name)]


async def test_a_new_one_goes_from_address_to_choice_and_is_stored_once() -> None:
    agent = StandIn("oma", oma.answers(configs=[]))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("clouds", *TYPED, "f8")(pilot)
        assert screen_name(pilot) == "cloud-found"
        assert sent(agent, "test_connection") == [Connection(address="cloud.example.net:8080", api_key="key", secret_key="secret")]
        await oma.pressed(pilot, ["f8", "enter", "down", "enter"])
        assert not agent.called("save_config")
        await oma.pressed(pilot, [*["down"] * 4, "enter", "enter", "f8"])
        (body,) = sent(agent, "save_config")
        assert isinstance(body, SaveConfig)
        assert (body.id, body.name, body.zone, body.secret_key.get_secret_value()) == (None, "lab", PARIS, "secret")
        assert (body.disk_offering_id, body.oma_vm_id) == (oma.resources().disk_offerings[1].id, oma.resources().oma_vm_id)
        assert body.is_active is None
        assert isinstance(pilot.app.screen, CloudsScreen)
        assert "lab is stored; F4 makes it the active one" in notice(pilot)


async def test_a_change_keeps_the_stored_keys_and_the_choice() -> None:
    agent = StandIn("oma", oma.answers())
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("clouds", *EDIT, "f8", "f8", "f8")(pilot)
        stored = oma.config()
        (body,) = sent(agent, "save_config")
        assert isinstance(body, SaveConfig)
        assert body.model_dump(exclude={"address", "secret_key", "api_key", "is_active"}) == stored.model_dump(
            exclude={"api_url", "is_active"}
        )
        assert (body.api_key, body.secret_key.get_secret_value()) == ("", "")
        assert sent(agent, "test_connection") == [Connection(address=stored.api_url, config_id=1)]


async def test_another_zone_brings_its_own_templates_and_networks() -> None:
    agent = StandIn("oma", oma.answers())
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("clouds", *EDIT, "f8", "f8")(pilot)
        agent.answers["discover_resources"] = oma.resources(templates=[], networks=[oma.named(20, "paris-net")])
        await oma.pressed(pilot, ["enter", "down", "enter"])
        asked = sent(agent, "discover_resources")[-1]
        assert isinstance(asked, Discovery)
        assert (asked.zone, asked.config_id) == (PARIS, 1)
        assert "choose again: Template, Network" in notice(pilot)
        assert "Paris" in screen_text(pilot)


async def test_keys_that_are_refused_are_said_beside_and_nothing_is_looked_for() -> None:
    agent = StandIn("oma", oma.answers(configs=[], test_connection=oma.KEYS_REFUSED()))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("clouds", *TYPED, "f6")(pilot)
        assert "CloudStack refuses the API key." in problem(pilot, "api_key")
        agent.answers["test_connection"] = oma.named(1, "4.20.1.0")
        await oma.pressed(pilot, ["f6"])
        assert "Address and keys work: CloudStack 4.20.1.0" in notice(pilot)
        assert not agent.called("discover_resources")


async def test_keys_are_needed_for_a_new_one() -> None:
    agent = StandIn("oma", oma.answers(configs=[]))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("clouds", "f7", *"lab", "tab", *"cloud", "f8")(pilot)
        assert problem(pilot, "api_key") == "Type the API key of the account."
        assert not agent.called("test_connection")


async def test_what_is_needed_and_not_chosen_is_asked_about_before_saving() -> None:
    agent = StandIn("oma", oma.answers(configs=[oma.config(disk_offering_id="")]))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("clouds", *EDIT, "f8", "f8", "f8")(pilot)
        assert isinstance(pilot.app.screen, Confirm)
        assert "Not chosen yet: Disk offering." in " ".join(str(one.content) for one in pilot.app.screen.query(Static))
        await oma.pressed(pilot, ["f8"])
        assert len(agent.called("save_config")) == 1


async def test_the_id_of_its_own_machine_is_typed_where_it_was_not_found() -> None:
    agent = StandIn("oma", oma.answers(configs=[oma.config(oma_vm_id="")], discover_resources=oma.resources(oma_vm_id=None)))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("clouds", *EDIT, "f8", "f8", *["down"] * 6, "enter", "enter", *"vm-7", "f8", "f8")(pilot)
        (body,) = sent(agent, "save_config")
        assert isinstance(body, SaveConfig)
        assert body.oma_vm_id == "vm-7"


async def test_a_refused_save_keeps_the_choice_on_the_screen() -> None:
    agent = StandIn("oma", oma.answers(save_config=oma.CLOUD_AWAY()))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("clouds", *EDIT, "f8", "f8", "f8")(pilot)
        assert isinstance(pilot.app.screen, ChoiceScreen)
        assert "CloudStack does not answer." in notice(pilot)


async def test_a_long_list_is_narrowed_by_typing() -> None:
    agent = StandIn("oma", oma.answers())
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("clouds", *EDIT, "f8", "f8", *["down"] * 5, "enter", "f3", *"isol")(pilot)
        assert isinstance(pilot.app.screen, PickOne)
        assert pilot.app.screen.query_one(Listing).row_count == 1
        await oma.pressed(pilot, ["enter", "enter"])
        assert "test-isolated" in screen_text(pilot)


async def test_another_one_becomes_active_after_a_question_that_names_both() -> None:
    agent = StandIn("oma", oma.answers(activate_config=oma.config(id=2)))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("clouds", "down", "f4", "down", "down", "enter")(pilot)
        asked = " ".join(str(one.content) for one in pilot.app.screen.query(Static))
        assert "New work uses rehearsals instead of production" in asked
        assert not agent.called("activate_config")
        await oma.pressed(pilot, ["f8"])
        assert agent.called("activate_config") == [{"config_id": "2"}]
        assert "rehearsals is the active configuration now." in notice(pilot)


async def test_one_in_use_is_not_removed_and_the_refusal_is_read_in_full() -> None:
    agent = StandIn("oma", oma.answers(delete_config=oma.CONFIG_IN_USE()))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("clouds", "f4", "down", "down", "down", "enter", "f8")(pilot)
        assert isinstance(pilot.app.screen, Tell)
        assert "Make another configuration the active one" in " ".join(str(one.content) for one in pilot.app.screen.query(Static))


async def test_the_trial_is_asked_about_and_its_job_is_followed() -> None:
    agent = StandIn("oma", oma.answers(try_config=JobRef(job_id="job-101"), job=op.job_of(op.job(1))))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("clouds", "f6", "f4")(pilot)
        assert not agent.called("try_config")
        await oma.pressed(pilot, ["f8"])
        assert agent.called("try_config") == [{"config_id": "1"}]
        assert isinstance(pilot.app.screen, JobScreen)


async def test_checks_are_looked_at_once_and_again_when_asked() -> None:
    agent = StandIn("oma", oma.answers())
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("clouds", "f6", "down", "down", "down", "enter", "escape")(pilot)
        assert isinstance(pilot.app.screen, CloudChecksScreen)
        assert len(agent.called("validate_config")) == 1
        await oma.pressed(pilot, ["f5"])
        assert len(agent.called("validate_config")) == 2


async def test_names_that_could_not_be_had_are_asked_for_again() -> None:
    agent = StandIn("oma", oma.answers(discover_resources=oma.CLOUD_AWAY()))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("clouds")(pilot)
        assert "CloudStack does not answer." in screen_text(pilot)
        agent.answers["discover_resources"] = oma.resources()
        await oma.pressed(pilot, ["f5"])
        assert "Frankfurt" in screen_text(pilot)


async def test_it_bears_a_tiny_terminal_and_an_agent_that_goes_away() -> None:
    agent = StandIn("oma", oma.answers())
    async with console(agent).run_test(size=(40, 10)) as pilot:
        await oma.opened("clouds", *EDIT, "f8", "f8", "enter", "escape")(pilot)
        agent.absent = True
        await oma.pressed(pilot, ["f8"])
        assert screen_name(pilot) == "cloud-choice"
        assert "can't be reached" in notice(pilot)


def test_the_only_zone_and_the_machine_that_was_found_are_chosen_by_themselves() -> None:
    draft = Draft()
    found = oma.resources(zones=oma.resources().zones[:1])
    assert draft.take(found) == []
    assert draft.chosen == {"zone": found.zones[0].id, "oma_vm_id": found.oma_vm_id}
    assert draft.missing() == ["Disk offering"]


def test_what_is_not_there_any_more_is_forgotten_and_named() -> None:
    draft = Draft.of(oma.config())
    assert draft.take(oma.resources(networks=[])) == ["Network"]
    assert draft.chosen["network_id"] == ""


def test_offerings_of_any_size_come_first_and_say_so() -> None:
    listed = offered("disk_offerings", oma.resources())
    assert [described("disk_offerings", one) for one in listed] == ["size can be chosen", "fixed size: not for migrated disks, 20 GiB"]


def test_what_is_needed_stands_out_until_it_is_chosen() -> None:
    rows = {row.key: row for row in choice_rows(Draft(), oma.resources())}
    assert (rows["zone"].cells[1], rows["zone"].tone) == ("not chosen (needed)", "warning")
    assert rows["network_id"].cells[1] == "not chosen"


def test_an_appliance_that_does_not_find_itself_is_told() -> None:
    assert found_facts(oma.resources(oma_vm_id=None))[1][2:] == ("warning",)


def test_without_names_the_ids_are_shown_and_why() -> None:
    facts = config_facts(oma.config(), "CloudStack does not answer.")
    assert facts[0] == ("Zone", oma.config().zone)
    assert facts[-1] == ("CloudStack", "CloudStack does not answer.", "warning")


def test_the_active_one_is_not_offered_to_become_it() -> None:
    assert "activate" not in [key for key, _ in actions(oma.config())]


def test_the_heading_counts_the_checks() -> None:
    assert counted(oma.CHECKS) == ": 2 pass, 1 warn, 1 FAIL"
