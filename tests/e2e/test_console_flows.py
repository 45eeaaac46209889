"""The consoles of both appliances, by keys alone on real terminals, against real agents between the lab's clouds."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from appliance.contract.setup import SetStage, SetupApi, Stage
from tests.e2e.world import MIB, Agent, World, noise, storage_vm, world
from tests.tui.terminal import PROGRAM, Pty

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

TAB, ENTER, ESCAPE, DOWN = b"\t", b"\r", b"\x1b", b"\x1b[B"
F2, F4, F7, F8 = b"\x1b[[B", b"\x1b[[D", b"\x1b[18~", b"\x1b[19~"
PASSWORD = b"correct horse battery"


@asynccontextmanager
async def console(agent: Agent) -> AsyncIterator[Pty]:
    """The console of an appliance on a Linux virtual terminal."""
    terminal = Pty()
    terminal.start([*PROGRAM, "--socket", str(agent.socket), "--stay"], "linux")
    try:
        yield terminal
    finally:
        terminal.close()


async def first_steps(terminal: Pty) -> None:
    """The password; the network as it is."""
    await terminal.until("1 of 4")
    await terminal.type(PASSWORD + TAB + PASSWORD + F8)
    await terminal.until("2 of 4")
    await terminal.until("F7  Next")
    await terminal.press(F7)
    await terminal.until("3 of 4")


async def test_two_new_appliances_are_set_up_and_paired(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 16 * MIB), paired=False) as found, console(found.oma) as oma, console(found.vma) as vma:
        await first_steps(oma)
        await oma.until(lambda: bool(re.search(r"Code +\S{4} \S{4}", oma.text)))
        code = re.search(r"Code +(\S{4} \S{4})", oma.text)
        assert code is not None

        await first_steps(vma)
        await vma.type(f"127.0.0.1:{found.door}".encode() + TAB + b"0000 0000" + F8)
        await vma.until("was not accepted")
        await oma.until("Tries left       4")
        vma.close()  # as a power cut does: the set-up goes on where it was, after the password
        async with console(found.vma) as again:
            await again.until("Console password")
            await again.type(PASSWORD + ENTER)
            await again.until("3 of 4")
            await again.type(f"127.0.0.1:{found.door}".encode() + TAB + code[1].encode() + F8)
            await again.until("4 of 4")
            await again.until("oma1 (connected")
            await again.press(ENTER)
            await again.until("Transfers")
        await oma.until("4 of 4")
        await oma.until("vma1 (connected")
        await oma.press(ENTER)
        await oma.until("Virtual machines")


async def test_the_console_outlives_its_agent_and_the_job_goes_on(tmp_path: Path) -> None:
    async with operated(tmp_path) as (found, oma):
        await oma.press(ENTER)
        await oma.until("No VM is protected yet")
        context_id, _ = await found.protect("web1")
        found.oma.kill()
        await oma.until("does not answer")
        await found.oma.start()
        await oma.until(lambda: "does not answer" not in oma.text and bool(re.search(r"web1 +Ready", oma.text)), 90)
        assert (await found.replications.context(context_id)).current_status == "ready_for_failover"


@asynccontextmanager
async def operated(folder: Path) -> AsyncIterator[tuple[World, Pty]]:
    """A paired and configured pair with two VMs at the source; the OMA's console at its menu."""
    async with world(folder, storage_vm("web1", 48 * MIB, 16 * MIB), storage_vm("db1", 16 * MIB)) as found:
        await found.write("web1", 2000, 0, noise(24 * MIB))
        setup: SetupApi = found.api(SetupApi)  # type: ignore[assignment]
        await setup.set_stage(SetStage(stage=Stage.DONE))
        async with console(found.oma) as oma:
            await oma.until("Pairing          paired with vma1")
            await oma.press(F2)
            await oma.until("Virtual machines")
            yield found, oma
