"""vCenter credentials by keys."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from appliance.contract.credentials import AskCertificate, CredentialChange, NewCredential
from appliance.contract.types import JobRef
from appliance.tui.flaws import check_of
from appliance.tui.screens.certificate import CHANGED, SAME, certificate_words, same
from appliance.tui.screens.credential_form import CredentialForm
from appliance.tui.screens.credentials import CredentialsScreen, actions, credential_facts, login_words
from appliance.tui.screens.job import JobScreen
from appliance.tui.widgets.dialog import Confirm, Tell
from tests.tui import oma_answers as oma
from tests.tui import operation as op
from tests.tui.hands import notice, problem, screen_name
from tests.tui.stand_in import StandIn, console

NEW = ("f7", *"second", "tab", "tab", *"vcenter.example.net", "tab", "tab", *"migrate", "tab", *"secret")
EDIT = ("enter", "down", "enter")
REMOVE = ("enter", "down", "down", "down", "enter", "f8")


def shown(pilot) -> str:  # type: ignore[no-untyped-def]
    return " ".join(str(one.content) for one in pilot.app.screen.query(Static))


async def test_nothing_is_stored_before_the_fingerprint_was_confirmed() -> None:
    agent = StandIn("oma", oma.answers())
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("credentials", *NEW, "f8")(pilot)
        assert isinstance(pilot.app.screen, Confirm)
        assert "5F:5F:5F:5F" in shown(pilot)
        assert agent.called("certificate") == [{"body": AskCertificate(peer_id="peer-vma1", vcenter_host="vcenter.example.net")}]
        await oma.pressed(pilot, ["escape", "f8"])
        assert not agent.called("create_credential")
        await oma.pressed(pilot, ["f8"])
        (asked,) = agent.called("create_credential")
        body = asked["body"]
        assert isinstance(body, NewCredential)
        assert (body.name, body.username, body.password.get_secret_value()) == ("second", "migrate", "secret")
        assert (body.fingerprint, body.ca, body.is_default) == ("5f" * 32, "", False)
        assert isinstance(pilot.app.screen, CredentialsScreen)
        assert "second is stored" in notice(pilot)


async def test_the_first_one_becomes_the_default() -> None:
    agent = StandIn("oma", oma.answers(credentials=[]))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("credentials", *NEW, "f8", "f8")(pilot)
        body = agent.called("create_credential")[0]["body"]
        assert isinstance(body, NewCredential)
        assert body.is_default


async def test_without_a_paired_appliance_it_is_said_what_to_do_first() -> None:
    agent = StandIn("oma", oma.answers(peers=[oma.peer(state="revoked")]))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("credentials", "f7")(pilot)
        assert isinstance(pilot.app.screen, CredentialsScreen)
        assert "pair one first" in notice(pilot)


@pytest.mark.parametrize(
    ("keys", "field", "says"),
    [
        (("f7",), "name", "Type a name."),
        (("f7", "a", "tab", "tab", *"https://vc/"), "host", "name or address only"),
        (("f7", "a", "tab", "tab", "v", "tab", "backspace", "backspace", "backspace", *"70000"), "port", "from 1 to 65535"),
        (("f7", "a", "tab", "tab", "v", "tab", "tab", "u"), "password", "Type the password"),
    ],
)
async def test_what_cannot_be_sent_is_said_beside_its_field(keys, field, says) -> None:  # type: ignore[no-untyped-def]
    agent = StandIn("oma", oma.answers())
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("credentials", *keys, "f8")(pilot)
        assert says in problem(pilot, field)
        assert not agent.called("certificate")


@pytest.mark.parametrize(
    ("refusal", "field"),
    [({"create_credential": oma.NAME_TAKEN()}, "name"), ({"certificate": oma.VCENTER_AWAY()}, "host")],
)
async def test_a_refusal_stands_beside_its_field_and_what_was_typed_stays(refusal, field) -> None:  # type: ignore[no-untyped-def]
    agent = StandIn("oma", oma.answers(**refusal))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("credentials", *NEW, "f8", "f8")(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, CredentialForm)
        assert problem(pilot, field)
        assert screen.field("name").value == "second"


async def test_what_was_typed_is_tried_without_storing_it() -> None:
    agent = StandIn("oma", oma.answers(test_new_credential=oma.REFUSED))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("credentials", *NEW, "f6", "f8")(pilot)
        assert "The vCenter refuses this user. Check user and password." in notice(pilot)
        assert not agent.called("create_credential")
        agent.answers["test_new_credential"] = oma.WORKS
        await oma.pressed(pilot, ["f6"])
        assert "The login works" in notice(pilot)
        assert len(agent.called("certificate")) == 1


async def test_a_change_keeps_password_and_certificate_where_the_vcenter_stays() -> None:
    agent = StandIn("oma", oma.answers())
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("credentials", *EDIT, *"2", "f8")(pilot)
        (asked,) = agent.called("update_credential")
        body = asked["body"]
        assert isinstance(body, CredentialChange)
        assert (asked["credential_id"], body.name, body.password, body.fingerprint) == ("3", "2", None, None)
        assert not agent.called("certificate")


async def test_another_vcenter_is_shown_before_it_is_trusted() -> None:
    agent = StandIn("oma", oma.answers())
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("credentials", *EDIT, "tab", "tab", *"x", "f8", "f8")(pilot)
        body = agent.called("update_credential")[0]["body"]
        assert isinstance(body, CredentialChange)
        assert (body.vcenter_host, body.fingerprint) == ("x", "5f" * 32)


async def test_one_in_use_is_not_removed_and_the_refusal_is_read_in_full() -> None:
    agent = StandIn("oma", oma.answers(delete_credential=oma.IN_USE()))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("credentials", *REMOVE)(pilot)
        assert isinstance(pilot.app.screen, Tell)
        assert "used by 2 VMs: web01, web02. Give these VMs another" in shown(pilot)


async def test_one_is_removed_after_a_question() -> None:
    agent = StandIn("oma", oma.answers())
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("credentials", *REMOVE[:-1])(pilot)
        assert not agent.called("delete_credential")
        await oma.pressed(pilot, ["f8"])
        assert agent.called("delete_credential") == [{"credential_id": "3"}]
        assert notice(pilot) == "production was removed."


async def test_another_one_becomes_the_default() -> None:
    agent = StandIn("oma", oma.answers(set_default_credential=oma.credential(id=4)))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("credentials", "down", "f4", "down", "enter")(pilot)
        assert agent.called("set_default_credential") == [{"credential_id": "4"}]
        assert "branch office is the default" in notice(pilot)


async def test_the_renewed_certificate_of_a_vcenter_is_trusted_after_a_look() -> None:
    agent = StandIn("oma", oma.answers(certificate=oma.SHOWN.model_copy(update={"fingerprint": "77" * 32})))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("credentials", "f4", "down", "down", "enter")(pilot)
        assert CHANGED.split(".")[0] in shown(pilot)
        await oma.pressed(pilot, ["f8"])
        assert agent.called("update_credential") == [{"credential_id": "3", "body": CredentialChange(fingerprint="77" * 32)}]


async def test_the_key_of_the_vault_is_changed_as_a_job() -> None:
    agent = StandIn("oma", oma.answers(rotate_key=JobRef(job_id="job-101"), job=op.job_of(op.job(1))))
    async with console(agent).run_test(size=(80, 25)) as pilot:
        await oma.opened("credentials", "f4", "down", "down", "down", "down", "enter")(pilot)
        assert "in use since 2026-08-22" in shown(pilot)
        await oma.pressed(pilot, ["f8"])
        assert isinstance(pilot.app.screen, JobScreen)


async def test_it_bears_a_tiny_terminal_and_an_agent_that_goes_away() -> None:
    agent = StandIn("oma", oma.answers())
    async with console(agent).run_test(size=(40, 10)) as pilot:
        await oma.opened("credentials", "down", "f4", "escape", "f7")(pilot)
        agent.absent = True
        await oma.pressed(pilot, [*NEW[1:], "f8"])
        assert screen_name(pilot) == "credential"
        assert "can't be reached" in notice(pilot)


def test_the_default_one_is_not_offered_to_become_it() -> None:
    assert "default" not in [key for key, _ in actions(oma.credential())]
    assert "default" in [key for key, _ in actions(oma.credential(is_default=False))]
    assert [key for key, _ in actions(None)] == ["key"]


def test_a_login_that_works_names_the_vcenter() -> None:
    assert login_words(oma.WORKS) == ("The login works: VMware vCenter Server 8.0.2 (build 22617221). Datacenters: DC1.", "good")


def test_a_certificate_is_compared_with_the_one_that_is_trusted() -> None:
    assert SAME in certificate_words(oma.SHOWN, "5F:" * 31 + "5F")
    assert CHANGED in certificate_words(oma.SHOWN, "00" * 32)
    assert "by         itself" in certificate_words(oma.SHOWN.model_copy(update={"self_signed": True}))
    assert not same("5f", "5e")


def test_one_that_is_trusted_by_its_authority_says_so() -> None:
    assert ("Certificate", "signed by the authority that was given") in credential_facts(oma.credential(fingerprint="", ca="PEM"), "vma1")


def test_a_check_takes_what_the_contract_takes() -> None:
    check = check_of(int, "Type a number.", optional=True)
    assert (check(""), check("7"), check("x")) == ("", "", "Type a number.")
