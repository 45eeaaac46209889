"""Configurations: which one a job gets, and how they are kept."""

import dataclasses

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from appliance.cloudstack.configs import CloudConfig, ConfigDraft, Configs, ConfigState, choose
from appliance.cloudstack.models import OsseaConfigRow
from appliance.contract.errors import Fault
from appliance.core.store import Store

ONE = ConfigState(1, "one", False)
TWO = ConfigState(2, "two", True)
DRAFT = ConfigDraft(name="main", address="cloud:8080", api_key="key", secret_key="very secret")


@pytest.mark.parametrize(("asked", "got"), [(2, 2), (None, 2), (0, 2), (77, 2)])
def test_none_zero_and_unknown_ids_lead_to_the_active_configuration(asked: int | None, got: int) -> None:
    assert choose(asked, [ONE, TWO]).config_id == got


def test_one_is_an_id_like_any_other() -> None:
    active = dataclasses.replace(ONE, is_active=True)
    assert choose(1, [active]).config_id == 1
    assert "was asked for" in choose(1, [active]).why


def test_an_inactive_configuration_is_refused() -> None:
    with pytest.raises(Fault) as refused:
        choose(1, [ONE, TWO])
    assert refused.value.key == "cloudstack.config_inactive"


@pytest.mark.parametrize("known", [[], [ONE]])
def test_without_an_active_one_there_is_a_conflict_with_guidance(known: list[ConfigState]) -> None:
    with pytest.raises(Fault) as refused:
        choose(None, known)
    assert refused.value.status == 409
    assert "save it as the active one" in refused.value.guidance


def test_the_choice_says_why() -> None:
    assert "does not exist" in choose(77, [TWO]).why
    assert "none was asked for" in choose(0, [TWO]).why


async def test_the_secret_key_is_sealed_in_its_row(store: Store, configs: Configs) -> None:
    saved = await configs.save(DRAFT)
    async with store.session() as session:
        row = await session.scalar(select(OsseaConfigRow))
    assert row is not None
    assert "very secret" not in row.secret_key
    assert (await configs.get(saved.id)).secret_key == "very secret"
    assert "very secret" not in repr(saved)


async def test_saving_again_updates_and_keeps_the_secret(configs: Configs) -> None:
    first = await configs.save(DRAFT)
    again = await configs.save(dataclasses.replace(DRAFT, address="other:8080", secret_key=""))
    assert (again.id, again.secret_key) == (first.id, "very secret")
    assert again.api_url == "http://other:8080/client/api"


async def test_a_new_active_configuration_replaces_the_active_one(configs: Configs) -> None:
    first = await configs.save(DRAFT)
    second = await configs.save(dataclasses.replace(DRAFT, name="second"))
    assert [one.is_active for one in await configs.all()] == [False, True]
    assert (await configs.activate(first.id)).is_active
    assert not (await configs.get(second.id)).is_active


async def test_the_database_holds_at_most_one_active_row(store: Store, configs: Configs) -> None:
    await configs.save(DRAFT)
    await configs.save(dataclasses.replace(DRAFT, name="second", is_active=False))
    with pytest.raises(IntegrityError):
        async with store.begin() as session:
            await session.execute(text("UPDATE ossea_configs SET is_active = 1"))


async def test_a_new_configuration_needs_its_keys(configs: Configs) -> None:
    with pytest.raises(Fault) as refused:
        await configs.save(dataclasses.replace(DRAFT, secret_key=""))
    assert "secret key" in refused.value.message
    assert await configs.all() == []


async def test_a_deleted_configuration_is_not_used_again(configs: Configs) -> None:
    first = await configs.save(DRAFT)
    await configs.delete(first.id)
    assert (await configs.save(DRAFT)).id != first.id


def test_what_was_not_chosen_is_named() -> None:
    with pytest.raises(Fault) as refused:
        CloudConfig(1, "main", "http://c", "k", "s", zone="z").ready_for_volumes()
    assert "disk offering, oma vm" in refused.value.message
