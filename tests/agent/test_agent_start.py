"""An agent starts from nothing, answers everywhere, and says what is wrong with its configuration."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from appliance.agent.config import Config, ConfigProblem, read_config
from appliance.agent.logs import LogBook
from appliance.agent.machine import Host, network_of
from appliance.agent.oma import running_oma
from appliance.agent.oma_routes import APIS as OMA_APIS
from appliance.agent.vma import APIS as VMA_APIS
from appliance.agent.vma import running_vma
from appliance.contract.api import EVENTS, Route, routes
from appliance.contract.client import Transport
from appliance.contract.network import NetworkPlan
from appliance.netconfig.applier import Files
from appliance.netconfig.trial import Phase, TrialFolder, TrialRecord


def config(folder: Path, role: str) -> Config:
    return Config.model_validate(
        {
            "role": role,
            "name": f"{role}1",
            "state_dir": folder / "state",
            "run_dir": folder / "run",
            "front_door": {"address": "127.0.0.1", "port": 0},
            "api": {"port": 0},
            "machine": {"restart": [], "power_off": [], "networkd_dir": folder / "networkd"},
            "storage": {"devices_dir": folder / "devices", "export_port": 0},
        }
    )


@pytest.fixture(params=["oma", "vma"])
async def agent(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[str, Transport]]:
    """An agent on an empty database, with no peer, no vCenter and no CloudStack."""
    made = config(tmp_path, request.param)
    for folder in (made.state_dir, made.run_dir, tmp_path / "devices"):
        folder.mkdir()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context((running_oma if request.param == "oma" else running_vma)(made, host(made)))
        transport = Transport(unix=str(made.api_socket))
        stack.push_async_callback(transport.close)
        yield request.param, transport


async def test_every_get_route_answers_on_an_empty_appliance(agent: tuple[str, Transport]) -> None:
    role, transport = agent
    for api in OMA_APIS if role == "oma" else VMA_APIS:
        for route in routes(api):
            if route.method == "GET" and route.media != EVENTS:
                status, body = await transport.send("GET", filled(route), needed(route), None)
                assert status < 500, (route.path, status, body)
                assert status == 200 or set(json.loads(body)["error"]) == {"key", "message", "guidance", "fields"}


async def test_every_other_route_refuses_an_empty_body_and_an_unknown_name(agent: tuple[str, Transport]) -> None:
    role, transport = agent
    for api in OMA_APIS if role == "oma" else VMA_APIS:
        for route in routes(api):
            if route.method != "GET" and (route.body or route.path_params):
                status, body = await transport.send(route.method, filled(route), {}, b"" if route.body else None)
                assert 400 <= status < 500, (route.path, status, body)


async def test_the_description_names_every_route(agent: tuple[str, Transport]) -> None:
    role, transport = agent
    _, body = await transport.send("GET", "/api/v1/openapi.json", {}, None)
    described = {(method.upper(), path) for path, methods in json.loads(body)["paths"].items() for method in methods}
    assert described == {(one.method, one.path) for api in (OMA_APIS if role == "oma" else VMA_APIS) for one in routes(api)}


def filled(route: Route) -> str:
    return route.path.format(**dict.fromkeys(route.path_params, "nothing"))


def needed(route: Route) -> dict[str, str]:
    return {name: "x" for name in route.query if name in ("vm_path", "disk_id")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "name: Field required"),
        ("name = 'x'\nrole = 'vma'", "is for the role vma"),
        ("name = 'x'\ncolour = 1", "colour: Extra inputs"),
        ("name = '../x'", "name: String should match"),
        ("name = 'x'\n[front_door]\nport = 70000", "front_door.port"),
        ("name = ", "not valid TOML"),
    ],
)
def test_a_wrong_configuration_says_what_to_change(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "agent.toml").write_text(text)
    with pytest.raises(ConfigProblem, match=said):
        read_config(tmp_path / "agent.toml", "oma")


async def test_the_command_ends_with_a_sentence_when_it_cannot_start(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "appliance.agent", "--config", str(tmp_path / "none.toml"), stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert process.returncode == 2 and b"can't be read" in said


async def test_settings_that_nobody_kept_are_put_back_even_when_the_agent_cannot_start(tmp_path: Path) -> None:
    """After a power cut, with records that can't be read: the network comes first, or nobody ever reaches the machine again."""
    made, files = config(tmp_path, "vma"), Files(networkd={"10-appliance-eth0.network": "before"})
    (tmp_path / "networkd").mkdir()
    (tmp_path / "networkd/10-appliance-eth0.network").write_text("on trial")
    record = TrialRecord(id="t", plan=NetworkPlan(), before=files, boot_id="another", deadline=1e9, phase=Phase.RUNNING)
    TrialFolder(made.state_dir / "network").save(record)
    (made.state_dir / "appliance.db").write_bytes(b"not a database" * 100)
    assert (await ended_with(tmp_path, made)) != 0
    assert (tmp_path / "networkd/10-appliance-eth0.network").read_text() == "before"
    assert not (made.state_dir / "network/trial.json").exists()


async def test_what_was_being_brought_here_when_the_power_went_is_gone_even_when_the_agent_cannot_start(tmp_path: Path) -> None:
    made = config(tmp_path, "vma")
    left = [made.state_dir / folder / ".0123.part" for folder in ("windows-drivers", "disk-library", "upgrades", "backups")]
    for path in left:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"half of it")
    (made.state_dir / "appliance.db").write_bytes(b"not a database" * 100)
    assert (await ended_with(tmp_path, made)) != 0
    assert not [path for path in left if path.exists()]


async def ended_with(folder: Path, made: Config) -> int:
    """How an agent ends that finds a network service that always answers."""
    (folder / "bin").mkdir()
    (folder / "bin/networkctl").write_text("#!/bin/sh\n")
    (folder / "bin/networkctl").chmod(0o755)
    tables = f'[machine]\nrestart = []\npower_off = []\nnetworkd_dir = "{folder}/networkd"\n[api]\nport = 0\n'
    (folder / "agent.toml").write_text(f'role = "vma"\nname = "v"\nstate_dir = "{made.state_dir}"\nrun_dir = "{made.run_dir}"\n{tables}')
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "appliance.agent",
        "--config",
        str(folder / "agent.toml"),
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}"},
    )
    return await process.wait()


def host(made: Config) -> Host:
    return Host(LogBook(made.state_dir / "log"), network_of(made), restart=lambda: None)
