"""The wizard's place and the console's password last, and nobody guesses the password."""

import asyncio

import pytest
from gate_site import Clock

from appliance.agent.passwords import hashed, is_password
from appliance.agent.setup import Setup
from appliance.agent.tries import Tries
from appliance.contract.errors import STORE_UNWRITABLE, Fault
from appliance.contract.setup import Stage
from appliance.core.audit import Audit
from appliance.core.settings import Settings
from appliance.core.store import Store

GOOD = "correct horse"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def setup(store: Store, clock: Clock, told: list[str]) -> Setup:
    async def tell(password: str) -> None:
        told.append(password)

    settings = Settings(store)
    return Setup(settings, Audit(store), tell, Tries(settings, "console", clock, "a"))


async def refusal(setup: Setup, password: str) -> str:
    with pytest.raises(Fault) as caught:
        await setup.unlock(password)
    return caught.value.key


async def test_a_new_appliance_is_at_the_welcome_without_a_password(setup: Setup) -> None:
    state = await setup.state()
    assert (state.stage, state.password_set, state.wait_seconds) == (Stage.WELCOME, False, 0.0)


@pytest.mark.parametrize("stage", Stage)
async def test_the_place_is_there_again_after_a_power_cut(setup: Setup, store: Store, stage: Stage) -> None:
    await setup.set_stage(stage)
    assert (await Setup(Settings(store), Audit(store)).state()).stage is stage


async def test_a_password_unlocks_and_others_do_not(setup: Setup, told: list[str]) -> None:
    await setup.set_password(None, GOOD)
    await setup.unlock(GOOD)
    assert await refusal(setup, GOOD + "x") == "setup.password_wrong"
    assert (await setup.state()).password_set and told == [GOOD]


async def test_a_password_shorter_than_ten_characters_is_refused_with_what_to_do(setup: Setup, told: list[str]) -> None:
    with pytest.raises(Fault, match="at least 10 characters"):
        await setup.set_password(None, "nine char")
    assert not (await setup.state()).password_set and not told


async def test_a_change_needs_the_current_password(setup: Setup, told: list[str]) -> None:
    await setup.set_password(None, GOOD)
    for current, key in ((None, "setup.current_needed"), ("wrong", "setup.password_wrong")):
        with pytest.raises(Fault) as caught:
            await setup.set_password(current, "another password")
        assert caught.value.key == key
    await setup.set_password(GOOD, "another password")
    await setup.unlock("another password")
    assert told == [GOOD, "another password"]


async def test_of_two_consoles_that_set_the_first_password_at_once_one_is_refused(setup: Setup, told: list[str]) -> None:
    asked = (setup.set_password(None, GOOD), setup.set_password(None, "another password"))
    first, second = await asyncio.gather(*asked, return_exceptions=True)
    assert first is None and isinstance(second, Fault) and second.key == "setup.current_needed"
    await setup.unlock(GOOD)
    assert told == [GOOD]


async def test_a_new_password_counts_everywhere_even_when_it_cannot_be_written_down_who_set_it(store: Store, told: list[str]) -> None:
    class Full(Audit):
        async def record(self, actor: str, action: str, result: str, detail: str = "") -> None:
            raise STORE_UNWRITABLE()

    async def tell(password: str) -> None:
        told.append(password)

    with pytest.raises(Fault):
        await Setup(Settings(store), Full(store), tell).set_password(None, GOOD)
    assert told == [GOOD]


async def test_without_a_password_there_is_nothing_to_unlock(setup: Setup) -> None:
    assert await refusal(setup, GOOD) == "setup.no_password"


async def test_after_five_wrong_ones_even_the_right_one_waits(setup: Setup, clock: Clock) -> None:
    await setup.set_password(None, GOOD)
    for _ in range(5):
        assert await refusal(setup, "wrong") == "setup.password_wrong"
    assert await refusal(setup, GOOD) == "tries.wait"
    assert (await setup.state()).wait_seconds == 30
    clock.now += 30
    await setup.unlock(GOOD)
    assert (await setup.state()).wait_seconds == 0


async def test_all_of_it_is_in_the_audit_log_and_no_password_is(setup: Setup, store: Store) -> None:
    await setup.set_password(None, GOOD)
    await refusal(setup, "not this one")
    await setup.unlock(GOOD)
    await setup.set_stage(Stage.NETWORK)
    events = [(one.action, one.result, one.detail) for one in reversed(await Audit(store).newest(9))]
    assert events == [
        ("setup.password", "done", "set"),
        ("console.unlock", "refused", "wrong password"),
        ("console.unlock", "done", ""),
        ("setup.stage", "done", "network"),
    ]


async def test_a_password_is_kept_by_argon2id_with_the_parameters_of_the_standard() -> None:
    kept = await hashed(GOOD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$") and GOOD not in kept
    assert await is_password(GOOD, kept) and not await is_password("wrong", kept)


async def test_a_password_is_the_same_however_a_keyboard_composes_it() -> None:
    assert await is_password("u\u0308berallhin", await hashed("\u00fcberallhin"))


async def test_on_a_full_disk_the_password_still_opens_and_wrong_ones_still_lead_to_a_wait(
    store: Store, setup: Setup, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await setup.set_password(None, GOOD)

    async def full(*_: object) -> None:
        raise STORE_UNWRITABLE()

    console = Setup(Settings(store), Audit(store), tries=Tries(Settings(store), "console", clock, "a", on_full_disk=True))
    monkeypatch.setattr(Settings, "put", full)
    monkeypatch.setattr(Audit, "record", full)
    await console.unlock(GOOD)
    assert [await refusal(console, "wrong password") for _ in range(5)] == ["setup.password_wrong"] * 5
    assert await refusal(console, GOOD) == "tries.wait"
    clock.now += 31
    await console.unlock(GOOD)
