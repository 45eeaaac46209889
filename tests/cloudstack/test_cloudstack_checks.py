"""Each check of a configuration: what it looks at, and what it says."""

import dataclasses
from typing import Any

import pytest

from appliance.cloudstack.checks import NEEDED_COMMANDS, place_checks
from appliance.cloudstack.configs import CloudConfig
from appliance.cloudstack.limits import Places, capacity_checks, limit_checks
from appliance.cloudstack.quotas import UNLIMITED, DomainQuota, account_left, domain_quota
from appliance.cloudstack.survey import GIB, Facts, Pool
from appliance.contract.checks import Check, CheckState

PASS, WARN, FAIL = CheckState.PASS, CheckState.WARN, CheckState.FAIL
REFERENCES = ("domain", "zone", "template_id", "network_id", "service_offering_id", "disk_offering_id", "oma_vm_id")
CONFIG = CloudConfig(1, "main", "http://c", "key", "secret", **{name: f"{name}-1" for name in REFERENCES})
FOUND: dict[str, dict[str, Any]] = {
    "zone": {"name": "Zone A", "allocationstate": "Enabled"},
    "domain": {"name": "ROOT"},
    "template_id": {"name": "Small", "isready": True, "hypervisor": "KVM"},
    "network_id": {"name": "Net", "zoneid": "zone-1", "canusefordeploy": True},
    "service_offering_id": {"name": "Medium"},
    "disk_offering_id": {"name": "Custom", "iscustomized": True, "tags": "ssd"},
    "oma_vm_id": {"name": "i-2-3-VM", "displayname": "OMA", "zoneid": "zone-1", "hypervisor": "KVM"},
}
RESOURCES = ("volumes", "snapshots", "machines", "primary storage", "secondary storage")
GOOD = Facts(
    version="4.20.1.0",
    largest_disk_gib=1024,
    commands=frozenset(one.lower() for one in NEEDED_COMMANDS),
    found=dict(FOUND),
    own_vm="oma_vm_id-1",
    left=dict.fromkeys(RESOURCES, 100.0),
    data_volumes=32,
    to_secondary=False,
    pools=(Pool("ceph", "RBD", "Up", False, frozenset({"ssd"})),),
    zone_gib=1000,
    zone_used_gib=100,
)
TRIED = {"ok": True, "snapshot_seconds": 2.0, "revert_seconds": 3.0}


def facts(**changed: Any) -> Facts:
    return dataclasses.replace(GOOD, **changed)


def found(name: str, **changed: Any) -> Facts:
    return facts(found={**FOUND, name: {**FOUND[name], **changed}})


def without(name: str) -> Facts:
    return facts(found={key: row for key, row in FOUND.items() if key != name})


def pool(**changed: Any) -> Facts:
    return facts(pools=(dataclasses.replace(Pool("ceph", "RBD", "Up", False, frozenset({"ssd"})), **changed),))


def one(checks: list[Check], name: str) -> Check:
    [check] = [check for check in checks if check.name == name]
    return check


def test_everything_in_order_passes_everywhere() -> None:
    checks = [*place_checks(CONFIG, GOOD), *limit_checks(GOOD, TRIED), *capacity_checks(GOOD, [10 * GIB])]
    assert [check for check in checks if check.state is not PASS] == []
    assert all(check.sentence and not check.guidance for check in checks)


PLACES = [
    (facts(version=""), "version", WARN, "does not tell its version"),
    (facts(version="4.9.3"), "version", FAIL, "too old"),
    (facts(version="4.15.2.0"), "version", WARN, "older than what"),
    (facts(version="5.0"), "version", PASS, "known to work"),
    (facts(commands=None), "rights", WARN, "does not tell which commands"),
    (facts(commands=GOOD.commands - {"createsnapshot"} if GOOD.commands else None), "rights", FAIL, "may not call createSnapshot."),
    (without("zone"), "zone", FAIL, "does not exist any more"),
    (found("zone", allocationstate="Disabled"), "zone", FAIL, "Zone A is disabled"),
    (without("domain"), "domain", WARN, "not shown"),
    (without("template_id"), "template", FAIL, "does not exist any more"),
    (found("template_id", isready=False, status="40% Downloaded"), "template", FAIL, "not ready: 40% Downloaded"),
    (found("template_id", hypervisor="VMware"), "template", FAIL, "not for KVM"),
    (without("network_id"), "network", FAIL, "does not exist any more"),
    (found("network_id", zoneid="zone-2"), "network", FAIL, "another zone"),
    (found("network_id", canusefordeploy=False), "network", FAIL, "can't be put into"),
    (without("service_offering_id"), "service-offering", FAIL, "does not exist"),
    (found("service_offering_id", zoneid="zone-2,zone-3"), "service-offering", FAIL, "not offered in this zone"),
    (without("disk_offering_id"), "disk-offering", FAIL, "does not exist"),
    (found("disk_offering_id", iscustomized=False, disksize=5), "disk-offering", FAIL, "only disks of 5 GiB"),
    (found("disk_offering_id", iscustomizediops=True), "disk-offering", FAIL, "speed"),
    (found("disk_offering_id", zoneid="zone-2"), "disk-offering", FAIL, "not offered in this zone"),
    (found("disk_offering_id", encrypt=True), "disk-offering", WARN, "encrypts"),
    (found("disk_offering_id", storagetype="local"), "disk-offering", WARN, "single hosts"),
    (without("oma_vm_id"), "own-machine", FAIL, "does not exist"),
    (facts(own_vm="another"), "own-machine", FAIL, "is not the machine OMA"),
    (facts(own_vm=None), "own-machine", WARN, "can't tell by itself"),
    (found("oma_vm_id", zoneid="zone-2"), "own-machine", FAIL, "another zone"),
    (found("oma_vm_id", hypervisor="XenServer"), "own-machine", FAIL, "does not run on KVM"),
]


