"""Where adapters go, decided without asking anybody."""

import pytest
from failover_source import source_vm

from appliance.contract.checks import CheckState
from appliance.contract.errors import Fault
from appliance.contract.inventory import Nic
from appliance.contract.network_mappings import Kind, Origin
from appliance.failover.networks import (
    NOWHERE,
    Layer,
    Place,
    Target,
    asked,
    choose,
    defaults,
    judged,
    last_resort,
    of_vm,
    refuse_gone,
    resolve,
)


def targets(**ids: str) -> dict[str, Target]:
    return {name.replace("others", "*"): Target(target) for name, target in ids.items()}


def nic(network: str) -> Nic:
    return Nic(label="n", mac=network, network=network, model="vmxnet3")


LAST = Place(Target("last"), Origin.CONFIGURATION)
EVERYWHERE = [
    asked({"red": "asked"}),
    of_vm(targets(red="own", blue="own")),
    defaults(targets(red="all", blue="all", green="all", others="rest")),
]


@pytest.mark.parametrize(
    ("source", "layers", "expected"),
    [
        ("red", EVERYWHERE, ("asked", Origin.REQUEST)),
        ("blue", EVERYWHERE, ("own", Origin.VM)),
        ("green", EVERYWHERE, ("all", Origin.DEFAULT)),
        ("grey", EVERYWHERE, ("rest", Origin.CATCH_ALL)),
        ("", EVERYWHERE, ("rest", Origin.CATCH_ALL)),
        ("*", EVERYWHERE, ("rest", Origin.CATCH_ALL)),
        ("red", [of_vm(targets(others="own")), defaults(targets(red="all"))], ("own", Origin.VM_CATCH_ALL)),
        ("red", [asked({"*": "asked"}), of_vm(targets(red="own"))], ("asked", Origin.REQUEST)),
        ("red", [of_vm({}), defaults({})], ("last", Origin.CONFIGURATION)),
        ("*", [of_vm({}), defaults(targets(red="all"))], ("last", Origin.CONFIGURATION)),
    ],
)
def test_the_nearest_that_says_anything_decides(source: str, layers: list[Layer], expected: tuple[str, Origin]) -> None:
    place = resolve(source, layers, LAST)
    assert place.target is not None
    assert (place.target.id, place.origin) == expected


@pytest.mark.parametrize(
    ("kind", "configured", "isolated", "expected"),
    [
        (Kind.TEST, "prod", "iso", Place(Target("iso"), Origin.TEST_NETWORK)),
        (Kind.TEST, "prod", "", NOWHERE),
        (Kind.PRODUCTION, "prod", "iso", Place(Target("prod"), Origin.CONFIGURATION)),
        (Kind.PRODUCTION, "", "iso", NOWHERE),
    ],
)
def test_a_test_never_ends_in_production_by_itself_nor_the_reverse(kind: Kind, configured: str, isolated: str, expected: Place) -> None:
    assert last_resort(kind, configured, isolated) == expected


@pytest.mark.parametrize(("kind", "key"), [(Kind.TEST, "failover.no_test_network"), (Kind.PRODUCTION, "failover.no_network")])
def test_a_network_without_a_place_to_go_is_named(kind: Kind, key: str) -> None:
    with pytest.raises(Fault, match="adapter on blue") as refusal:
        choose(source_vm(nics=[nic("red"), nic("blue")]), kind, [of_vm(targets(red="n-1"))], NOWHERE)
    assert refusal.value.key == key


def test_adapters_keep_their_order_and_each_network_is_said_once() -> None:
    chosen = choose(source_vm(nics=[nic("red"), nic("blue"), nic("red")]), Kind.TEST, [of_vm(targets(red="n-1"))], LAST)
    assert [(name, target.id) for name, target in chosen.items()] == [("red", "n-1"), ("blue", "last")]


def test_a_network_that_is_gone_is_refused_by_the_name_it_had() -> None:
    with pytest.raises(Fault, match="Zürich <b>&amp; 🏔️") as refusal:
        refuse_gone(source_vm(), {"red": Target("n-1"), "blue": Target("n-9", "Zürich <b>&amp; 🏔️")}, {"n-1"})
    assert refusal.value.key == "failover.network_gone"


@pytest.mark.parametrize(
    ("kind", "target", "existing", "state", "words"),
    [
        (Kind.TEST, "iso", {"iso", "prod"}, CheckState.PASS, ""),
        (Kind.TEST, "iso", None, CheckState.PASS, ""),
        (Kind.TEST, "gone", {"iso", "prod"}, CheckState.FAIL, "no longer"),
        (Kind.TEST, "prod", {"iso", "prod"}, CheckState.WARN, "meet production"),
        (Kind.PRODUCTION, "prod", {"iso", "prod"}, CheckState.PASS, ""),
        (Kind.PRODUCTION, None, {"iso"}, CheckState.FAIL, "A live failover"),
        (Kind.TEST, None, None, CheckState.FAIL, "A test failover"),
    ],
)
def test_what_is_wrong_with_a_place_is_said(
    kind: Kind, target: str | None, existing: set[str] | None, state: CheckState, words: str
) -> None:
    place = Place(Target(target), Origin.VM) if target else NOWHERE
    found, note = judged(kind, place, existing, {"prod"})
    assert found is state and words in note and bool(words) == bool(note)
