"""`python -m appliance.demo run|lab|console|stop`: the guided run, the two sites left running, the OMA's console on them, and their end."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path

from appliance.contract.client import client
from appliance.contract.errors import Fault
from appliance.contract.setup import SetStage, SetupApi
from appliance.contract.setup import Stage as SetupStage
from appliance.core.commands import CommandFailed
from appliance.demo import guide, tables
from appliance.demo import stage as staging
from appliance.demo.faults import DemoFailed
from appliance.demo.ledger import Ledger, undo
from appliance.demo.report import missing, problems
from appliance.demo.show import Show
from appliance.demo.stage import Stage
from appliance.demo.story import Story

FAILURES = (DemoFailed, Fault, CommandFailed, TimeoutError, OSError)


HELP = "the guided run; the sites left running; the OMA's console on them; their end"


def main() -> int:
    """Exit codes: 0 all as it should be, 1 something is not, 2 wrong usage, 130 interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m appliance.demo", description="Two sites on this machine, and a VM that moves between them."
    )
    parser.add_argument("command", choices=("run", "lab", "console", "stop"), help=HELP)
    parser.add_argument("--work", type=Path, default=Path("build/demo"), help="where everything is kept (default build/demo)")
    parser.add_argument("--image", type=Path, default=Path("build/guest"), help="the guest's disks (default build/guest)")
    options = parser.parse_args()
    verbs = {"run": _run, "lab": _lab, "console": _lab_for_console, "stop": _stop}
    try:
        code = asyncio.run(_interruptible(verbs[options.command](options.work, options.image.resolve(), Show())))
    except (asyncio.CancelledError, KeyboardInterrupt):
        return 130
    if options.command == "console" and code == 0:
        _become_console(staging.laid_out(Ledger.of(options.work)))
    return code


async def _interruptible(work: Coroutine[None, None, int]) -> int:
    """A closed terminal and a polite kill end the run as Ctrl-C does: everything is removed."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


async def _run(work: Path, image: Path, show: Show) -> int:
    try:
        ledger = await staging.prepare(work, "run")
    except DemoFailed as refusal:
        show.problem(str(refusal))
        return 1
    stage = staging.laid_out(ledger)
    story = Story(stage, show, image)
    failure = ""
    try:
        with show.running():
            show.headline("A VM moves from vCenter to CloudStack")
            try:
                await story.play()
            except FAILURES as error:
                failure = _sentence(error)
            finally:
                await story.close()
                (ledger.work / "report.json").write_text(story.report.text())
                await _remove(stage, show)
    finally:
        await stage.close()
    return _judge(story, show, failure)


def _judge(story: Story, show: Show, failure: str) -> int:
    show.table(tables.copies(story.report))
    show.table(tables.outcomes(story.report))
    found = problems(story.report, story.test_marker, story.live_marker)
    found += [failure] if failure else missing(story.report)
    for sentence in found:
        show.problem(sentence)
    if not found:
        show.good("The VM has moved, and everything is as it should be.")
    return 1 if found else 0


async def _lab(work: Path, image: Path, show: Show) -> int:
    try:
        ledger = await staging.prepare(work, "lab")
    except DemoFailed as refusal:
        show.problem(str(refusal))
        return 1
    stage = staging.laid_out(ledger)
    try:
        with show.running():
            await guide.set_up(stage, show, image)
    except FAILURES as error:
        show.problem(_sentence(error))
        await undo(ledger)
        return 1
    except asyncio.CancelledError:
        await undo(ledger)
        raise
    finally:
        await stage.close()
    show.lines(guide.how_to_talk(stage))
    return 0


async def _lab_for_console(work: Path, image: Path, show: Show) -> int:
    """The sites as they run, or new ones. The set-up counts as done: the sites are paired, and their network is the demo's."""
    ledger = Ledger.of(work)
    if not (ledger.kind == "lab" and ledger.occupied_by):
        code = await _lab(work, image, show)
        if code:
            return code
    stage = staging.laid_out(Ledger.of(work))
    try:
        await client(SetupApi, stage.oma.transport).set_stage(SetStage(stage=SetupStage.DONE))
    except Fault as error:
        show.problem(_sentence(error))
        return 1
    finally:
        await stage.close()
    return 0


def _become_console(stage: Stage) -> None:
    os.execv(sys.executable, [sys.executable, "-m", "appliance.tui", "--socket", str(stage.oma.socket)])


async def _stop(work: Path, _image: Path, show: Show) -> int:
    ledger = Ledger.of(work)
    if ledger.owner is not None and ledger.owner.alive:
        show.problem(ledger.occupied_by)
        return 1
    with show.running(), show.step("The two sites are ended and removed"):
        await undo(ledger)
    return 0


async def _remove(stage: Stage, show: Show) -> None:
    with show.step("Everything is ended and removed"):
        await asyncio.shield(undo(stage.ledger))


def _sentence(error: BaseException) -> str:
    if isinstance(error, Fault):
        return f"{error.message} {error.guidance}" + (f" [{error.cause}]" if error.cause else "")
    if isinstance(error, TimeoutError):
        return f"Something took too long: {error}" if str(error) else "Something took too long; the last step above says what."
    return str(error)


if __name__ == "__main__":
    sys.exit(main())
