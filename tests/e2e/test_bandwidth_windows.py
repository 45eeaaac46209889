"""A limit of bandwidth on its way from a window at the OMA to a copy that runs at the VMA."""

from pathlib import Path

import pytest

from appliance.contract.windows import BandwidthWindow, FleetWindows, WindowsApi
from tests.e2e.world import MIB, noise, storage_vm, until, world

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
SLOW = 64 << 10


async def test_a_running_copy_keeps_to_a_window_and_is_let_go_when_it_is_removed(tmp_path: Path) -> None:
    async with world(tmp_path, storage_vm("web1", 64 * MIB)) as found:
        await found.write("web1", 2000, 0, noise(48 * MIB))
        windows: WindowsApi = found.api(WindowsApi)  # type: ignore[assignment]
        all_day = BandwidthWindow(start="00:00", end="00:00", bytes_per_second=SLOW)
        await windows.save_windows(FleetWindows(bandwidth=[all_day]))

        async def told() -> bool | None:
            return f"copies share {SLOW} bytes a second" in (tmp_path / "vma.log").read_text() or None

        await until(told, "the VMA knows the limit")
        context_id, job_id = await found.protect("web1")

        async def moving() -> bool | None:
            return (await found.replications.cycle(job_id)).bytes_transferred > 0 or None

        await until(moving, "the copy moves")
        cycle = await found.replications.cycle(job_id)
        assert cycle.completed_at is None and cycle.bytes_transferred <= 8 * MIB
        await windows.save_windows(FleetWindows())
        await found.ended(job_id)  # at that rate it would take a quarter of an hour
        await found.identical("web1", context_id)
