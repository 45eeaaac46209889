"""What is done to a VM's record: look at it again, its history, another credential, its end."""

from __future__ import annotations

from appliance.contract.management import ChooseCredential
from appliance.contract.replications import VmContext
from appliance.tui.actions import Action
from appliance.tui.screens.base import ConsoleScreen
from appliance.tui.screens.protect import logins
from appliance.tui.widgets.dialog import Choose, Tell
from appliance.tui.widgets.pick_one import PickOne

OFFERED = [
    ("history", "What it was like: its specification over time"),
    ("look", "Look at it in vCenter now"),
    ("credential", "Use another vCenter credential …"),
    ("remove", "Remove it from management …"),
]
REMOVE = Action("remove", "Remove it from management", "Remove {name} from management?", "", "while nothing else is under way", typed=True)


async def manage_vm(screen: ConsoleScreen, vm: VmContext) -> None:
    """Offer it and do it; only from a worker."""
    key = await screen.app.push_screen_wait(Choose(f"The record of {vm.vm_name}", OFFERED))
    if key == "history":
        from appliance.tui.screens.specifications import SpecificationsScreen

        screen.app.push_screen(SpecificationsScreen(vm.context_id, vm.vm_name))
    elif key == "look":
        await rediscover(screen, vm.context_id, vm.vm_name)
    elif key == "credential":
        await _choose_credential(screen, vm)
    elif key == "remove":
        await _remove(screen, vm)


async def rediscover(screen: ConsoleScreen, context_id: str, name: str) -> None:
    """Look at a VM in vCenter now, and say what has changed."""
    screen.say(f"Asking vCenter about {name} …", "info")
    found = await screen.attempt(screen.console_app.agent.management.rediscover(context_id))
    if found is not None:
        screen.say(" ".join(found.changes) or f"Nothing has changed of {name} in vCenter.")


async def _choose_credential(screen: ConsoleScreen, vm: VmContext) -> None:
    credentials = await screen.attempt(screen.console_app.agent.credentials.credentials())
    if credentials is None:
        return
    same = [one for one in credentials if one.vcenter_host.lower() == vm.vcenter_host.lower() and one.peer_id == vm.peer_id]
    options = [(key, text, "") for key, text in logins(same)]
    key = await screen.app.push_screen_wait(PickOne(f"Which credential for {vm.vm_name} at {vm.vcenter_host}?", options))
    if key is not None:
        chosen = screen.console_app.agent.management.set_credential(vm.context_id, ChooseCredential(credential_id=int(key)))
        await screen.attempt(chosen, f"{vm.vm_name} is asked for with another credential from now on.")


async def _remove(screen: ConsoleScreen, vm: VmContext) -> None:
    told = await screen.attempt(screen.console_app.agent.management.removal(vm.context_id))
    if told is None:
        return
    if told.refusal:
        await screen.app.push_screen_wait(Tell(f"{vm.vm_name} can't be removed now", told.refusal))
        return
    goes, stays = ("\n".join(f"- {sentence}" for sentence in sentences) for sentences in (told.goes, told.stays))
    question, _ = REMOVE.asked(vm.vm_name)
    if await screen.confirmed(question, f"This goes:\n{goes}\n\nThis stays:\n{stays}", word=REMOVE.word(vm.vm_name)):
        started = await screen.attempt(screen.console_app.agent.management.remove_vm(vm.context_id))
        if started is not None:
            from appliance.tui.screens.job import JobScreen

            screen.app.push_screen(JobScreen(started.job_id))
