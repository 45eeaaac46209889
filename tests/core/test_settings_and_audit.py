"""Small durable values, and the audit log."""

from appliance.core.audit import Audit
from appliance.core.settings import Settings
from appliance.core.store import Store


async def test_a_value_that_was_never_set_is_empty(store: Store) -> None:
    assert await Settings(store).get("wizard") == {}


async def test_a_value_is_there_again_and_can_be_replaced(store: Store) -> None:
    settings = Settings(store)
    await settings.put("wizard", {"stage": "network"})
    await settings.put("wizard", {"stage": "pairing"})
    assert await Settings(store).get("wizard") == {"stage": "pairing"}


async def test_the_audit_log_gives_the_newest_event_first(store: Store) -> None:
    audit = Audit(store)
    for result in ("refused", "done"):
        await audit.record("console", "shell-gate.open", result)
    assert [event.result for event in await audit.newest(10)] == ["done", "refused"]
    assert len(await audit.newest(1)) == 1
