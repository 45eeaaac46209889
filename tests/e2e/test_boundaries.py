"""What must not cross: a peer's rights end at its own jobs, and secrets stay where they belong."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from appliance.agent.oma_routes import APIS
from appliance.contract.api import routes
from appliance.contract.client import Transport
from tests.e2e.world import MIB, World, noise, storage_vm, world

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A world in which a VM has been copied."""
    async with world(tmp_path_factory.mktemp("boundaries"), storage_vm("web1", 16 * MIB)) as found:
        await found.write("web1", 2000, 0, noise(MIB))
        _, job_id = await found.protect("web1")
        await found.ended(job_id)
        yield found


async def test_every_route_of_the_operator_is_forbidden_to_a_peer(site: World) -> None:
    transport = Transport(unix=str(site.run / "vma" / "tunnel" / "oma.sock"))
    for api in APIS:
        for route in routes(api):
            path = route.path.format(**dict.fromkeys(route.path_params, "x"))
            status, body = await transport.send(route.method, path, {}, b"{}" if route.body else None)
            assert (status, json.loads(body)["error"]["key"]) == (403, "request.forbidden"), path
    await transport.close()


async def test_a_peer_gets_no_data_session_once_its_job_has_ended(site: World) -> None:
    job = (await site.jobs.jobs(kind="replication"))[0]
    transport = Transport(unix=str(site.run / "vma" / "tunnel" / "oma.sock"))
    body = json.dumps({"disk_id": "disk-2000", "connections": 2}).encode()
    status, answer = await transport.send("POST", f"/peer/v1/jobs/{job.id}/sessions", {}, body)
    await transport.close()
    assert (status, json.loads(answer)["error"]["key"]) == (409, "replication.no_session")


async def test_no_secret_is_stored_in_the_clear_or_logged_or_in_a_process_list(site: World) -> None:
    account = json.loads((site.folder / "cloud" / "account.json").read_text())
    for secret in (site.vcenter.password, account["secret_key"]):
        held = [path for role in ("oma", "vma") for path in files(site.folder / role) if secret.encode() in path.read_bytes()]
        logged = [path for path in site.folder.glob("*.log") if secret in path.read_text()]
        assert not held and not logged
        assert secret.encode() not in b"".join(path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_the_volume_calls_are_all_on_record(site: World) -> None:
    asked = [one for one in site.cloud.cloud.log.read() if one["command"] in ("createVolume", "attachVolume")]
    operations = await site.storage.volume_operations()
    assert len(asked) == len([one for one in operations if one.type in ("create", "attach")]) == 2


async def test_the_command_line_talks_to_the_agent(site: World) -> None:
    program = "from appliance.cli.main import main; raise SystemExit(main())"
    command = [sys.executable, "-c", program, "request", "GET", "/api/v1/vm-contexts"]
    answer = subprocess.run([*command, "--socket", str(site.oma.socket)], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0 and json.loads(answer.stdout)[0]["vm_name"] == "web1"
    refused = subprocess.run([*command[:-1], "/nothing", "--socket", str(site.oma.socket)], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1 and "request.no_such_route" in refused.stdout
