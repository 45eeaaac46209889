"""The trial of network settings: however it ends, what nobody kept does not stay."""

from __future__ import annotations

import json
from collections.abc import Callable
from errno import ENOSPC
from typing import Any

import pytest
from trial_bench import AFTER, BEFORE, OLD, Bench, KilledHere, observed, plan, refused, unplugged

from appliance.contract.errors import STORE_UNWRITABLE
from appliance.netconfig.applier import Files
from appliance.netconfig.faults import NOT_APPLIED
from appliance.netconfig.trial import TrialFolder


async def test_a_fresh_appliance_starts_from_what_is(bench: Bench) -> None:
    now = await (await bench.agent()).network()
    assert now.kept.interfaces[0].ipv4.addresses == [BEFORE]
    assert (now.kept.dns, now.trial, now.outcome) == (["192.0.2.53"], None, "")


async def test_what_changes_are_made_from_stays_the_same_while_other_settings_are_on_trial(bench: Bench) -> None:
    """Nothing was ever kept: what is in force then is what is tried."""
    agent = await bench.agent()
    before = await agent.network()
    trial = await bench.trial(agent)
    bench.observed = observed(AFTER)
    for taken_up in (agent, await bench.agent()):
        now = await taken_up.network()
        assert (now.kept, now.revision) == (before.kept, before.revision) and now.trial is not None
    agent = bench.agents[-1]
    now = await agent.revert(trial.id)
    assert (now.kept, now.revision) == (before.kept, before.revision), "until the network has taken them back"
    bench.observed = observed("192.0.2.44/24")
    await bench.clock.advance(10)
    assert (await agent.network()).kept.interfaces[0].ipv4.addresses == ["192.0.2.44/24"]


async def test_a_trial_of_an_older_release_can_be_taken_up(bench: Bench) -> None:
    """Its record does not say what the settings were made from."""
    trial = await bench.trial(await bench.agent())
    record = json.loads((bench.state / "trial.json").read_bytes())
    del record["base"]
    (bench.state / "trial.json").write_text(json.dumps(record))
    agent = await bench.agent()
    shown = await agent.network()
    assert shown.trial is not None and shown.kept.interfaces[0].ipv4.addresses == [BEFORE]
    assert (await agent.revert(trial.id)).trial is None


async def test_settings_on_trial_are_in_force_and_count_down(bench: Bench) -> None:
    agent = await bench.agent()
    trial = await bench.trial(agent)
    assert bench.applier.files == Files.of(plan(AFTER))
    assert trial.seconds_left == 120
    await bench.clock.advance(30)
    shown = (await agent.network()).trial
    assert shown is not None and shown.seconds_left == 90


async def test_kept_settings_stay_and_are_the_new_revision(bench: Bench) -> None:
    agent = await bench.agent()
    old = (await agent.network()).revision
    trial = await bench.trial(agent)
    now = await agent.keep(trial.id, anyway=True)
    await bench.clock.advance(600)
    assert bench.applier.files == Files.of(plan(AFTER))
    assert (now.trial, now.outcome, now.kept) == (None, "kept", trial.plan)
    assert now.revision != old
    assert await bench.events() == ["operator network.try done", "operator network.keep done"]


async def test_settings_that_nobody_keeps_revert_in_time(bench: Bench) -> None:
    agent = await bench.agent()
    await bench.trial(agent)
    await bench.clock.advance(119)
    assert not bench.applier.is_old
    await bench.clock.advance(1)
    assert bench.applier.is_old
    assert (await agent.network()).outcome == "reverted: nobody kept it in time"
    assert (await bench.events())[-1] == "appliance network.revert done"


async def test_the_operator_reverts_by_key(bench: Bench) -> None:
    agent = await bench.agent()
    trial = await bench.trial(agent)
    now = await agent.revert(trial.id)
    assert bench.applier.is_old
    assert (now.trial, now.outcome) == (None, "reverted by the operator")
    assert (await bench.events())[-1] == "operator network.revert done"


