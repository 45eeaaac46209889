"""What is typed becomes one request; the answer is shown for people or as JSON, and the exit code says what came of it."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.cli.main import main
from appliance.contract.client import UNREACHABLE, Transport
from appliance.contract.errors import NOT_FOUND

Answer = tuple[int, Any]
Sent = tuple[str, str, dict[str, str], Any]


class Agent(Transport):
    """Stands in for an agent: the answers by method and path, one after the other; keeps what it was sent."""

    def __init__(self, answers: dict[str, list[Answer]]) -> None:
        super().__init__()
        self.answers, self.sent = answers, list[Sent]()

    async def send(self, method: str, path: str, query: dict[str, str], body: bytes | None) -> tuple[int, bytes]:
        self.sent.append((method, path, query, None if body is None else json.loads(body)))
        if not (known := self.answers.get(f"{method} {path}")):
            raise UNREACHABLE(cause="nobody there")
        status, answer = known.pop(0) if len(known) > 1 else known[0]
        return status, answer if isinstance(answer, bytes) else json.dumps(answer).encode()


Ask = Callable[..., tuple[int, Agent]]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Type a line to an agent with these answers; the exit code and the agent."""

    def typed(line: str, stdin: str = "", **answers: Answer | list[Answer]) -> tuple[int, Agent]:
        known = {key.replace("_", " ", 1): one if isinstance(one, list) else [one] for key, one in answers.items()}
        agent = Agent(known)
        monkeypatch.setattr("appliance.cli.asking.transport", lambda _: agent)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        return main(line.split()), agent

    return typed


VMS = [{"vm_name": "web1", "current_status": "replicating", "context_id": "ctx-1", "notes": None}]


def job(status: str, percent: float = 50, revision: int = 1) -> dict[str, Any]:
    return {"id": "job-1", "status": status, "progress_percent": percent, "current_operation": "Copying", "revision": revision}


