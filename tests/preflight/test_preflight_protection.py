"""Each check before a VM is protected, and what adding a VM says by itself."""

import dataclasses
from typing import Any, cast

import pytest
from preflight_facts import CLOUD, FAIL, LINK, PASS, STRANGE, WARN, cloud, found, names, one, row, vm

from appliance.cloudstack.faults import CONFIG_INACTIVE
from appliance.cloudstack.limits import Places
from appliance.contract.checks import CheckState
from appliance.contract.client import UNREACHABLE
from appliance.contract.errors import Fault
from appliance.contract.preflight import Preflight
from appliance.preflight.facts import Found
from appliance.preflight.gather import Lookout
from appliance.preflight.protect import ProtectionLook, checks_of


def test_with_nothing_wrong_every_check_passes() -> None:
    checks = checks_of(found(), is_managed=False)
    assert [check for check in checks if check.state is not PASS] == [] and Preflight.of(checks).ok
    assert len(checks) == len({check.name for check in checks})


FLAWS: list[tuple[dict[str, Any], str, CheckState, str]] = [
    ({"link": dataclasses.replace(LINK, up=False)}, "link", FAIL, "vma1 at the source can't be reached"),
    ({"vm": UNREACHABLE(cause="x")}, "source", FAIL, "can't be reached"),
    ({"vm": vm(name=STRANGE, blockers=["It is shared."])}, "disks", FAIL, f"{STRANGE} can't be copied as it is: It is shared."),
    ({"vm": vm(snapshots=["mine"])}, "snapshots", FAIL, "mine"),
    ({"vm": vm(tracking=False)}, "tracking", WARN, "does not keep track"),
    ({"config": CONFIG_INACTIVE(name=STRANGE)}, "configuration", FAIL, STRANGE),
    ({"cloud": UNREACHABLE(cause="x")}, "cloudstack", FAIL, "can't be reached"),
    ({"cloud": cloud(zone_gib=110)}, "zone-storage", FAIL, "10 GiB of storage left; 20 are needed"),
    ({"cloud": cloud(left={**CLOUD.facts.left, "volumes": 1.0})}, "quota-volumes", FAIL, "2 are needed"),
    ({"cloud": cloud(left={**CLOUD.facts.left, "machines": 0.0})}, "quota-machines", WARN, "1 is needed"),
    ({"cloud": dataclasses.replace(CLOUD, places=Places(1))}, "disk-count", FAIL, "2 disks; 1 can"),
    ({"cloud": row("disk_offering_id", iscustomized=False)}, "disk-offering", FAIL, "makes only disks"),
    ({"cloud": row("template_id", isready=False)}, "template", WARN, "not ready"),
    ({"cloud": row("oma_vm_id", zoneid="zone-9")}, "own-machine", FAIL, "another zone"),
    ({"cloud": cloud(pools=())}, "storage-pools", WARN, "No storage"),
]


@pytest.mark.parametrize(("facts", "name", "state", "words"), FLAWS)
def test_what_stands_in_the_way(facts: dict[str, Any], name: str, state: CheckState, words: str) -> None:
    check = one(checks_of(found(**facts), is_managed=False), name)
    assert check.state is state and words in check.sentence and check.guidance


def test_a_vm_that_is_managed_is_not_protected_twice() -> None:
    assert names(checks_of(found(), is_managed=True), FAIL) == {"managed"}


class Told(Lookout):
    """A look that found this."""

    facts: Found

    async def look(self, *_: Any) -> Found:  # type: ignore[override]
        return self.facts


class Login:
    async def login(self, credential_id: int) -> Any:
        return cast(Any, type("Access", (), {"host": "vc"}))


@pytest.mark.parametrize(
    ("facts", "refused"),
    [
        ({}, None),
        ({"vm": UNREACHABLE(cause="x"), "cloud": UNREACHABLE(cause="x")}, "cloudstack"),
        ({"vm": UNREACHABLE(cause="x")}, None),
        ({"link": dataclasses.replace(LINK, up=False), "vm": UNREACHABLE(cause="x")}, "link"),
    ],
)
async def test_what_adding_a_vm_refuses_by_itself_is_left_to_it(store: Any, facts: dict[str, Any], refused: str | None) -> None:
    lookout = Told(cast(Any, Login()), cast(Any, None), cast(Any, None), cast(Any, None))
    object.__setattr__(lookout, "facts", found(**facts))
    look = ProtectionLook(lookout, store)
    if refused is None:
        await look.refuse_unfit("vma-1", 1, "/DC0/vm/web", None)
        return
    with pytest.raises(Fault) as error:
        await look.refuse_unfit("vma-1", 1, f"/DC0/vm/{STRANGE}", None)
    assert (error.value.fields["checks"], error.value.status) == (refused, 409)
    assert f"A first copy of {STRANGE}" in error.value.message
