"""What vCenter does not report, and what changes at the destination, is found and repaired; what can't be, is never started."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from appliance.contract.errors import Fault
from appliance.contract.verifications import StartVerification, VerificationReport, VerificationsApi
from tests.e2e.world import MIB, World, configure, noise, pair, storage_vm, until, world

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
SIZE = 24 * MIB + 512
"""No multiple of a block."""


def api(found: World) -> VerificationsApi:
    return found.api(VerificationsApi)  # type: ignore[return-value]


async def verified(found: World, context_id: str, wanted: str = "completed") -> VerificationReport:
    job_id = (await api(found).verify(StartVerification(vm=context_id))).job_id
    await found.ended(job_id, wanted=wanted)
    return await api(found).verification(job_id)


async def spoil(found: World, context_id: str, offset: int, disk_id: str = "disk-2000") -> None:
    """A block of the copy changes on its storage."""
    [volume] = [one for one in await found.storage.volumes() if (one.vm_context_id, one.disk_id) == (context_id, disk_id)]
    with Path(found.cloud.cloud.disks.volume(volume.volume_id)).open("r+b") as file:
        file.seek(offset)
        file.write(b"rotten")


async def test_a_change_that_vcenter_does_not_report_is_found_and_repaired(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", SIZE)) as found:
        await found.write("web1", 2000, 0, noise(4 * MIB))
        context_id, job_id = await found.protect("web1")
        await found.ended(job_id)
        await found.write("web1", 2000, 6 * MIB, noise(65536))
        await found.write("web1", 2000, 20 * MIB, noise(65536))
        await found.lab("POST", "/failures", {"kind": "query_drops_block", "vm": "web1", "times": 1})
        report = await verified(found, context_id)
        [disk] = report.disks
        assert (report.mode, report.outcome, disk.checked_bytes) == ("full", "repaired", SIZE)
        assert [(one.offset, one.length) for one in disk.different] == [(20 * MIB, MIB)]
        assert disk.repaired_bytes == disk.different_bytes == MIB
        context = await found.replications.context(context_id)
        assert (context.current_status, context.torn_since, context.current_job_id) == ("ready_for_failover", None, None)
        assert await found.snapshots("web1") == []
        # Its change ids count again: the next cycle is an increment.
        job_id = await found.sync(context_id)
        await found.ended(job_id)
        assert [one.sync_type for one in (await found.replications.cycle(job_id)).disks] == ["incremental"]
        await found.identical("web1", context_id)


async def test_every_cycle_compares_a_sample_and_repairs_what_it_meets_also_on_an_empty_disk(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 3 * MIB, 2 * MIB)) as found:  # small: a sample is all of it
        await found.write("web1", 2000, 0, noise(MIB))
        context_id, job_id = await found.protect("web1")
        await found.ended(job_id)
        assert (await api(found).verification(job_id)).outcome == "same"
        await spoil(found, context_id, 2 * MIB + 100)
        await spoil(found, context_id, MIB, disk_id="disk-2001")
        job_id = await found.sync(context_id)
        await found.ended(job_id)
        report = await api(found).verification(job_id)
        assert (report.mode, report.outcome, [one.different_bytes for one in report.disks]) == ("sampled", "repaired", [MIB, MIB])
        assert next(one.id for one in await api(found).verifications(vm="web1")) == job_id
        await found.identical("web1", context_id)


async def at_work(found: World, context_id: str, different: int = 0) -> str:
    """A slow verification in its middle, with so many different bytes already on record; returns its job's id."""
    await found.lab("POST", "/failures", {"kind": "read_slow", "vm": "web1", "times": -1, "seconds": 0.05})
    job_id = (await api(found).verify(StartVerification(vm=context_id))).job_id

    async def some() -> bool | None:
        try:
            report = await api(found).verification(job_id)
        except Fault:
            return None  # not begun yet
        return True if report.different_bytes >= different and 0 < report.checked_bytes < report.planned_bytes else None

    await until(some, "a part is compared")
    return job_id


