"""After a restore this machine's ways in are as they were here: no lost password, no taken-away key, no revoked token comes back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from backup_place import Place
from sqlalchemy import delete, make_url

from appliance.agent.backup import restoring
from appliance.agent.setup import PASSWORD_WRONG, Setup
from appliance.agent.tokens.models import ApiToken
from appliance.agent.tokens.tokens import Tokens
from appliance.agent.tries import Tries
from appliance.contexts import VmContext, VmState
from appliance.contract.errors import Fault
from appliance.contract.roles import Role
from appliance.core.audit import Audit
from appliance.core.settings import Setting, Settings
from appliance.core.store import Store

OLD, NEW = "forgotten by everybody", "chosen in the new set-up"


async def emptied(place: Place, like: str) -> None:
    """As on a machine that was deployed anew: of the settings with such names there is none."""
    async with place.store.begin() as session:
        await session.execute(delete(Setting).where(Setting.name.like(like)))


@asynccontextmanager
async def restored(place: Place, packed: bytes) -> AsyncIterator[Store]:
    """The records after a restore and the agent's next start."""
    place.restoring.lay_ready(packed)
    await place.store.close()
    assert place.restoring.take_up() is not None
    store = await Store.open(place.config.database_url)
    yield store
    await store.close()


def setup_of(store: Store) -> Setup:
    return Setup(Settings(store), Audit(store))


async def tokens_of(store: Store) -> Tokens:
    return await Tokens.open(store, "the first one", lambda: "")


async def test_a_lost_console_password_does_not_come_back_with_the_restore(place: Place) -> None:
    await setup_of(place.store).set_password(None, OLD)
    name = await place.packed()
    await emptied(place, "console.password")
    await setup_of(place.store).set_password(None, NEW)
    async with restored(place, name) as store:
        setup = setup_of(store)
        await setup.unlock(NEW)
        with pytest.raises(Fault) as refused:
            await setup.unlock(OLD)
    assert refused.value.key == PASSWORD_WRONG.key


async def test_a_machine_without_a_password_takes_the_back_ups_rather_than_be_open_to_everybody(place: Place) -> None:
    await setup_of(place.store).set_password(None, OLD)
    name = await place.packed()
    await emptied(place, "console.password")
    async with restored(place, name) as store:
        await setup_of(store).unlock(OLD)


async def test_who_has_to_wait_after_wrong_tries_still_waits_after_a_restore(place: Place) -> None:
    name, settings = await place.packed(), Settings(place.store)
    for _ in range(5):
        await Tries(settings, "console").take()
    async with restored(place, name) as store:
        assert await Tries(Settings(store), "console").wait() > 0


@pytest.mark.parametrize("name", ["gate.password", "remote_console", "remote_console.password", "tries.gate"])
@pytest.mark.parametrize("here", [None, {"is": "of this machine"}])
async def test_what_is_about_the_ways_in_is_as_it_was_here(place: Place, name: str, here: dict[str, str] | None) -> None:
    await Settings(place.store).put(name, {"is": "of the back-up"})
    made = await place.packed()
    await emptied(place, name)
    if here is not None:
        await Settings(place.store).put(name, here)
    async with restored(place, made) as store:
        assert await Settings(store).get(name) == (here or {})


async def test_other_settings_are_those_of_the_back_up(place: Place) -> None:
    await Settings(place.store).put("schedules.fleet", {"is": "of the back-up"})
    made = await place.packed()
    await Settings(place.store).put("schedules.fleet", {"is": "of this machine"})
    async with restored(place, made) as store:
        assert await Settings(store).get("schedules.fleet") == {"is": "of the back-up"}


async def test_a_revoked_token_stays_revoked_and_a_new_one_goes_on(place: Place) -> None:
    tokens = await tokens_of(place.store)
    leaked, leaked_text = await tokens.create("leaked", Role.ADMIN, None)
    made = await place.packed()
    await tokens.revoke(leaked.id)
    _, new_text = await tokens.create("new", Role.OPERATOR, None)
    async with restored(place, made) as store:
        tokens = await tokens_of(store)
        assert tokens.caller(leaked_text) is None
        assert (caller := tokens.caller(new_text)) is not None and caller.name == "new"


async def test_tokens_that_this_machine_never_knew_come_back_but_for_names_that_are_taken(place: Place) -> None:
    tokens = await tokens_of(place.store)
    texts = [(await tokens.create(name, Role.VIEWER, None))[1] for name in ("monitoring", "Taken")]
    made = await place.packed()
    async with place.store.begin() as session:
        await session.execute(delete(ApiToken))
    _, ours = await (await tokens_of(place.store)).create("taken", Role.ADMIN, None)
    async with restored(place, made) as store:
        tokens = await tokens_of(store)
        assert [one.name for one in await tokens.all()] == ["monitoring", "taken"]
        assert [tokens.caller(text) is not None for text in (*texts, ours)] == [True, False, True]


async def test_no_restored_copy_is_ready_before_it_was_compared(place: Place) -> None:
    words = dict.fromkeys(("peer_id", "vm_name", "vmware_vm_id", "vm_path", "vcenter_host", "datacenter"), "x")
    async with place.store.begin() as session:
        session.add(VmContext(context_id="ctx-1", current_status=VmState.READY, consistent_point={"change_ids": {"d": "52/7"}}, **words))
    async with restored(place, await place.packed()) as store, store.session() as session:
        context = await session.get_one(VmContext, "ctx-1")
        assert (context.current_status, context.torn_since is None) == (VmState.FAILED, False)
        assert context.consistent_point == {"change_ids": {"d": "52/7"}, "doubt": "whole"}


async def test_records_of_this_machine_that_an_upgrade_puts_back_are_put_back_whole(place: Place) -> None:
    await setup_of(place.store).set_password(None, OLD)
    place.restoring.lay_ready(await place.packed())
    await emptied(place, "console.password")
    await setup_of(place.store).set_password(None, NEW)
    await place.store.close()
    assert place.restoring.take_up(as_it_was=True) is not None
    store = await Store.open(place.config.database_url)
    await setup_of(store).unlock(OLD)
    await store.close()


async def test_a_power_cut_while_the_records_are_moved_does_not_bring_the_lost_password_back(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await setup_of(place.store).set_password(None, OLD)
    place.restoring.lay_ready(await place.packed())
    await emptied(place, "console.password")
    await setup_of(place.store).set_password(None, NEW)
    await place.store.close()

    def cut(*_: object) -> None:
        raise OSError("the power is gone")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="power"):
        patched.setattr(restoring, "_arrive", cut)
        place.restoring.take_up()
    if make_url(place.config.database_url).get_backend_name() == "sqlite":  # as after a cut behind the first move
        Path(make_url(place.config.database_url).database or "").unlink()
    assert place.restoring.take_up() is not None
    store = await Store.open(place.config.database_url)
    await setup_of(store).unlock(NEW)
    await store.close()
