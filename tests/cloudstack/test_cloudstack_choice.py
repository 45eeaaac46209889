"""The configuration that is found is the one that is handed on, whatever was asked for."""

import dataclasses

import pytest

from appliance.cloudstack.configs import ConfigDraft, Configs
from appliance.contract.errors import Fault

DRAFT = ConfigDraft(name="first", address="cloud:8080", api_key="key", secret_key="secret")


def named(name: str, **more: object) -> ConfigDraft:
    return dataclasses.replace(DRAFT, name=name, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("asked", [None, 0, 1, 99])
async def test_with_an_active_first_one_everybody_gets_it(configs: Configs, asked: int | None) -> None:
    first = await configs.save(DRAFT)
    config, _ = await configs.choose(asked)
    assert (first.id, config.id) == (1, 1)


@pytest.mark.parametrize("asked", [None, 0, 2, 99])
async def test_what_was_validated_as_two_is_not_written_as_one(configs: Configs, asked: int | None) -> None:
    await configs.save(DRAFT)
    await configs.save(named("second"))
    config, choice = await configs.choose(asked)
    assert (config.id, config.name, choice.config_id) == (2, "second", 2)


async def test_an_existing_one_that_is_not_active_is_refused_not_replaced(configs: Configs) -> None:
    await configs.save(DRAFT)
    await configs.save(named("second"))
    with pytest.raises(Fault) as refused:
        await configs.choose(1)
    assert (refused.value.key, refused.value.status) == ("cloudstack.config_inactive", 409)


async def test_a_deleted_id_leads_to_the_active_one_and_the_log_says_so(configs: Configs) -> None:
    first = await configs.save(DRAFT)
    second = await configs.save(named("second"))
    await configs.delete(first.id)
    config, choice = await configs.choose(first.id)
    assert config.id == second.id and choice.why == f"configuration {first.id} does not exist; the active one is {second.id} (second)"


@pytest.mark.parametrize("asked", [None, 0, 99])
async def test_with_none_active_there_is_a_conflict(configs: Configs, asked: int | None) -> None:
    await configs.save(named("first", is_active=False))
    with pytest.raises(Fault) as refused:
        await configs.choose(asked)
    assert (refused.value.key, refused.value.status) == ("cloudstack.config_none_active", 409)


async def test_after_the_active_one_was_deleted_none_is(configs: Configs) -> None:
    first = await configs.save(DRAFT)
    await configs.delete(first.id)
    with pytest.raises(Fault, match="No CloudStack configuration is active"):
        await configs.choose(first.id)


async def test_without_a_word_the_first_is_active_and_later_ones_are_not(configs: Configs) -> None:
    await configs.save(named("first", is_active=None))
    await configs.save(named("second", is_active=None))
    await configs.save(named("first", is_active=None, zone="z"))
    assert [(one.name, one.is_active, one.zone) for one in await configs.all()] == [("first", True, "z"), ("second", False, "")]


async def test_one_is_renamed_by_its_id_and_no_other_is_made(configs: Configs) -> None:
    first = await configs.save(DRAFT)
    renamed = await configs.save(named("renamed", id=first.id, secret_key="", api_key=""))
    assert (renamed.id, renamed.name, renamed.api_key, renamed.secret_key) == (first.id, "renamed", "key", "secret")
    assert len(await configs.all()) == 1


async def test_two_of_one_name_are_refused_and_nothing_is_changed(configs: Configs) -> None:
    await configs.save(DRAFT)
    second = await configs.save(named("second", is_active=False))
    with pytest.raises(Fault) as refused:
        await configs.save(named("first", id=second.id, is_active=True, zone="other"))
    assert refused.value.key == "cloudstack.config_name_taken"
    assert [(one.name, one.is_active, one.zone) for one in await configs.all()] == [("first", True, ""), ("second", False, "")]


async def test_another_api_key_needs_its_secret_key(configs: Configs) -> None:
    await configs.save(DRAFT)
    with pytest.raises(Fault, match="lacks secret key"):
        await configs.save(named("first", api_key="other", secret_key=""))
    assert (await configs.get(1)).api_key == "key"


async def test_an_unknown_id_is_not_saved_as_a_new_one(configs: Configs) -> None:
    with pytest.raises(Fault) as refused:
        await configs.save(named("first", id=5))
    assert refused.value.status == 404
    assert await configs.all() == []


@pytest.mark.parametrize("name", ["<zone a='1'>&amp;", "Zürich 🏔️ – Süd", "'; DROP TABLE ossea_configs; --"])
async def test_any_name_is_kept_as_it_is(configs: Configs, name: str) -> None:
    saved = await configs.save(named(name, zone=name))
    assert ((await configs.get(saved.id)).name, (await configs.get(saved.id)).zone) == (name, name)
