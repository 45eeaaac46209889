"""The whole stage: two sites, two clouds, two appliances, started in order and ended by the ledger."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from appliance.demo import appliances, labs, sites
from appliance.demo.appliances import Oma, Vma
from appliance.demo.faults import DemoFailed
from appliance.demo.labs import Control, LabCloud, LabVcenter, Spot
from appliance.demo.ledger import Ledger, undo
from appliance.demo.processes import Started, Starter
from appliance.demo.sites import Sites

AGENT_LIMIT = 60.0


class Occupied(DemoFailed):
    """The folder is in use by another run; the text says by which, and what to do."""


class NoImage(DemoFailed):
    """The guest's image is missing."""


@dataclass(frozen=True)
class Stage:
    """Everything that was started."""

    ledger: Ledger
    sites: Sites
    vcenter: LabVcenter
    cloud: LabCloud
    oma: Oma
    vma: Vma
    devices: Path

    @property
    def work(self) -> Path:
        """The folder that stays."""
        return self.ledger.work

    async def close(self) -> None:
        """Close the connections to all of it."""
        for connection in (self.vcenter.control, self.cloud.control, self.oma.transport, self.vma.transport):
            await connection.close()


async def prepare(work: Path, kind: str) -> Ledger:
    """Remove what an earlier run left, and take the folder. Raises Occupied."""
    ledger = Ledger.of(work)
    if ledger.occupied_by:
        raise Occupied(ledger.occupied_by)
    await undo(ledger)
    await asyncio.to_thread(shutil.rmtree, ledger.work, ignore_errors=True)
    ledger.work.mkdir(parents=True)
    ledger.claim(kind)
    return ledger


def laid_out(ledger: Ledger) -> Stage:
    """Where everything is. State stays in the work folder; sockets and keys are on tmpfs, by short names."""
    run_dir, work = ledger.run_dir, ledger.work
    short = {"vc": work / "source" / "vcenter", "cs": work / "target" / "cloudstack"}
    for name, folder in short.items():
        folder.mkdir(parents=True, exist_ok=True)
        link = run_dir / name
        link.unlink(missing_ok=True)
        link.symlink_to(folder)
    return Stage(
        ledger,
        Sites.named_after(ledger.owner.pid if ledger.owner else 0),
        LabVcenter(run_dir / "vc", Control(run_dir / "vc" / "control.sock")),
        LabCloud(run_dir / "cs", Control(run_dir / "cs" / "control.sock")),
        Oma.at("oma", work / "target" / "oma", run_dir / "oma"),
        Vma.at("vma", work / "source" / "vma", run_dir / "vma"),
        work / "target" / "devices",
    )


async def join_sites(stage: Stage) -> None:
    """The namespaces and the locked link between them."""
    stage.ledger.namespaces = stage.sites.names
    stage.ledger.save()
    await sites.build(stage.sites)


async def start_clouds(stage: Stage, image: Path) -> None:
    """Both clouds, the source's VM booting. Raises NoImage, NotStarted."""
    if not (image / "root.raw").exists():
        raise NoImage(f"There is no guest image in {image}. Run `make guest`, then try again.")
    await labs.furnish_source(stage.work / "source" / "vcenter", image)
    starter = Starter(stage.ledger, stage.work / "logs")
    vcenter, cloud = start_vcenter(starter, stage), start_cloud(starter, stage)
    await vcenter.ready(stage.vcenter.control.answers, labs.START_LIMIT)
    await cloud.ready(stage.cloud.control.answers, labs.START_LIMIT)


def start_vcenter(starter: Starter, stage: Stage) -> Started:
    """The source's cloud."""
    return labs.start_vcenter(starter, Spot(stage.sites.source, sites.SOURCE_ADDRESS), stage.vcenter.folder)


def start_cloud(starter: Starter, stage: Stage) -> Started:
    """The target's cloud."""
    spot = Spot(stage.sites.target, sites.TARGET_ADDRESS)
    return labs.start_cloud(starter, spot, stage.cloud.folder, labs.oma_with_devices(stage.devices))


async def start_appliances(stage: Stage) -> None:
    """Both agents, until they are healthy. Raises NotStarted."""
    starter = Starter(stage.ledger, stage.work / "logs")
    oma = appliances.start(starter, stage.oma, stage.sites.target, appliances.storage_table(stage.devices))
    vma = appliances.start(starter, stage.vma, stage.sites.source)
    await oma.ready(stage.oma.healthy, AGENT_LIMIT)
    await vma.ready(stage.vma.healthy, AGENT_LIMIT)
