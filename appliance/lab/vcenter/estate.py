"""Everything the lab's vCenter holds: the records, the machines behind them, and the news of changes."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from appliance.lab.machines.source import SourceMachine
from appliance.lab.vcenter.faults import Failures
from appliance.lab.vcenter.plan import Plan
from appliance.lab.vcenter.records import DiskRecord, Ledger, VmRecord, load, save


class Estate:
    """Records, machines and ordered failures.

    SOAP calls come from many threads and take ``lock`` to read; machines live on ``loop``. ``news`` is notified whenever anything changed.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder, plan
        self.failures = Failures()
        self.lock = threading.RLock()
        self.news = threading.Condition(self.lock)
        self.revision = 0
        self.ledger: Ledger = load(self._file)
        self.machines: dict[str, SourceMachine] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self._begun: set[Future[Any]] = set()
        self._index = {vm.moid: vm for vm in self.ledger.vms}

    @property
    def _file(self) -> Path:
        return self.folder / "state.json"

    @property
    def datastore(self) -> Path:
        """The folder whose files are the datastore's."""
        return self.folder / "datastore"

    @property
    def vms(self) -> list[VmRecord]:
        """All virtual machines."""
        return self.ledger.vms

    def vm(self, moid: str) -> VmRecord | None:
        """The virtual machine with that reference."""
        return self._index.get(moid)

    def named(self, name: str) -> VmRecord | None:
        """The virtual machine with that name."""
        return next((vm for vm in self.vms if vm.name == name), None)

    def holder(self, snapshot: str) -> VmRecord | None:
        """The virtual machine that has that snapshot."""
        return next((vm for vm in self.vms if vm.snapshot(snapshot)), None)

    def add(self, vm: VmRecord) -> None:
        """Take a new virtual machine into the inventory."""
        with self.changing(vm):
            self.ledger.vms.append(vm)
            self._index[vm.moid] = vm

    def path(self, vm: VmRecord, disk: DiskRecord) -> Path:
        """The raw file of a disk's base."""
        return self.datastore / vm.name / f"{disk.file.removesuffix('.vmdk')}-flat.vmdk"

    @contextmanager
    def changing(self, vm: VmRecord | None = None) -> Iterator[None]:
        """Change records: they are saved, and whoever waits for updates is told."""
        with self.lock:
            yield
            if vm is not None:
                vm.revision += 1
                save(self._file, self.ledger)
            self.revision += 1
            self.news.notify_all()

    def run(self, work: Any) -> Any:
        """Run a coroutine on the machines' loop from a SOAP thread, and wait for it."""
        return self.begin(work).result()

    def begin(self, work: Any) -> Future[Any]:
        """Run a coroutine on the machines' loop from any thread."""
        if self.loop is None:
            work.close()
            raise RuntimeError("the lab's vCenter is not running")
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        # The loop itself holds its tasks only weakly.
        self._begun.add(future)
        future.add_done_callback(self._begun.discard)
        return future


def change_id(epoch: str, sequence: int) -> str:
    """A change id as vSphere writes it: ``52 xx xx xx xx xx xx xx-xx xx xx xx xx xx xx xx/N``.

    The first byte is 52 in vSphere; the other fifteen come from the epoch.
    """
    digits = "52" + hashlib.sha256(epoch.encode()).hexdigest()[:30]
    pairs = [digits[i : i + 2] for i in range(0, 32, 2)]
    return f"{' '.join(pairs[:8])}-{' '.join(pairs[8:])}/{sequence}"