@pytest.mark.parametrize(("seen", "name", "state", "words"), PLACES)
def test_what_a_configuration_refers_to(seen: Facts, name: str, state: CheckState, words: str) -> None:
    check = one(place_checks(dataclasses.replace(CONFIG, zone="zone-1"), seen), name)
    assert check.state is state and words in check.sentence
    assert bool(check.guidance) == (state is not PASS)


@pytest.mark.parametrize("reference", [name for name in REFERENCES if name != "domain"])
def test_what_was_not_chosen_is_asked_for(reference: str) -> None:
    config, seen = dataclasses.replace(CONFIG, **{reference: ""}), without(reference)
    assert any(check.state is FAIL and "is chosen" in check.sentence for check in place_checks(config, seen))


LIMITS = [
    (facts(left={}), "quota-volumes", WARN, "does not tell"),
    (facts(left={**GOOD.left, "volumes": 0.0}), "quota-volumes", FAIL, "0 more volumes; 1 is needed"),
    (facts(left={**GOOD.left, "snapshots": UNLIMITED}), "quota-snapshots", PASS, "as many snapshots"),
    (facts(left={**GOOD.left, "primary storage": 0.5}), "quota-primary-storage", FAIL, "0 more GiB of primary storage"),
    (facts(data_volumes=None), "data-volume-limit", WARN, "does not tell"),
    (facts(data_volumes=6), "data-volume-limit", WARN, "6 disks"),
    (facts(to_secondary=None), "snapshot-place", WARN, "does not tell"),
    (facts(to_secondary=True), "snapshot-place", WARN, "copied to secondary storage"),
    (facts(pools=None), "storage-pools", WARN, "does not tell"),
    (facts(pools=()), "storage-pools", FAIL, "No storage"),
    (pool(state="Maintenance"), "storage-pools", FAIL, "No storage"),
    (pool(tags=frozenset({"hdd"})), "storage-pools", FAIL, "fits the disk offering"),
    (pool(managed=True), "storage-pools", FAIL, "ceph the first disk"),
    (pool(type="CLVM"), "storage-pools", WARN, "ceph (CLVM)"),
]


@pytest.mark.parametrize(("seen", "name", "state", "words"), LIMITS)
def test_limits_and_storage(seen: Facts, name: str, state: CheckState, words: str) -> None:
    check = one(limit_checks(seen, TRIED), name)
    assert check.state is state and words in check.sentence


@pytest.mark.parametrize(
    ("last", "state", "words"),
    [
        (None, WARN, "never tried"),
        ({"ok": False, "message": "It broke.", "guidance": "Mend it."}, FAIL, "failed: It broke."),
        (TRIED, PASS, "2.0 s to make a snapshot of 1 GiB, 3.0 s to go back"),
    ],
)
def test_the_last_trial_counts(last: dict[str, Any] | None, state: CheckState, words: str) -> None:
    check = one(limit_checks(GOOD, last), "snapshot-trial")
    assert check.state is state and words in check.sentence


def domain(**left: float) -> tuple[DomainQuota, ...]:
    return (
        DomainQuota("ROOT/web", {what.replace("_", " "): room for what, room in left.items()}),
        DomainQuota("ROOT", {"volumes": UNLIMITED}),
    )