async def test_a_new_agent_lets_a_trial_within_its_time_go_on(bench: Bench) -> None:
    trial = await bench.trial(await bench.agent())
    await bench.clock.advance(50)
    agent = await bench.agent()
    assert not bench.applier.is_old
    shown = (await agent.network()).trial
    assert shown is not None and (shown.id, shown.seconds_left) == (trial.id, 70)
    await bench.clock.advance(70)
    assert bench.applier.is_old


async def test_a_trial_taken_up_by_a_new_agent_can_be_kept(bench: Bench) -> None:
    trial = await bench.trial(await bench.agent())
    now = await (await bench.agent()).keep(trial.id, anyway=True)
    assert (now.outcome, now.kept) == ("kept", trial.plan)


async def test_a_new_agent_reverts_a_trial_whose_time_is_over(bench: Bench) -> None:
    agent = await bench.agent()
    await bench.trial(agent)
    await agent.close()
    await bench.clock.advance(121)
    assert not bench.applier.is_old
    assert (await (await bench.agent()).network()).outcome == "reverted: nobody kept it in time"
    assert bench.applier.is_old


async def test_a_reboot_reverts_at_once(bench: Bench) -> None:
    await bench.trial(await bench.agent())
    await bench.reboot()
    assert (await (await bench.agent()).network()).outcome == "reverted after a restart"
    assert bench.applier.is_old


async def test_settings_that_cannot_be_applied_revert_at_once(bench: Bench) -> None:
    agent = await bench.agent()
    bench.applier.failures = [NOT_APPLIED(cause="reload failed")]
    assert (await refused(bench.trial(agent))).key == "network.not_applied"
    now = await agent.network()
    assert bench.applier.is_old and now.trial is None
    assert now.outcome == "reverted: the settings could not be applied"


async def test_without_the_network_service_nothing_is_changed(bench: Bench) -> None:
    agent = await bench.agent()
    bench.applier.present = False
    assert (await refused(bench.trial(agent))).status == 503
    assert bench.applier.applied == 0 and (await agent.network()).trial is None


async def test_a_revert_that_fails_is_tried_until_it_succeeds(bench: Bench) -> None:
    agent = await bench.agent()
    trial = await bench.trial(agent)
    bench.applier.present = False
    assert (await refused(agent.revert(trial.id))).key == "network.not_reverted"
    await bench.clock.advance(5)
    assert not bench.applier.is_old
    bench.applier.present = True
    await bench.clock.advance(5)
    assert bench.applier.is_old
    assert (await agent.network()).outcome == "reverted by the operator"


async def test_a_revert_that_was_broken_off_is_done_by_the_next_agent(bench: Bench) -> None:
    agent = await bench.agent()
    trial = await bench.trial(agent)
    bench.applier.failures = [KilledHere()]
    with pytest.raises(KilledHere):
        await agent.revert(trial.id)
    assert not bench.applier.is_old
    assert (await (await bench.agent()).network()).outcome == "reverted by the operator"
    assert bench.applier.is_old


STEPS: dict[str, tuple[str, bool]] = {
    "before the record of the trial is on disk": ("save", False),
    "after the record, before anything is applied": ("apply", False),
    "applied, before that is on disk": ("save running", False),
    "while the kept plan is put on disk": ("keep", False),
    "after the kept plan, before the trial's record is gone": ("end", True),
}


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_between_two_steps_leaves_what_was_or_what_was_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    place, stays = STEPS[step]
    agent = await bench.agent()
    _kill_at(place, bench, monkeypatch)
    with pytest.raises(KilledHere):
        await agent.keep((await bench.trial(agent)).id, anyway=True)
    monkeypatch.undo()
    bench.applier.failures = []
    agent = await bench.agent()
    await bench.clock.advance(121)
    now = await agent.network()
    assert bench.applier.is_old is not stays
    assert (now.kept.interfaces[0].ipv4.addresses == [AFTER]) is stays and now.trial is None


