"""The command line is made from the contract: every route is a command, and its fields are what can be typed."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import pytest

from appliance.agent.oma_routes import APIS as OMA_APIS
from appliance.agent.vma import APIS as VMA_APIS
from appliance.cli.arguments import request
from appliance.cli.asking import prepare
from appliance.cli.commands import Command, action_of, commands, noun_of
from appliance.cli.fields import Field, body_fields, positional, query_fields
from appliance.cli.line import options_last, parser
from appliance.cli.shortcuts import SHORTCUTS, expanded
from appliance.contract.api import routes

BY_WORDS = {one.words: one for one in commands()}


def test_every_route_of_both_appliances_is_a_command() -> None:
    served = {(one.method, one.path, one.name) for api in (*OMA_APIS, *VMA_APIS) for one in routes(api) if one.path.startswith("/api/v1/")}
    assert served <= {(one.route.method, one.route.path, one.route.name) for one in commands()}


def test_no_two_commands_have_the_same_words() -> None:
    assert len(BY_WORDS) == len(commands())


@pytest.mark.parametrize("noun", sorted({one.noun for one in commands()}))
def test_every_noun_can_be_parsed_and_helps(noun: str, capsys: pytest.CaptureFixture[str]) -> None:
    for one in (one for one in commands() if one.noun == noun):
        with pytest.raises(SystemExit) as ended:
            parser(noun).parse_args([*one.words.split(), "--help"])
        assert ended.value.code == 0 and "--json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "method", "path"),
    [
        ("vms list", "GET", "/api/v1/vm-contexts"),
        ("vms show", "GET", "/api/v1/vm-contexts/{vm}"),
        ("jobs log", "GET", "/api/v1/jobs/{job_id}/log"),
        ("credentials set-default", "POST", "/api/v1/vmware-credentials/{credential_id}/set-default"),
        ("clouds create", "POST", "/api/v1/ossea/configs"),
        ("clouds validate", "POST", "/api/v1/ossea/configs/{config_id}/validate"),
        ("failover cleanup-failed", "POST", "/api/v1/failover/{vm}/cleanup-failed"),
        ("groups remove-member", "DELETE", "/api/v1/machine-groups/{group_id}/members/{vm}"),
        ("settings set", "PUT", "/api/v1/settings/{name}"),
        ("tokens revoke", "DELETE", "/api/v1/tokens/{token_id}"),
        ("pairing create", "POST", "/api/v1/pairing"),
        ("pairing join", "POST", "/api/v1/pairing"),
        ("support-bundle download", "GET", "/api/v1/support-bundle/{name}"),
        ("gate show", "GET", "/api/v1/shell-gate"),
        ("audit", "GET", "/api/v1/audit"),
    ],
)
def test_commands_are_called_as_one_would_say(words: str, method: str, path: str) -> None:
    assert (BY_WORDS[words].route.method, BY_WORDS[words].route.path) == (method, path)


def test_what_a_route_is_called_comes_from_its_path() -> None:
    route = BY_WORDS["schedules next-runs"].route
    assert (noun_of(route), action_of(route)) == ("schedules", "next-runs")


def fields(words: str) -> dict[str, Field]:
    return {one.name: one for one in (*body_fields(BY_WORDS[words].route), *query_fields(BY_WORDS[words].route))}


def test_fields_have_the_kinds_of_their_schemas() -> None:
    found = fields("credentials create")
    assert (found["password"].kind, found["vcenter_port"].kind, found["is_default"].kind) == ("secret", "number", "switch")
    assert fields("tokens create")["role"].choices == ("viewer", "operator", "admin")
    assert fields("groups create")["conflicts_with"].many
    assert fields("settings set")["value"].kind == "any"
    assert positional(fields("failover test")["vm"]) and not positional(fields("credentials create")["username"])


@pytest.mark.parametrize("one", commands(), ids=[one.words for one in commands()])
def test_no_secret_can_be_typed_on_the_command_line(one: Command) -> None:
    made = argparse.ArgumentParser()
    prepare(made, one)
    typed = [option for action in made._actions for option in action.option_strings]
    for field in body_fields(one.route):
        if field.kind == "secret" or any(word in field.name for word in ("password", "secret", "passphrase")):
            assert field.option not in typed or field.kind == "switch", field.name


README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("line", [one for one in README.read_text().splitlines() if one.startswith("appliance ")])
def test_what_the_readme_types_is_understood(line: str) -> None:
    words, _ = expanded(shlex.split(line, comments=True)[1:])
    typed = parser(words[0]).parse_args(words)
    request(typed.command, typed)


def test_shortcuts_stand_for_commands_that_there_are() -> None:
    for one in SHORTCUTS.values():
        assert " ".join(one.words) in BY_WORDS
    assert expanded(["sync", "web1", "--wait"])[0] == ["replications", "start", "--context-id", "web1", "--wait"]
    assert expanded(["jobs", "list"]) == (["jobs", "list"], None)


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("--json upgrade releases", "upgrade releases --json"),
        ("--url https://oma/operator --token-file t vms", "vms --url https://oma/operator --token-file t"),
        ("--url=https://oma/operator --json vms list", "vms list --url=https://oma/operator --json"),
        ("vms list --json", "vms list --json"),
        ("--help", "--help"),
        ("--json", "--json"),
        ("", ""),
    ],
)
def test_options_of_every_command_may_stand_before_it(typed: str, taken: str) -> None:
    assert options_last(typed.split()) == taken.split()
