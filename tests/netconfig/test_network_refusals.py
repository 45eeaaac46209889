"""What is refused around a trial of network settings, and what is not changed by it."""

from __future__ import annotations

import asyncio

from trial_bench import AFTER, Bench, plan, refused

from appliance.contract.errors import Fault
from appliance.contract.network import Finding, Severity, StartTrial
from appliance.netconfig.applier import Files


async def test_a_second_trial_is_told_how_long_the_first_still_runs(bench: Bench) -> None:
    agent = await bench.agent()
    await bench.trial(agent)
    await bench.clock.advance(20.5)
    fault = await refused(bench.trial(agent, "192.0.2.33/24"))
    assert (fault.status, fault.key) == (409, "network.on_trial") and "100 seconds" in fault.message
    assert bench.applier.files == Files.of(plan(AFTER))


async def test_of_two_consoles_that_try_at_once_one_wins(bench: Bench) -> None:
    agent = await bench.agent()
    both = await asyncio.gather(bench.trial(agent), bench.trial(agent, "192.0.2.33/24"), return_exceptions=True)
    assert sum(isinstance(one, Fault) and one.key == "network.on_trial" for one in both) == 1


async def test_settings_made_from_an_older_revision_are_refused(bench: Bench) -> None:
    agent = await bench.agent()
    stale = (await agent.network()).revision
    await agent.keep((await bench.trial(agent)).id, anyway=True)
    fault = await refused(agent.start_trial(StartTrial(plan=plan("192.0.2.33/24"), revision=stale)))
    assert (fault.status, fault.key) == (409, "network.changed_meanwhile")


async def test_wrong_settings_are_refused_and_nothing_is_changed(bench: Bench) -> None:
    agent = await bench.agent()
    fault = await refused(bench.trial(agent, "192.0.2.300/24"))
    assert fault.status == 422 and "192.0.2.300" in fault.message
    assert bench.applier.applied == 0


async def test_an_address_in_use_is_refused_and_nothing_is_changed(bench: Bench) -> None:
    agent = await bench.agent()
    bench.live.against = [Finding(interface="eth0", field="ipv4.addresses", severity=Severity.ERROR, message="It is in use.")]
    assert (await refused(bench.trial(agent))).message == "The settings can't be tried: eth0: It is in use."
    assert bench.applier.applied == 0


async def test_keeping_too_late_is_refused(bench: Bench) -> None:
    agent = await bench.agent()
    trial = await bench.trial(agent)
    await bench.clock.advance(120)
    fault = await refused(agent.keep(trial.id))
    assert (fault.status, fault.key) == (409, "network.trial_over") and "nobody kept it in time" in fault.message
    assert bench.applier.is_old


async def test_keeping_in_the_instant_the_time_is_over_is_refused(bench: Bench) -> None:
    agent = await bench.agent()
    trial = await bench.trial(agent)
    bench.clock.seconds += 120
    assert (await refused(agent.keep(trial.id))).key == "network.trial_over"
    await bench.clock.advance(0)
    assert bench.applier.is_old


async def test_keeping_twice_and_reverting_twice_say_the_same_again(bench: Bench) -> None:
    agent = await bench.agent()
    kept = await bench.trial(agent)
    assert await agent.keep(kept.id, anyway=True) == await agent.keep(kept.id)
    given_up = await bench.trial(agent, "192.0.2.33/24")
    assert await agent.revert(given_up.id) == await agent.revert(given_up.id)


async def test_what_was_kept_can_not_be_reverted_any_more(bench: Bench) -> None:
    agent = await bench.agent()
    trial = await bench.trial(agent)
    await agent.keep(trial.id, anyway=True)
    assert (await refused(agent.revert(trial.id))).message == "That trial is over: kept."


async def test_a_trial_that_is_not_named_rightly_is_left_alone(bench: Bench) -> None:
    agent = await bench.agent()
    assert (await refused(agent.keep("trial-0"))).status == 404
    await bench.trial(agent)
    assert (await refused(agent.keep("trial-0"))).status == 409
    assert (await refused(agent.revert("trial-0"))).status == 409
    assert (await agent.network()).trial is not None


async def test_where_no_trial_can_be_written_down_nothing_is_changed(bench: Bench) -> None:
    """A file is in the place of the folder, so that the writing fails as on a full disk."""
    agent = await bench.agent()
    bench.state.write_text("")
    assert (await refused(bench.trial(agent))).key == "store.unwritable"
    assert bench.applier.applied == 0 and (await agent.network()).trial is None


async def test_settings_that_cannot_be_written_down_as_kept_stay_on_trial(bench: Bench) -> None:
    agent = await bench.agent()
    trial = await bench.trial(agent)
    (bench.state / "kept.json").mkdir()
    assert (await refused(agent.keep(trial.id, anyway=True))).key == "store.unwritable"
    await bench.clock.advance(120)
    assert bench.applier.is_old
