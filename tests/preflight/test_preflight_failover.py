"""Each check before a failover: what it looks at, what it says, and whether it stops a test or a live one."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from preflight_facts import (
    CLOUD,
    CONFIG,
    FAIL,
    LINK,
    NOW,
    PASS,
    STRANGE,
    VERIFIED,
    WARN,
    Tools,
    cloud,
    context,
    found,
    names,
    one,
    row,
    seen,
    vm,
    volume,
)

from appliance.cloudstack.faults import CONFIG_NONE_ACTIVE
from appliance.cloudstack.limits import Places
from appliance.contexts import VmState
from appliance.contract.checks import CheckState
from appliance.contract.client import UNREACHABLE
from appliance.contract.errors import Fault
from appliance.contract.failover import Preparation
from appliance.contract.inventory import Datastore
from appliance.contract.preflight import FailoverKind
from appliance.failover.faults import NO_TEST_NETWORK
from appliance.failover.fitness import Seen, Verified, Wish, checks_of
from appliance.preflight.faults import TOO_SLOW, refuse_failed
from appliance.vsphere.snapshot_names import PREFIX

LACK = "the program rhsrvany.exe, which ends the set-up of a Windows guest, is not on this appliance"

TEST = Wish(FailoverKind.TEST, {"VM Network": "net-1"})
LIVE = Wish(FailoverKind.LIVE, {"VM Network": "network_id-1"})
GIB = 1024**3
DOUBTED = {"at": "2026-11-20T02:00:00+00:00", "doubt": "whole"}


@pytest.mark.parametrize("wish", [TEST, LIVE])
def test_with_nothing_wrong_every_check_passes(wish: Wish) -> None:
    checks = checks_of(wish, seen())
    assert [check for check in checks if check.state is not PASS] == []
    assert all(check.sentence and not check.guidance for check in checks)
    assert len(checks) == len({check.name for check in checks})
    refuse_failed("web", "A test failover", checks)


HERE = [
    (seen(context=context(current_job_id="job-9")), "state", FAIL, "Another operation is under way"),
    (seen(context=context(current_status=VmState.TEST)), "state", FAIL, "web is failed over test."),
    (seen(context=context(current_status=VmState.MIGRATED)), "state", FAIL, "web is migrated."),
    (seen(context=context(torn_since=NOW)), "copy", FAIL, "incomplete"),
    (seen(context=context(torn_since=NOW, consistent_point=DOUBTED)), "copy", FAIL, "came back from a back-up"),
    (seen(context=context(diverged_since=NOW)), "copy", FAIL, "changed by an earlier failover"),
    (seen(context=context(consistent_point=None)), "copy", FAIL, "no complete copy"),
    (seen(now=NOW + timedelta(hours=30)), "consistent-point", WARN, "old: 2026-11-20 02:00 UTC, 31 h ago"),
    (seen(now=NOW + timedelta(days=9)), "consistent-point", WARN, "9 days ago"),
    (seen(now=NOW - timedelta(days=1)), "consistent-point", WARN, "lies in the future"),
    (seen(context=context(consistent_point={"at": "then"})), "consistent-point", WARN, "is not known"),
    (seen(verified=None), "verification", WARN, "never verified"),
    (seen(verified=Verified("different", NOW)), "verification", FAIL, "differences that stayed"),
    (seen(verified=Verified("different", NOW, copied_since=True)), "verification", WARN, "copied in full since"),
    (seen(verified=Verified("repaired", NOW)), "verification", WARN, "repaired them"),
    (seen(verified=Verified("incomplete", NOW)), "verification", WARN, "was not finished"),
    (seen(verified=VERIFIED), "verification", PASS, "2026-11-20 00:00 UTC, found no difference"),
    (seen(gone=[volume(1)]), "copies", FAIL, "does not have the volume web-1 any more"),
    (seen(volumes=[volume(0), volume(1, vm_id="i-9")]), "copies", FAIL, "web-1 is attached to another machine"),
    (seen(volumes=[volume(0), volume(1, vm_id=None)]), "copies", PASS, "is there"),
    (seen(volumes=[volume(0, snapshot_id="s"), volume(1)]), "copies", FAIL, "web-0 has a snapshot of an earlier failover"),
    (seen(volumes=[volume(0)]), "copies", FAIL, "Hard disk 2 has no copy here"),
    (seen(context=context(specification={})), "specification", FAIL, "does not know how web is built"),
]


@pytest.mark.parametrize(("facts", "name", "state", "words"), HERE)
@pytest.mark.parametrize("wish", [TEST, LIVE])
def test_what_is_known_here(wish: Wish, facts: Seen, name: str, state: CheckState, words: str) -> None:
    check = one(checks_of(wish, facts), name)
    assert check.state is state and words in check.sentence and bool(check.guidance) == (state is not PASS)


@pytest.mark.parametrize(("wish", "state"), [(TEST, WARN), (LIVE, FAIL)])
def test_a_copy_that_was_accepted_after_a_restore_is_warned_of_and_nothing_is_moved_for_good_to_it(wish: Wish, state: CheckState) -> None:
    check = one(checks_of(wish, seen(context=context(consistent_point=DOUBTED))), "copy")
    assert (check.state, "was not compared since" in check.sentence) == (state, True)


def test_the_job_that_does_it_is_not_in_its_own_way() -> None:
    holding = seen(context=context(current_job_id="job-1"))
    assert one(checks_of(dataclasses.replace(TEST, job_id="job-1"), holding), "state").state is PASS
    assert one(checks_of(dataclasses.replace(TEST, job_id="job-2"), holding), "state").state is FAIL


SOURCE: list[tuple[dict[str, Any], str, str]] = [
    ({"link": dataclasses.replace(LINK, up=False)}, "link", "can't be reached"),
    ({"link": dataclasses.replace(LINK, state="held")}, "link", "is held"),
    ({"link": dataclasses.replace(LINK, state="revoked")}, "link", "no longer paired"),
    ({"link": dataclasses.replace(LINK, state="")}, "link", "no longer paired"),
    ({"link": dataclasses.replace(LINK, protocol=99)}, "peer-version", "do not speak a common version"),
    ({"link": dataclasses.replace(LINK, release="1.0.3", our_release="1.2.0")}, "peer-version", "too far apart"),
    ({"vm": UNREACHABLE(cause="tunnel")}, "source", "can't be reached"),
    ({"vm": TOO_SLOW(who="The source", seconds=20)}, "source", "The source did not answer within 20 seconds."),
    ({"vm": vm(name=STRANGE, blockers=["Hard disk 1 is independent of snapshots."])}, "disks", "Hard disk 1 is independent"),
    ({"vm": vm(snapshots=["before the update"])}, "snapshots", "before the update"),
    ({"vm": vm(datastores=[Datastore(name="ds1", capacity_bytes=GIB, free_bytes=5)])}, "datastore", "ds1 has less than 1 GiB left"),
]


@pytest.mark.parametrize(("facts", "name", "words"), SOURCE)
def test_a_flaw_of_the_source_stops_a_live_failover_and_only_warns_of_a_test(facts: dict[str, Any], name: str, words: str) -> None:
    for wish, state in ((TEST, WARN), (LIVE, FAIL)):
        check = one(checks_of(wish, seen(found=found(**facts))), name)
        assert check.state is state and words in check.sentence and check.guidance


WARNINGS: list[tuple[dict[str, Any], str, str]] = [
    ({"link": None}, "link", "is not known"),
    ({"link": dataclasses.replace(LINK, protocol=None)}, "peer-version", "did not say"),
    ({"link": dataclasses.replace(LINK, release="1.1.3", our_release="1.2.0")}, "peer-version", "has version 1.1.3, this one 1.2.0"),
    ({"link": dataclasses.replace(LINK, release="0.9")}, "peer-version", "has version 0.9, this one 1.0"),
    ({"vm": vm(tracking=False)}, "tracking", "does not keep track"),
    ({"vm": vm(snapshots=[f"{PREFIX}job-1"])}, "snapshots", "has a snapshot that the appliance made"),
    ({"vm": vm(datastores=[Datastore(name="ds1", capacity_bytes=GIB, free_bytes=GIB + 1)])}, "datastore", "little room"),
    ({"vm": vm(cpus=4)}, "specification", "CPUs: 2 became 4"),
    ({"vm": vm(disks=vm().disks[:1])}, "specification", "has changed in vCenter"),
]


@pytest.mark.parametrize(("facts", "name", "words"), WARNINGS)
def test_what_is_only_to_be_known_of_the_source(facts: dict[str, Any], name: str, words: str) -> None:
    check = one(checks_of(TEST, seen(found=found(**facts))), name)
    assert check.state is WARN and words in check.sentence and check.guidance


def test_the_tracking_that_the_first_copy_turned_on_is_no_change_to_the_vm() -> None:
    before = seen(context=context(specification=vm(tracking=False).model_dump(mode="json")))
    assert one(checks_of(TEST, before), "specification").state is PASS


def test_a_suspended_source_is_not_switched_off_with_what_it_has_in_memory() -> None:
    suspended = seen(found=found(vm=vm(power_state="suspended")))
    assert one(checks_of(LIVE, suspended), "power").state is FAIL
    assert names(checks_of(TEST, suspended), FAIL) == set()


def test_a_datastore_that_holds_none_of_the_disks_does_not_matter() -> None:
    other = Datastore(name="iso", capacity_bytes=GIB, free_bytes=0)
    assert one(checks_of(LIVE, seen(found=found(vm=vm(datastores=[other])))), "datastore").state is PASS
    assert names(checks_of(LIVE, seen(found=found(vm=vm(datastores=[])))), FAIL) == set()


TARGET = [
    (cloud(left={**CLOUD.facts.left, "machines": 0.0}), "quota-machines", FAIL, "0 more machines; 1 is needed"),
    (cloud(left={**CLOUD.facts.left, "snapshots": 1.0}), "quota-snapshots", FAIL, "2 are needed"),
    (cloud(left={**CLOUD.facts.left, "volumes": 0.0}), "quota-volumes", FAIL, "1 is needed"),
    (cloud(left={**CLOUD.facts.left, "processors": 1.0}), "quota-processors", FAIL, "2 are needed"),
    (cloud(left={**CLOUD.facts.left, "memory": 512.0}), "quota-memory", FAIL, "512 more MiB of memory; 1024 are needed"),
    (cloud(to_secondary=True, left={**CLOUD.facts.left, "secondary storage": 19.0}), "quota-secondary-storage", FAIL, "20 are needed"),
    (dataclasses.replace(CLOUD, places=Places(20, 19)), "disk-count", FAIL, "19 of 20 places are taken"),
    (dataclasses.replace(CLOUD, places=Places(20, 2)), "disk-count", WARN, "2 disks that are no copy"),
    (dataclasses.replace(CLOUD, last_trial={"ok": False, "message": "No.", "guidance": "Mend."}), "snapshot-trial", FAIL, "No."),
    (cloud(pools=()), "storage-pools", FAIL, "No storage"),
    (row("template_id", isready=False), "template", FAIL, "not ready"),
    (row("zone", allocationstate="Disabled"), "zone", FAIL, "disabled"),
    (row("disk_offering_id", iscustomized=False), "disk-offering", WARN, "makes only disks of"),
    (row("service_offering_id", cpunumber=1), "offering-size", WARN, "1 CPU and 1024 MiB; the source has 2 CPU"),
    (row("service_offering_id", iscustomized=True), "offering-size", PASS, "2 CPU and 1024 MiB, as the source has"),
    (
        row("service_offering_id", iscustomized=True, serviceofferingdetails={"mincpunumber": "4", "maxmemory": "512"}),
        "offering-size", FAIL, "2 CPU is not between 4 and any; 1024 MiB is not between 0 and 512",
    ),
    (row("service_offering_id", iscustomized=True, serviceofferingdetails="?"), "offering-size", PASS, "as the source has"),
]  # fmt: skip


@pytest.mark.parametrize(("there", "name", "state", "words"), TARGET)
def test_what_cloudstack_says(there: Any, name: str, state: CheckState, words: str) -> None:
    check = one(checks_of(LIVE, seen(found=found(cloud=there))), name)
    assert check.state is state and words in check.sentence and bool(check.guidance) == (state is not PASS)


@pytest.mark.parametrize(
    ("wish", "there", "state", "words"),
    [
        (Wish(FailoverKind.TEST, {"A": "gone"}), CLOUD, FAIL, "The adapter on A would go to a network that does not exist"),
        (Wish(FailoverKind.TEST, {"": "gone"}), CLOUD, FAIL, "a network without a name"),
        (TEST, dataclasses.replace(CLOUD, networks={"net-1": {"name": STRANGE, "zoneid": "zone-2"}}), FAIL, f"{STRANGE}, which lies in an"),
        (TEST, dataclasses.replace(CLOUD, networks={"net-1": {"name": "n", "canusefordeploy": False}}), FAIL, "takes no new machines"),
        (Wish(FailoverKind.TEST, NO_TEST_NETWORK(name="web", network="A")), CLOUD, FAIL, "No network is chosen for the test"),
        (Wish(FailoverKind.TEST, {"A": "network_id-1"}), CLOUD, WARN, "The test uses the production network production"),
        (Wish(FailoverKind.LIVE, {"A": "network_id-1"}), CLOUD, PASS, "A → production"),
        (Wish(FailoverKind.LIVE, {}), CLOUD, WARN, "has no network adapter"),
    ],
)
def test_where_the_adapters_go(wish: Wish, there: Any, state: CheckState, words: str) -> None:
    there = dataclasses.replace(there, config=dataclasses.replace(CONFIG, zone="zone-1"))
    check = one(checks_of(wish, seen(found=found(cloud=there))), "networks")
    assert check.state is state and words in check.sentence


@pytest.mark.parametrize("fault", [TOO_SLOW(who="CloudStack", seconds=20), UNREACHABLE(cause="x")])
def test_a_cloudstack_that_does_not_answer_is_one_failed_check_beside_the_others(fault: Fault) -> None:
    checks = checks_of(TEST, seen(found=found(cloud=fault)))
    assert names(checks, FAIL) == {"cloudstack"} and {"copies", "source", "state"} <= names(checks, PASS)


def test_without_a_configuration_nothing_is_said_of_cloudstack() -> None:
    nothing = CONFIG_NONE_ACTIVE()
    assert names(checks_of(TEST, seen(found=found(config=nothing, cloud=nothing))), FAIL) == {"configuration"}


@pytest.mark.parametrize(
    ("guest", "option", "tools", "test", "live"),
    [
        ("debian12_64Guest", Preparation.AUTO, Tools(False, LACK), PASS, PASS),
        ("windows2019srv_64Guest", Preparation.SKIP, Tools(False, LACK), PASS, PASS),
        ("rhel9_64Guest", Preparation.AUTO, Tools(False), FAIL, WARN),
        ("debian12_64Guest", Preparation.ALWAYS, Tools(False), FAIL, WARN),
        ("rhel9_64Guest", Preparation.AUTO, Tools(True, LACK), PASS, PASS),
        ("windows2019srv_64Guest", Preparation.AUTO, Tools(True, LACK), FAIL, WARN),
        ("windows2019srv_64Guest", Preparation.AUTO, Tools(True), PASS, PASS),
        ("rhel9_64Guest", Preparation.AUTO, Tools(True, ahead=2), PASS, WARN),
        ("rhel9_64Guest", Preparation.SKIP, Tools(True, ahead=2), PASS, PASS),
    ],
)
def test_the_preparation_of_the_guest(guest: str, option: Preparation, tools: Tools, test: CheckState, live: CheckState) -> None:
    facts = seen(context=context(specification=vm(guest_id=guest).model_dump(mode="json")), tools=tools)
    for wish, state in ((TEST, test), (LIVE, live)):
        check = one(checks_of(dataclasses.replace(wish, preparation=option), facts), "preparation")
        assert check.state is state and bool(check.guidance) == (state is not PASS)


def test_a_refusal_names_every_failed_check_and_what_to_do_and_no_warning() -> None:
    checks = checks_of(TEST, seen(verified=None, gone=[volume(1)], found=found(cloud=row("zone", allocationstate="Disabled"))))
    with pytest.raises(Fault) as refused:
        refuse_failed("web", "A test failover", checks)
    error = refused.value
    assert (error.key, error.status, error.fields["checks"]) == ("preflight.failed", 409, "copies, zone")
    assert "web-1" in error.message and "disabled" in error.message and "never verified" not in error.message
    assert "enable it" in error.guidance


def test_who_is_about_to_switch_a_source_off_is_told_how_many_others_its_preparation_would_wait_for() -> None:
    described = context(specification=vm(guest_id="rhel9_64Guest").model_dump(mode="json"))
    for ahead, words in ((1, "would wait for that of another guest"), (3, "would wait for those of 3 other guests")):
        facts = seen(context=described, tools=Tools(True, ahead=ahead))
        assert words in one(checks_of(LIVE, facts), "preparation").sentence
        assert one(checks_of(dataclasses.replace(LIVE, job_id="job-1"), facts), "preparation").state is PASS
