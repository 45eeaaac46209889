"""Doing something to a VM or a job: choose, confirm with what will happen, ask the agent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from appliance.contract.errors import Fault
from appliance.contract.failover import StartFailedCleanup, StartFinalise, StartRollback
from appliance.contract.jobs import Job
from appliance.contract.replications import StartReplication, VmContext
from appliance.tui import actions
from appliance.tui.actions import Action
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.widgets.dialog import Choose, Tell
from appliance.tui.widgets.form import in_one_sentence

NEW_MACHINE_HAS_RUN = "failover.has_run"


async def act_on_vm(screen: ConsoleScreen, vm: VmContext) -> None:
    """Offer what can be done to the VM, and do it; only from a worker."""
    offered = actions.vm_actions(vm)
    if not offered:
        await screen.app.push_screen_wait(Tell(vm.vm_name, "Nothing can be done to this VM in its state."))
        return
    key = await screen.app.push_screen_wait(Choose(f"What to do with {vm.vm_name}?", [(one.key, one.title) for one in offered]))
    chosen = next((one for one in offered if one.key == key), None)
    if chosen is not None:
        await _DOING[chosen.key](screen, vm)


async def act_on_job(screen: ConsoleScreen, job: Job) -> None:
    """Offer what can be done to the job, and do it; only from a worker."""
    offered = actions.job_actions(job)
    if not offered:
        await screen.app.push_screen_wait(Tell(job.title, "Nothing can be done to this job: it has ended, or is being undone."))
        return
    key = await screen.app.push_screen_wait(Choose(job.title, [(one.key, one.title) for one in offered]))
    if key == actions.CANCEL.key:
        await _cancel_job(screen, job, job.vm_name)
    elif key == actions.RETRY.key:
        await _retry_job(screen, job.id, job.kind, job.title, job.vm_name)


async def _asked(screen: ConsoleScreen, action: Action, name: str) -> bool:
    question, consequences = action.asked(name)
    return await screen.confirmed(question, consequences, word=action.word(name))


async def _sync(screen: ConsoleScreen, vm: VmContext) -> None:
    if await _asked(screen, actions.SYNC, vm.vm_name):
        started = screen.console_app.agent.replications.replicate(StartReplication(context_id=vm.context_id))
        await screen.attempt(started, f"A copy of {vm.vm_name} was started.")


async def _fail_over(screen: ConsoleScreen, vm: VmContext, *, live: bool) -> None:
    from appliance.tui.screens.failover import FailoverScreen

    screen.app.push_screen(FailoverScreen(vm, live=live))


async def _test(screen: ConsoleScreen, vm: VmContext) -> None:
    await _fail_over(screen, vm, live=False)


async def _live(screen: ConsoleScreen, vm: VmContext) -> None:
    await _fail_over(screen, vm, live=True)


async def _networks(screen: ConsoleScreen, vm: VmContext) -> None:
    from appliance.tui.screens.network_mappings import VmMappingsScreen

    screen.app.push_screen(VmMappingsScreen(vm))


async def _verify(screen: ConsoleScreen, vm: VmContext) -> None:
    from appliance.tui.screens.verifications import verify

    await verify(screen, vm.context_id, vm.vm_name)


async def _clean_up(screen: ConsoleScreen, vm: VmContext) -> None:
    if await _asked(screen, actions.CLEAN_UP, vm.vm_name):
        await screen.attempt(screen.console_app.agent.failover.cleanup(vm.context_id), f"The test of {vm.vm_name} is being cleaned up.")


async def _power_choice(screen: ConsoleScreen, vm: VmContext) -> bool | None:
    """Whether the source is to be switched on; None when it was left."""
    options = [("off", f"Leave {vm.vm_name} in vCenter as it is"), ("on", f"Switch {vm.vm_name} in vCenter on")]
    key = await screen.app.push_screen_wait(Choose("And the source, afterwards?", options))
    return None if key is None else key == "on"


def _with_power(action: Action, power_on: bool) -> Action:
    told = "Afterwards it is switched on." if power_on else "It is not switched on."
    return Action(action.key, action.title, action.question, f"{action.consequences} {told}", action.when, action.typed)


async def _rollback(screen: ConsoleScreen, vm: VmContext) -> None:
    power_on = await _power_choice(screen, vm)
    if power_on is None or not await _asked(screen, _with_power(actions.ROLLBACK, power_on), vm.vm_name):
        return
    body = StartRollback(vm=vm.context_id, power_on_source=power_on)
    await screen.attempt(screen.console_app.agent.failover.rollback(body), f"{vm.vm_name} is being rolled back.")


async def _finalise(screen: ConsoleScreen, vm: VmContext) -> None:
    if await _asked(screen, actions.FINALISE, vm.vm_name):
        body = StartFinalise(vm=vm.context_id)
        await screen.attempt(screen.console_app.agent.failover.finalise(body), f"{vm.vm_name} is being finalised.")


async def _stop(screen: ConsoleScreen, vm: VmContext) -> None:
    await _repair(screen, vm, actions.STOP)


async def _repair(screen: ConsoleScreen, vm: VmContext, action: Action = actions.REPAIR) -> None:
    """The agent knows whether the new machine has run with live data; then it is asked once more."""
    if not await _asked(screen, action, vm.vm_name):
        return
    cleaned = screen.console_app.agent.failover.cleanup_failed
    try:
        await cleaned(vm.context_id, StartFailedCleanup())
        screen.say(f"What was left of {vm.vm_name} is being cleaned up.")
    except Fault as error:
        if error.key != NEW_MACHINE_HAS_RUN:
            screen.say(in_one_sentence(error), "error")
        elif await _asked(screen, actions.DISCARD, vm.vm_name):
            power_on = await _power_choice(screen, vm)
            if power_on is not None:
                body = StartFailedCleanup(discard_new_vm=True, power_on_source=power_on)
                await screen.attempt(cleaned(vm.context_id, body), f"What was left of {vm.vm_name} is being cleaned up.")
    screen.action_reload()


async def _accept(screen: ConsoleScreen, vm: VmContext) -> None:
    if await _asked(screen, actions.ACCEPT, vm.vm_name):
        accepted = screen.console_app.agent.replications.accept_copy(vm.context_id)
        await screen.attempt(accepted, f"The copy of {vm.vm_name} is used as it is.")
        screen.action_reload()


async def _cancel(screen: ConsoleScreen, vm: VmContext) -> None:
    job = await screen.attempt(screen.console_app.agent.jobs.job(vm.current_job_id or ""))
    if job is not None:
        await _cancel_job(screen, job, vm.vm_name)


async def _cancel_job(screen: ConsoleScreen, job: Job, name: str) -> None:
    if await _asked(screen, actions.cancelling(job.kind, job.title), name or "it"):
        await screen.attempt(screen.console_app.agent.jobs.cancel_job(job.id), f"{job.title}: cancelled; it is being undone.")


async def _retry(screen: ConsoleScreen, vm: VmContext) -> None:
    failed = vm.last_failure
    if failed is not None:
        await _retry_job(screen, failed.job_id, actions.failed_kind(vm), failed.title, vm.vm_name)


async def _retry_job(screen: ConsoleScreen, job_id: str, kind: str, title: str, name: str) -> None:
    if await _asked(screen, actions.retrying(kind, title), name):
        await screen.attempt(screen.console_app.agent.jobs.retry_job(job_id), f"{title}: started again.")


_DOING: dict[str, Callable[[ConsoleScreen, VmContext], Awaitable[None]]] = {
    "sync": _sync, "test": _test, "live": _live, "networks": _networks, "clean_up": _clean_up, "rollback": _rollback,
    "finalise": _finalise, "repair": _repair, "stop": _stop, "cancel": _cancel, "retry": _retry, "verify": _verify,
    "accept": _accept,
}  # fmt: skip