def _kill_at(place: str, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent dies at this place; whatever it would do on the way out does not happen either."""

    def dies(*_: object) -> None:
        raise KilledHere

    if place == "apply":
        bench.applier.failures = [KilledHere(), KilledHere()]
    elif place == "save running":
        monkeypatch.setattr(TrialFolder, "save", _after(1, TrialFolder.save, dies))
        bench.applier.failures = []
    else:
        monkeypatch.setattr(TrialFolder, place, dies)


def _after(count: int, real: Callable[..., None], dies: Callable[..., None]) -> Callable[..., None]:
    done: list[int] = []

    def save(*arguments: Any) -> None:
        done.append(1)
        (real if len(done) <= count else dies)(*arguments)

    return save


async def test_a_damaged_record_ends_in_the_settings_that_were_kept(bench: Bench) -> None:
    agent = await bench.agent()
    await agent.keep((await bench.trial(agent)).id, anyway=True)
    await bench.trial(agent, "192.0.2.33/24")
    (bench.state / "trial.json").write_text('{"id": "tri')
    assert (await (await bench.agent()).network()).trial is None
    assert bench.applier.files == Files.of(plan(AFTER))


async def test_the_wall_clock_does_not_matter(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = await bench.agent()
    await bench.trial(agent)
    monkeypatch.setattr("time.time", lambda: 0.0)
    await bench.clock.advance(119)
    assert not bench.applier.is_old
    await bench.clock.advance(1)
    assert bench.applier.is_old


async def test_a_pulled_cable_shows_in_the_trial_and_reverts_in_time(bench: Bench) -> None:
    agent = await bench.agent()
    await bench.trial(agent)
    bench.observed = unplugged(bench.observed)
    await bench.clock.advance(10)
    shown = (await agent.network()).trial
    assert shown is not None and any("cable" in one.message for one in shown.findings)
    await bench.clock.advance(110)
    assert bench.applier.is_old


async def test_a_store_that_cannot_be_written_keeps_no_network_from_coming_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> None:
        raise STORE_UNWRITABLE()

    agent = await bench.agent()
    monkeypatch.setattr(bench.audit, "record", full)
    await bench.trial(agent)
    await bench.clock.advance(120)
    assert bench.applier.files == OLD


async def test_what_happened_before_the_store_was_open_is_in_the_audit_log_afterwards(bench: Bench) -> None:
    await bench.trial(await bench.agent())
    await bench.reboot()
    audit, bench.audit = bench.audit, None
    agent = await bench.agent()
    assert bench.applier.is_old
    bench.audit = audit
    await agent.audited_by(audit)
    assert (await bench.events())[-1] == "appliance network.revert done"


async def test_settings_whose_keeping_is_on_disk_stay_kept_when_the_disk_is_full_then(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the kept plan and the trial's end the disk runs full: nobody reverts what the next start would call kept."""
    agent = await bench.agent()
    trial = await bench.trial(agent)
    monkeypatch.setattr(TrialFolder, "end", _full)
    now = await agent.keep(trial.id, anyway=True)
    await bench.clock.advance(600)
    agent = await bench.agent()
    assert bench.applier.files == Files.of(plan(AFTER)) and now.kept == (await agent.network()).kept == trial.plan
    assert (await agent.network()).trial is None


def _full(*_: object) -> None:
    raise OSError(ENOSPC, "No space left on device")


async def test_a_record_that_the_disk_does_not_give_back_counts_as_damaged(bench: Bench) -> None:
    agent = await bench.agent()
    await agent.keep((await bench.trial(agent)).id, anyway=True)
    await bench.trial(agent, "192.0.2.33/24")
    (bench.state / "trial.json").unlink()
    (bench.state / "trial.json").mkdir()  # reading it fails, as root too
    await bench.agent()
    assert bench.applier.files == Files.of(plan(AFTER))
