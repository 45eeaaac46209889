"""What the OMA may ask of a VMA."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from appliance.agent.http.binding import application, bind
from appliance.agent.peer.describe import about_view, certificate_view, folders_view, page_view, vm_view
from appliance.contract.errors import BAD_REQUEST, NOT_FOUND, Fault
from appliance.contract.inventory import (
    AskCertificate,
    AskFolders,
    AskNics,
    AskPower,
    AskVCenter,
    AskVm,
    AskVms,
    Discover,
    FolderList,
    Power,
    PowerAction,
    RemovedSnapshots,
    ShownCertificate,
    VCenterAbout,
    Vm,
    VmList,
    VmsInFull,
)
from appliance.contract.peer import AllowedBandwidth, AskSnapshotRemoval, CopyProgress, Error, Replicate, VmaPeerApi
from appliance.core.jobs import Job, Runner
from appliance.core.jobs.lifecycle import ENDED
from appliance.core.jobs.runner import ALREADY_ENDED, NOT_ENDED
from appliance.replication.kinds import COPY
from appliance.replication.transfer.workflow import TransferDeps, phase_of
from appliance.vsphere import inventory, power, snapshots
from appliance.vsphere.about import about
from appliance.vsphere.certificate import look_at
from appliance.vsphere.survey import chosen, page_of
from appliance.vsphere.surveys import Surveys

LOOK_LIMIT = 25.0
"""Seconds a vCenter has for one answer while somebody looks through it and waits."""


class VmaPeerRoutes(VmaPeerApi):
    """Serves the OMA."""

    def __init__(self, runner: Runner, transfers: TransferDeps) -> None:
        self._runner, self._transfers, self._surveys = runner, transfers, Surveys()

    async def certificate(self, body: AskCertificate) -> ShownCertificate:
        return certificate_view(await look_at(body.host, body.port))

    async def vcenter(self, body: AskVCenter) -> VCenterAbout:
        async with self._transfers.logins.session(body.access) as vcenter:
            return about_view(await about(vcenter))

    async def discover(self, body: Discover) -> VmList:
        async with self._transfers.logins.session(body.access, LOOK_LIMIT) as vcenter:
            seen = await self._surveys.of(vcenter, anew=body.anew)
        found = chosen(seen, folder=body.folder, cluster=body.cluster, name_contains=body.name_contains)
        return page_view(seen, found, page_of(found, body.page, body.limit) if body.limit else found)

    async def folders(self, body: AskFolders) -> FolderList:
        async with self._transfers.logins.session(body.access, LOOK_LIMIT) as vcenter:
            return folders_view(await self._surveys.of(vcenter, anew=body.anew))

    async def vms(self, body: AskVms) -> VmsInFull:
        async with self._transfers.logins.session(body.access) as vcenter:
            found = await inventory.vms(vcenter, body.vms)
        return VmsInFull(vms={name: vm_view(spec) for name, spec in found.items()})

    async def remove_snapshots(self, body: AskVm) -> RemovedSnapshots:
        async with self._transfers.logins.session(body.access) as vcenter:
            moref = (await inventory.vm(vcenter, body.vm)).moref
            names = [one.name for one in await snapshots.find_ours(vcenter, moref)]
            await snapshots.remove_ours(vcenter, moref)
        return RemovedSnapshots(names=names)

    async def vm(self, body: AskVm) -> Vm:
        async with self._transfers.logins.session(body.access) as vcenter:
            return vm_view(await inventory.vm(vcenter, body.vm))

    async def power(self, body: AskPower) -> Power:
        async with self._transfers.logins.session(body.access) as vcenter:
            if body.action is PowerAction.ON:
                await power.power_on(vcenter, body.vm)
            elif body.action is PowerAction.OFF:
                await power.power_off(vcenter, body.vm)
            elif body.action is PowerAction.SHUTDOWN:
                await power.shut_down(vcenter, body.vm, limit=body.timeout_seconds, force=True)
            return Power(state=await power.power_state(vcenter, body.vm))

    async def remove_snapshot(self, body: AskSnapshotRemoval) -> Vm:
        mine = await self._find(body.job_id)
        if mine is not None and mine.status not in ENDED:
            raise NOT_ENDED(title=mine.title)
        async with self._transfers.logins.session(body.access) as vcenter:
            await snapshots.remove_ours(vcenter, body.vm, body.job_id)
            return vm_view(await inventory.vm(vcenter, body.vm))

    async def nics(self, body: AskNics) -> Vm:
        async with self._transfers.logins.session(body.access) as vcenter:
            spec = await inventory.vm(vcenter, body.vm)
            keys = {nic.mac.lower(): nic.key for nic in spec.nics}
            unknown = [mac for mac in body.start_connected if mac.lower() not in keys]
            if unknown:
                raise BAD_REQUEST(detail=f"the VM has no network adapter {', '.join(unknown)}")
            wanted = {keys[mac.lower()]: connected for mac, connected in body.start_connected.items()}
            await power.set_start_connected(vcenter, body.vm, wanted)
            return vm_view(await inventory.vm(vcenter, body.vm))

    async def replicate(self, body: Replicate) -> CopyProgress:
        known = await self._find(body.job_id)
        if known is None or known.status not in ENDED:
            self._transfers.logins.give(body.job_id, body.access)
        if known is None:
            params = body.model_dump(mode="json", exclude={"access", "job_id", "correlation_id"})
            await self._runner.submit(COPY, params, job_id=body.job_id, correlation_id=body.correlation_id)
        return await self.progress(body.job_id)

    async def progress(self, job_id: str, after: int = -1, wait: float = 0.0) -> CopyProgress:
        job = await self._own(job_id)
        board = self._transfers.board(job)
        if job.status not in ENDED and wait:
            await board.wait(after, min(wait, 30.0))
            job = await self._own(job_id)
        if job.status not in ENDED:
            return board.progress()
        return board.progress().model_copy(update={"phase": phase_of(job), "error": _error(job)})

    async def release(self, job_id: str) -> CopyProgress:
        job = await self._own(job_id)
        self._transfers.board(job).released.set()
        return await self.progress(job_id)

    async def cancel(self, job_id: str) -> CopyProgress:
        try:
            await self._runner.cancel(job_id)
        except Fault as error:
            if error.key != ALREADY_ENDED.key:
                raise
        return await self.progress(job_id)

    async def allow_bandwidth(self, body: AllowedBandwidth) -> None:
        self._transfers.bandwidth.tell(body.bytes_per_second)

    async def _find(self, job_id: str) -> Job | None:
        try:
            return await self._own(job_id)
        except Fault as error:
            if error.key != NOT_FOUND.key:
                raise
            return None

    async def _own(self, job_id: str) -> Job:
        job = await self._runner.get(job_id)
        if job.kind != COPY:
            raise NOT_FOUND(noun="job", id=job_id)
        return job


def _error(job: Job) -> Error | None:
    found: dict[str, Any] | None = job.error
    return Error(**{key: found[key] for key in ("key", "message", "guidance", "cause")}) if found else None


def peer_application(runner: Runner, transfers: TransferDeps) -> web.Application:
    """The application that the OMA reaches through the tunnel."""
    app = application()
    bind(app, VmaPeerApi, VmaPeerRoutes(runner, transfers))
    return app