async def big(found: World) -> str:
    await found.write("web1", 2000, 0, noise(8 * MIB))
    context_id, job_id = await found.protect("web1")
    await found.ended(job_id)
    await spoil(found, context_id, 3 * MIB)
    await spoil(found, context_id, 150 * MIB)
    return context_id


async def test_a_source_that_cannot_be_read_leaves_the_copy_as_it_was(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 160 * MIB)) as found:
        await found.write("web1", 2000, 0, noise(MIB))
        context_id, job_id = await found.protect("web1")
        await found.ended(job_id)
        job_id = await at_work(found, context_id)
        await found.lab("POST", "/failures", {"kind": "read_error", "vm": "web1", "times": -1})
        job = await found.ended(job_id, wanted="failed")
        assert job.error is not None and job.error.key == "verification.incomplete"
        assert (await api(found).verification(job_id)).outcome == "incomplete"
        context = await found.replications.context(context_id)
        assert (context.current_status, context.torn_since) == ("ready_for_failover", None)
        assert await found.snapshots("web1") == []


class Line:
    """The way from the VMA to the OMA's one port, which can be cut."""

    def __init__(self, port: int) -> None:
        self.port, self.whole = port, True
        self.ends: list[asyncio.StreamWriter] = []

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.whole:
            writer.close()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        self.ends += [writer, back]
        await asyncio.gather(self.pump(reader, back), self.pump(there, writer))

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 18):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def cut(self, seconds: float) -> None:
        self.whole = False
        for end in self.ends:
            end.transport.abort()
        await asyncio.sleep(seconds)
        self.whole = True


async def test_a_verification_goes_on_when_the_tunnel_was_cut_in_its_middle(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 160 * MIB), paired=False) as found:
        line = Line(found.door)
        async with await asyncio.start_server(line.carry, "127.0.0.1", 0) as server:
            found.door = server.sockets[0].getsockname()[1]
            await pair(found)
            await configure(found)
            context_id = await big(found)
            job_id = await at_work(found, context_id, MIB)
            await line.cut(3)
            await found.ended(job_id)
            report = await api(found).verification(job_id)
            assert (report.outcome, report.repaired_bytes, report.checked_bytes) == ("repaired", 2 * MIB, 160 * MIB)
            await found.lab("DELETE", "/failures")
            await found.identical("web1", context_id)
            await found.vma.stop()


@pytest.mark.parametrize("who", ["oma", "vma"])
async def test_a_verification_goes_on_after_an_agent_was_killed_in_its_middle(tmp_path: Path, who: str) -> None:
    async with world(tmp_path, storage_vm("web1", 160 * MIB)) as found:
        context_id = await big(found)
        job_id = await at_work(found, context_id, MIB)
        agent = found.oma if who == "oma" else found.vma
        agent.kill()
        await asyncio.sleep(1)
        await agent.start()
        await found.ended(job_id)
        report = await api(found).verification(job_id)
        assert (report.outcome, report.repaired_bytes, report.checked_bytes) == ("repaired", 2 * MIB, 160 * MIB)
        assert (await found.replications.context(context_id)).torn_since is None
        assert await found.snapshots("web1") == []
        await found.lab("DELETE", "/failures")
        await found.identical("web1", context_id)


async def test_a_verification_that_is_cancelled_with_a_difference_leaves_the_copy_marked(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 160 * MIB)) as found:
        context_id = await big(found)
        job_id = await at_work(found, context_id, MIB)
        await found.jobs.cancel_job(job_id)
        await found.ended(job_id, wanted="cancelled")
        assert (await api(found).verification(job_id)).outcome == "different"
        context = await found.replications.context(context_id)
        assert (context.current_status, context.current_job_id) == ("failed", None) and context.torn_since is not None
        assert await found.snapshots("web1") == []
        await found.lab("DELETE", "/failures")
        job_id = await found.sync(context_id)
        await found.ended(job_id)
        assert [one.sync_type for one in (await found.replications.cycle(job_id)).disks] == ["full"]
        await found.identical("web1", context_id)