CAPACITY = [
    (facts(domains=domain(volumes=1.0)), [GIB, GIB], "quota-volumes", FAIL, "The domain ROOT/web may use 1 more volumes; 2 are needed."),
    (facts(domains=domain(primary_storage=5.0)), [6 * GIB], "quota-primary-storage", FAIL, "The domain ROOT/web may use 5 more GiB"),
    (facts(domains=domain(volumes=50.0)), [GIB], "quota-volumes", PASS, "The domain ROOT/web may use 50 more volumes."),
    (facts(domains=domain(volumes=500.0)), [GIB], "quota-volumes", PASS, "The account may use 100 more volumes."),
    (facts(left={}, domains=domain(volumes=0.0)), [GIB], "quota-volumes", FAIL, "The domain ROOT/web may use 0 more"),
    (facts(left={}, domains=domain(volumes=UNLIMITED)), [GIB], "quota-volumes", WARN, "does not tell"),
    (GOOD, [100 * GIB, 1], "quota-primary-storage", FAIL, "101 are needed"),
    (facts(left={**GOOD.left, "volumes": 1.0}), [GIB, GIB], "quota-volumes", FAIL, "2 are needed"),
    (facts(left={**GOOD.left, "snapshots": 1.0}), [GIB, GIB], "quota-snapshots", FAIL, "2 are needed"),
    (facts(left={**GOOD.left, "machines": 0.0}), [GIB], "quota-machines", FAIL, "1 is needed"),
    (facts(to_secondary=True, left={**GOOD.left, "secondary storage": 5.0}), [6 * GIB], "quota-secondary-storage", FAIL, "6 are needed"),
    (facts(zone_used_gib=950), [51 * GIB], "zone-storage", FAIL, "50 GiB of storage left; 51 are needed"),
    (facts(zone_used_gib=800), [60 * GIB], "zone-storage", WARN, "more than 85 % full"),
    (facts(zone_gib=None), [GIB], "zone-storage", WARN, "does not tell"),
    (GOOD, [1025 * GIB], "disk-size", FAIL, "at most"),
    (facts(largest_disk_gib=None), [GIB], "disk-size", WARN, "does not tell"),
    (GOOD, [GIB] * 21, "disk-count", FAIL, "21 disks; 20 can"),
    (facts(data_volumes=6), [GIB] * 7, "disk-count", FAIL, "7 disks; 6 can"),
]


@pytest.mark.parametrize(("seen", "sizes", "name", "state", "words"), CAPACITY)
def test_whether_a_vm_fits(seen: Facts, sizes: list[int], name: str, state: CheckState, words: str) -> None:
    check = one(capacity_checks(seen, sizes), name)
    assert check.state is state and words in check.sentence


@pytest.mark.parametrize(
    ("places", "disks", "state", "words"),
    [
        (Places(20), 20, PASS, "All 20 disks"),
        (Places(20), 21, FAIL, "21 disks; 20 can be attached to this appliance at once."),
        (Places(20, 1), 19, WARN, "has 1 disk that is no copy"),
        (Places(20, 3), 17, WARN, "has 3 disks that are no copy"),
        (Places(20, 3), 18, FAIL, "17 can be attached to this appliance at once: 3 of 20 places are taken"),
        (Places(4, 9), 1, FAIL, "0 can be attached"),
    ],
)
def test_disks_that_are_none_of_ours_take_places(places: Places, disks: int, state: CheckState, words: str) -> None:
    check = one(capacity_checks(GOOD, [GIB] * disks, places), "disk-count")
    assert check.state is state and words in check.sentence and bool(check.guidance) == (state is not PASS)


@pytest.mark.parametrize(
    ("row", "left"),
    [
        ({"volumelimit": "Unlimited", "volumetotal": 7, "volumeavailable": "Unlimited"}, UNLIMITED),
        ({"volumelimit": "10", "volumetotal": 7, "volumeavailable": "3"}, 3.0),
        ({"volumelimit": "10", "volumetotal": "7.5"}, 2.0),
        ({"volumelimit": "-1", "volumetotal": 7}, UNLIMITED),
        ({"volumelimit": "3", "volumetotal": 7, "volumeavailable": "-4"}, 0.0),
        ({"volumelimit": "many", "volumetotal": "<b>7</b>"}, None),
        ({"volumelimit": "10", "volumetotal": "a few"}, None),
        ({}, None),
    ],
)
def test_what_a_domain_has_left_is_read_from_whatever_it_tells(row: dict[str, Any], left: float | None) -> None:
    assert domain_quota({"path": "ROOT/Zürich 🏔️", **row}) == DomainQuota("ROOT/Zürich 🏔️", {} if left is None else {"volumes": left})


@pytest.mark.parametrize(
    ("limits", "account", "left"),
    [
        ([{"resourcetype": "2", "max": 10}], {"volumetotal": 4}, {"volumes": 6.0}),
        ([{"resourcetype": 2, "max": -1}], {}, {"volumes": UNLIMITED}),
        ([], {"volumelimit": "10", "volumetotal": 4}, {"volumes": 6.0}),
        ([{"resourcetype": "2", "max": "x"}, {"max": 1}, {}], {"volumetotal": "?"}, {}),
        ([{"resourcetype": "9", "max": 4096}], {"memorytotal": 1024}, {"memory": 3072.0}),
    ],
)
def test_what_an_account_has_left_is_read_from_limits_and_use(limits: list[dict[str, Any]], account: dict[str, Any], left: Any) -> None:
    assert account_left(limits, account) == left
