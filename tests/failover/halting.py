"""Crashes at a chosen place: a step stops there for good, and the agent is restarted."""

import asyncio

from failover_world import World

from appliance.core.jobs import Run, Step, Workflow


class Halting(Step):
    """A step that never goes on: right before its work, right after it, or in its undoing after it has failed."""

    def __init__(self, step: Step, when: str) -> None:
        self.name, self.title, self._step, self._when = step.name, step.title, step, when
        self.reached = asyncio.Event()

    async def done(self, run: Run) -> bool:
        return await self._step.done(run)

    async def do(self, run: Run) -> None:
        if self._when != "before":
            await self._step.do(run)
        if self._when == "undoing":
            raise RuntimeError("it fails after its work")
        self.reached.set()
        await asyncio.Event().wait()

    async def is_reached(self) -> None:
        """Wait until the job hangs here."""
        async with asyncio.timeout(60):
            await self.reached.wait()

    async def undo(self, run: Run) -> None:
        if self._when == "undoing":
            self.reached.set()
            await asyncio.Event().wait()
        await self._step.undo(run)


def halt(world: World, flow: Workflow, name: str, when: str) -> Halting:
    """Let jobs of this kind halt at a step."""
    halting = [Halting(step, when) if step.name == name else step for step in flow.steps]
    flow.steps = tuple(halting)
    world.deps.runner.register(flow)
    return next(step for step in halting if isinstance(step, Halting))


async def crash_at(world: World, step: Halting) -> None:
    """Wait until the step is reached, then restart the agent."""
    await step.is_reached()
    await world.restart()
