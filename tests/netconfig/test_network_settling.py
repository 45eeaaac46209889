"""Settings on trial that the network is still taking: what is not in force yet is not wrong, and is not kept unasked."""

from __future__ import annotations

from dataclasses import replace

from trial_bench import AFTER, BEFORE, Bench, dual, observed, refused

from appliance.contract.network import Severity, Trial
from appliance.netconfig.control import NetworkControl


async def shown(agent: NetworkControl) -> Trial:
    """The trial as a console sees it."""
    found = (await agent.network()).trial
    assert found is not None
    return found


async def looks(bench: Bench, count: int = 1) -> None:
    """So many looks at what is in force."""
    for _ in range(count):
        await bench.clock.advance(0.3)


def severities(trial: Trial) -> set[Severity]:
    return {one.severity for one in trial.findings}


async def test_what_is_not_in_force_yet_is_not_wrong(bench: Bench) -> None:
    agent = await bench.agent()
    assert (await bench.trial(agent)).settling
    await looks(bench)
    trial = await shown(agent)
    assert trial.settling and severities(trial) == {Severity.OK, Severity.PENDING}
    assert [one.message for one in trial.findings if one.severity is Severity.PENDING] == [
        f"{AFTER} is not set yet.",
        f"{BEFORE} is still set.",
    ]


async def test_it_has_settled_when_all_was_as_wanted_twice_and_the_network_has_answered(bench: Bench) -> None:
    agent = await bench.agent()
    await bench.trial(agent)
    bench.live.answered.clear()
    await looks(bench)
    bench.observed = observed(AFTER)
    await looks(bench, 2)
    trial = await shown(agent)
    assert trial.settling and severities(trial) == {Severity.OK}
    bench.live.answered.set()
    await looks(bench)
    trial = await shown(agent)
    assert not trial.settling and trial.findings[-1].message == "The name server answers."


async def test_one_look_that_finds_what_was_before_settles_nothing(bench: Bench) -> None:
    """The settings of before can be as wanted, too: what differs is not read back, or the kernel still has it."""
    agent = await bench.agent()
    await bench.trial(agent, BEFORE)
    await looks(bench)
    assert (await shown(agent)).settling
    bench.observed = replace(bench.observed, interfaces=[])
    await looks(bench)
    bench.observed = observed(BEFORE)
    await looks(bench)
    assert (await shown(agent)).settling
    await looks(bench)
    assert not (await shown(agent)).settling


async def test_what_is_still_not_in_force_after_ten_seconds_is_wrong(bench: Bench) -> None:
    agent = await bench.agent()
    await bench.trial(agent)
    await bench.clock.advance(9.9)
    assert severities(await shown(agent)) == {Severity.OK, Severity.PENDING}
    await bench.clock.advance(0.3)
    trial = await shown(agent)
    assert not trial.settling and Severity.ERROR in severities(trial) and Severity.PENDING not in severities(trial)


async def test_what_becomes_wrong_after_settling_is_wrong(bench: Bench) -> None:
    agent = await bench.agent()
    begun = await bench.trial(agent)
    bench.observed = observed(AFTER)
    await looks(bench, 2)
    bench.observed = observed(BEFORE)
    await bench.clock.advance(2)
    assert Severity.ERROR in severities(await shown(agent))
    assert (await refused(agent.keep(begun.id))).key == "network.not_as_wanted"


async def test_an_address_of_another_machine_is_wrong_at_once(bench: Bench) -> None:
    agent = await bench.agent()
    await bench.start(agent, dual(AFTER, "2001:db8::22/64"))
    bench.observed = replace(observed(AFTER), doubled=frozenset({("eth0", "2001:db8::22/64")}))
    await looks(bench)
    trial = await shown(agent)
    assert [one.message[:39] for one in trial.findings if one.severity is Severity.ERROR] == ["2001:db8::22 is in use by another machi"]


async def test_keeping_too_early_is_refused_and_can_be_done_again_or_anyway(bench: Bench) -> None:
    agent = await bench.agent()
    begun = await bench.trial(agent)
    fault = await refused(agent.keep(begun.id))
    assert (fault.status, fault.key) == (409, "network.settling")
    bench.observed = observed(AFTER)
    await looks(bench, 2)
    assert (await agent.keep(begun.id)).outcome == "kept"
    again = await bench.trial(agent, "192.0.2.33/24")
    assert (await agent.keep(again.id, anyway=True)).outcome == "kept"


async def test_keeping_what_is_wrong_is_refused_with_what_it_is_unless_it_is_to_be_kept_anyway(bench: Bench) -> None:
    agent = await bench.agent()
    begun = await bench.trial(agent)
    await bench.clock.advance(10)
    fault = await refused(agent.keep(begun.id))
    assert fault.status == 409 and f"eth0: {AFTER} was not set." in fault.message
    assert (await agent.network()).trial is not None
    assert (await agent.keep(begun.id, anyway=True)).outcome == "kept"


async def test_a_trial_whose_time_ends_while_it_settles_reverts(bench: Bench) -> None:
    agent = await bench.agent()
    begun = await bench.trial(agent, seconds=10)
    bench.live.answered.clear()
    await bench.clock.advance(9.9)
    assert (await refused(agent.keep(begun.id))).key == "network.settling"
    await bench.clock.advance(0.1)
    assert (await refused(agent.keep(begun.id))).key == "network.trial_over"
    assert bench.applier.is_old


async def test_a_new_agent_looks_for_itself_before_it_says_that_anything_is_wrong(bench: Bench) -> None:
    begun = await bench.trial(await bench.agent())
    await bench.clock.advance(50)
    agent = await bench.agent()
    await looks(bench)
    trial = await shown(agent)
    assert trial.settling and Severity.ERROR not in severities(trial)
    bench.observed = observed(AFTER)
    await looks(bench, 2)
    assert (await agent.keep(begun.id)).outcome == "kept"


async def test_a_watch_that_broke_down_holds_nothing_back(bench: Bench) -> None:
    agent = await bench.agent()
    begun = await bench.trial(agent)

    async def broken(_: object) -> None:
        raise RuntimeError("the network's answer was none")

    bench.live.during = broken  # type: ignore[assignment, method-assign]
    bench.observed = observed(AFTER)
    await looks(bench, 3)
    assert not (await shown(agent)).settling
    assert (await agent.keep(begun.id)).outcome == "kept"
