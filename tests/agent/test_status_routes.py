"""What the idle screen shows: who the appliance is, where it is reached, and what failed last."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from console_records import ERROR, at, job, keep

from appliance.agent.http.status import Facts, StatusRoutes, web_address
from appliance.agent.machine import addresses
from appliance.contract.status import Status, Tunnel
from appliance.core.jobs import Job
from appliance.core.store import Store
from appliance.tunnel.identity import load_identity


async def shown(store: Store, folder: Path, *, role: str = "oma", here: tuple[str, ...] = ("192.0.2.5", "fd00::5")) -> Status:
    async def where() -> list[str]:
        return list(here)

    async def tunnels() -> list[Tunnel]:
        return []

    identity = await load_identity(folder, "oma" if role == "oma" else "vma", "boot-1")
    facts = Facts(store, where, tunnels, (lambda: 443) if role == "oma" else None)
    return await StatusRoutes(identity, "one", {}, facts, ()).status()


async def test_an_oma_names_itself_its_addresses_and_its_url(store: Store, tmp_path: Path) -> None:
    found = await shown(store, tmp_path)
    assert (found.host_name, found.addresses, found.url) == (socket.gethostname(), ["192.0.2.5", "fd00::5"], "https://192.0.2.5/")
    assert (found.boot_id, len(found.certificate_fingerprint), found.last_failure) == ("boot-1", 64, None)


async def test_a_vma_has_no_url(store: Store, tmp_path: Path) -> None:
    assert (await shown(store, tmp_path, role="vma")).url == ""


@pytest.mark.parametrize(
    ("here", "port", "url"),
    [
        ([], 443, ""),
        (["192.0.2.5", "192.0.2.6"], 443, "https://192.0.2.5/"),
        (["192.0.2.5"], 8443, "https://192.0.2.5:8443/"),
        (["fd00::5"], 443, "https://[fd00::5]/"),
        (["fd00::5"], 8443, "https://[fd00::5]:8443/"),
    ],
)
def test_the_url_is_what_a_browser_takes(here: list[str], port: int, url: str) -> None:
    assert web_address(here, port) == url


async def test_the_addresses_of_this_machine_are_neither_loopback_nor_link_local() -> None:
    assert not [one for one in await addresses() if one.startswith(("127.", "169.254.", "fe80", "::1"))]


def _job(number: int, status: str, kind: str, vm: str | None, title: str = "t") -> Job:
    return job(f"job-{number}", status, minute=number, kind=kind, vm_context_id=vm, title=title)


@pytest.mark.parametrize(
    ("ends", "failure"),
    [
        ([("completed", "replication", "a")], None),
        ([("failed", "replication", "a")], "job-0"),
        ([("failed", "replication", "a"), ("completed", "replication", "a")], None),
        ([("failed", "replication", "a"), ("completed", "replication", "b")], "job-0"),
        ([("failed", "replication", "a"), ("completed", "cleanup", "a")], "job-0"),
        ([("failed", "replication", "a"), ("failed", "cleanup", "b"), ("completed", "cleanup", "b")], "job-0"),
        ([("failed", "replication", "a"), ("failed", "replication", "b")], "job-1"),
        ([("failed", "replication", "a"), ("cancelled", "replication", "a")], "job-0"),
    ],
)
async def test_the_last_failure_stays_until_its_own_operation_succeeds(
    store: Store, tmp_path: Path, ends: list[tuple[str, str, str]], failure: str | None
) -> None:
    await keep(store, *(_job(number, *one) for number, one in enumerate(ends)))
    found = (await shown(store, tmp_path)).last_failure
    assert (found.job_id if found else None) == failure


@pytest.mark.parametrize(("title", "failure"), [("Copy of web", None), ("Copy of db", "job-0")])
async def test_at_the_source_the_title_tells_which_vm_a_job_was_for(store: Store, tmp_path: Path, title: str, failure: str | None) -> None:
    await keep(store, _job(0, "failed", "copy", None, "Copy of web"), _job(1, "completed", "copy", None, title))
    found = (await shown(store, tmp_path, role="vma")).last_failure
    assert (found.job_id if found else None) == failure


async def test_a_failure_says_what_to_do_and_keeps_its_technical_cause_inside(store: Store, tmp_path: Path) -> None:
    await keep(store, _job(3, "failed", "replication", "a", "Replication of web"))
    found = (await shown(store, tmp_path)).last_failure
    assert found is not None
    assert (found.at, found.title, found.message, found.guidance) == (at(3.5), "Replication of web", ERROR["message"], ERROR["guidance"])
    assert "secret" not in found.model_dump_json()