def test_a_list_is_a_table(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    code, agent = ask("vms list", **{"GET_/api/v1/vm-contexts": (200, VMS)})
    out = capsys.readouterr().out
    assert code == 0 and agent.sent == [("GET", "/api/v1/vm-contexts", {}, None)]
    assert out.splitlines()[0].split() == ["VM", "name", "Current", "status", "Context", "ID"] and "web1" in out


def test_with_json_the_answer_is_one_document(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = ask("vms list --json", **{"GET_/api/v1/vm-contexts": (200, VMS)})
    assert (code, json.loads(capsys.readouterr().out)) == (0, VMS)


def test_a_noun_alone_lists_what_there_is_of_it(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("vms --json", **{"GET_/api/v1/vm-contexts": (200, VMS)})[0] == 0
    assert json.loads(capsys.readouterr().out) == VMS
    assert ask("gate", **{"GET_/api/v1/shell-gate": (200, {"state": "closed"})})[0] == 0


def test_parts_by_name_are_a_table(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    parts = {"database": {"state": "ok", "detail": ""}, "tunnel": {"state": "degraded", "detail": "Not connected: vma1."}}
    ask("health", **{"GET_/api/v1/health": (200, {"state": "degraded", "parts": parts})})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["State", "degraded"]
    assert [line.split()[:2] for line in lines[3:6]] == [["Name", "State"], ["database", "ok"], ["tunnel", "degraded"]]


def test_an_empty_list_says_so(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    ask("vms list", **{"GET_/api/v1/vm-contexts": (200, [])})
    assert capsys.readouterr().out == "Nothing here.\n"


def test_parameters_and_fields_are_sent_in_their_types(ask: Ask) -> None:
    _, agent = ask("jobs list --limit 5 --no-active", **{"GET_/api/v1/jobs": (200, [])})
    assert agent.sent[0][2] == {"limit": "5", "active": "false"}
    _, agent = ask("tokens create ci --role viewer --expires-in-days 30", **{"POST_/api/v1/tokens": (201, {"text": "mat"})})
    assert agent.sent[0][3] == {"name": "ci", "role": "viewer", "expires_in_days": 30}
    for typed, value in (("30", 30), ("off", "off"), ("true", True), ("net-1", "net-1")):
        _, agent = ask(f"settings set a.b {typed}", **{"PUT_/api/v1/settings/a.b": (200, {})})
        assert agent.sent[0][3] == {"value": value}


def test_a_name_in_a_path_stays_one_part_of_it(ask: Ask) -> None:
    _, agent = ask("vms show a/../b", **{})
    assert agent.sent[0][1] == "/api/v1/vm-contexts/a%2F..%2Fb"
    assert ask("vms show ..", **{})[1].sent[0][1] == "/api/v1/vm-contexts/%2E%2E"


CREATE = "credentials create vc --peer-id p --vcenter-host vc.example --username u --fingerprint " + "AA" * 32


@pytest.mark.parametrize("how", ["stdin", "file", "dash"])
def test_a_password_comes_from_standard_input_or_a_file(ask: Ask, tmp_path: Path, how: str) -> None:
    (tmp_path / "secret").write_text("pass word\nmore\n")
    more = {"stdin": "", "file": f" --password-file {tmp_path}/secret", "dash": " --password-file -"}[how]
    _, agent = ask(CREATE + more, stdin="pass word\nmore\n", **{"POST_/api/v1/vmware-credentials": (201, {})})
    assert agent.sent[0][3]["password"] == "pass word"


def test_a_password_is_asked_for_on_a_terminal(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda prompt: f"typed at {prompt}")
    monkeypatch.setattr("appliance.cli.arguments.sys", type("Sys", (), {"stdin": type("Terminal", (), {"isatty": lambda _: True})()}))
    _, agent = ask(CREATE, **{"POST_/api/v1/vmware-credentials": (201, {})})
    assert agent.sent[0][3]["password"] == "typed at Password: "


def test_a_whole_body_comes_from_a_file(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "body.json").write_text('{"name": "ci", "role": "admin"}')
    _, agent = ask(f"tokens create --body {tmp_path}/body.json", **{"POST_/api/v1/tokens": (201, {})})
    assert agent.sent[0][3] == {"name": "ci", "role": "admin"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("tokens create --role viewer", "this needs NAME"),
        ("tokens create ci", "this needs --role"),
        ("tokens create ci --role viewer --expires-in-days 0", "expires_in_days"),
        ("tokens create --body no-such-file", "no-such-file: No such file"),
        (CREATE + " --password-file no-such-file", "no-such-file: No such file"),
        ("failover test vm1 --networks {", "not a JSON document"),
    ],
)
def test_what_can_not_be_sent_is_wrong_usage_and_is_not_sent(ask: Ask, capsys: pytest.CaptureFixture[str], line: str, said: str) -> None:
    code, agent = ask(line)
    assert (code, agent.sent) == (2, []) and said in capsys.readouterr().err


@pytest.mark.parametrize("line", ["", "nothing", "failover", "jobs nothing", "jobs list --limit many", "tokens create ci --role root"])
def test_what_nobody_understands_is_wrong_usage(ask: Ask, line: str) -> None:
    with pytest.raises(SystemExit) as ended:
        ask(line)
    assert ended.value.code == 2


def test_a_refusal_says_what_to_do_and_ends_with_1(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    answer = (404, NOT_FOUND(noun="job", id="x").shown())
    assert ask("jobs show x", **{"GET_/api/v1/jobs/x": answer})[0] == 1
    assert capsys.readouterr().err.startswith("There is no job x here. Check")
    assert ask("jobs show x --json", **{"GET_/api/v1/jobs/x": answer})[0] == 1
    assert json.loads(capsys.readouterr().err)["error"]["key"] == "request.not_found"


def test_an_agent_that_is_not_there_ends_with_1(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("status")[0] == 1
    assert "can't be reached" in capsys.readouterr().err


@pytest.mark.parametrize(("end", "code"), [("completed", 0), ("failed", 1), ("cancelled", 1)])
def test_wait_follows_the_job_to_its_end(ask: Ask, capsys: pytest.CaptureFixture[str], end: str, code: int) -> None:
    found, agent = ask(
        "vault rotate --wait --json",
        **{
            "POST_/api/v1/vault/rotation": (202, {"job_id": "job-1"}),
            "GET_/api/v1/jobs/job-1": [(200, job("running")), (200, job("running", 80, 2)), (200, job(end, 100, 3))],
        },
    )
    told = capsys.readouterr()
    assert found == code and json.loads(told.out)["status"] == end
    assert told.err.splitlines()[:2] == ["job-1: running 50 % Copying", "job-1: running 80 % Copying"]
    assert [one[2]["after"] for one in agent.sent[1:]] == ["-1", "1", "2"]


def test_events_are_followed_line_by_line(ask: Ask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    async def stream(_agent: Agent, path: str, query: dict[str, str]) -> AsyncIterator[tuple[int, bytes]]:
        assert path == "/api/v1/jobs/events"
        for line in (b"id: 7\n", b'data: {"id": "job-1", "status": "running"}\n', b"\n", b": beat\n"):
            yield 200, line

    monkeypatch.setattr(Agent, "stream", stream)
    assert ask("jobs events --json")[0] == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [{"id": "job-1", "status": "running"}]


def test_sync_takes_a_vms_name(ask: Ask) -> None:
    code, agent = ask(
        "sync web1",
        **{
            "GET_/api/v1/vm-contexts/web1": (200, {"context_id": "ctx-1"}),
            "POST_/api/v1/replications": (202, {"context_id": "ctx-1", "job_id": "job-1"}),
        },
    )
    assert code == 0 and agent.sent[1][3] == {"context_id": "ctx-1"}


def test_sync_of_an_unknown_vm_is_refused(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = ask("sync web9", **{"GET_/api/v1/vm-contexts/web9": (404, NOT_FOUND(noun="VM", id="web9").shown())})
    assert code == 1 and "no VM web9" in capsys.readouterr().err


def test_a_file_goes_where_it_is_wanted_and_is_ones_own(ask: Ask, tmp_path: Path) -> None:
    code, _ = ask(f"support-bundle download b.tar.gz --out {tmp_path}/b", **{"GET_/api/v1/support-bundle/b.tar.gz": (200, b"\x1f\x8b")})
    assert code == 0 and (tmp_path / "b").read_bytes() == b"\x1f\x8b" and (tmp_path / "b").stat().st_mode & 0o777 == 0o600


def test_no_answer_can_steer_the_terminal(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    ask("vms list", **{"GET_/api/v1/vm-contexts": (200, [{"vm_name": "\x1b[2J[red]x", "context_id": "c"}])})
    out = capsys.readouterr().out
    assert "\x1b" not in out and "?[2J[red]x" in out
