"""The OVF descriptor, and the OVA around it."""

from __future__ import annotations

import hashlib
import tarfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from appliance.contract.provided import Provided
from image.ova import manifest, write_ova
from image.ovf import check_ovf, render_ovf
from image.ovf_properties import properties
from tests.image.described import MACHINE

RASD = "{http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData}"
OVF = "{http://schemas.dmtf.org/ovf/envelope/1}"


def _items() -> list[dict[str, str]]:
    root = ElementTree.fromstring(render_ovf(MACHINE))
    return [{field.tag.removeprefix(RASD): field.text or "" for field in item} for item in root.iter(f"{OVF}Item")]


def _item(kind: str) -> dict[str, str]:
    return next(item for item in _items() if item["ResourceType"] == kind)


def test_the_descriptor_does_not_contradict_itself() -> None:
    check_ovf(render_ovf(MACHINE))


def test_an_items_elements_stand_in_the_order_of_their_names() -> None:
    assert all(list(item) == sorted(item) for item in _items())


def test_processors_and_memory_are_what_was_asked_for() -> None:
    assert _item("3")["VirtualQuantity"] == "2"
    assert _item("4") | {"VirtualQuantity": "2048", "AllocationUnits": "byte * 2^20"} == _item("4")


def test_the_disk_hangs_on_a_paravirtual_controller() -> None:
    controller = _item("6")
    assert controller["ResourceSubType"] == "VirtualSCSI"
    assert _item("17")["Parent"] == controller["InstanceID"]


def test_the_network_card_is_vmxnet3_on_a_declared_network() -> None:
    declared = ElementTree.fromstring(render_ovf(MACHINE)).find(f"{OVF}NetworkSection/{OVF}Network")
    assert declared is not None
    assert _item("10") | {"ResourceSubType": "VmxNet3", "Connection": declared.get(f"{OVF}name")} == _item("10")


def test_the_disks_sizes_are_in_bytes() -> None:
    root = ElementTree.fromstring(render_ovf(MACHINE))
    disk, file = root.find(f"{OVF}DiskSection/{OVF}Disk"), root.find(f"{OVF}References/{OVF}File")
    assert disk is not None and file is not None
    assert (disk.get(f"{OVF}capacity"), disk.get(f"{OVF}populatedSize"), file.get(f"{OVF}size")) == (str(8 << 30), "456", "123")


def _properties(role: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(render_ovf(replace(MACHINE, properties=properties(role))))
    return root.findall(f"{OVF}VirtualSystem/{OVF}ProductSection/{OVF}Property")


def test_a_drive_takes_the_disc_on_which_vcenter_hands_over_what_was_asked() -> None:
    section = ElementTree.fromstring(render_ovf(MACHINE)).find(f"{OVF}VirtualSystem/{OVF}VirtualHardwareSection")
    assert section is not None and section.get(f"{OVF}transport") == "iso"
    assert _item("15")["Parent"] == _item("5")["InstanceID"]


@pytest.mark.parametrize(("role", "other"), [("vma", set()), ("oma", {"oma_address"})])
def test_what_is_asked_at_deployment_is_what_the_set_up_can_fill_in(role: str, other: set[str]) -> None:
    assert {one.get(f"{OVF}key") for one in _properties(role)} | other == set(Provided.model_fields) - {"giver", "flaws"}


def test_every_question_is_empty_may_stay_so_and_says_what_it_is_about() -> None:
    for one in _properties("vma"):
        given = {name: one.get(f"{OVF}{name}") for name in ("type", "userConfigurable", "value", "password")}
        assert given == {"type": "string", "userConfigurable": "true", "value": "", "password": None}
        assert one.findtext(f"{OVF}Label") and one.findtext(f"{OVF}Description")


def test_a_machine_that_asks_nothing_has_no_questions() -> None:
    text = render_ovf(replace(MACHINE, properties=()))
    check_ovf(text)
    assert "<Property" not in text and "<Category" not in text


@pytest.mark.parametrize("hostile", ['"><File/>', "a & b", "<b>", "'"])
def test_whatever_a_name_has_in_it_stays_text(hostile: str) -> None:
    text = render_ovf(replace(MACHINE, name=hostile, title=hostile, disk_file=hostile))
    check_ovf(text)
    assert ElementTree.fromstring(text).findtext(f"{OVF}VirtualSystem/{OVF}Name") == hostile


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('ovf:fileRef="file1"', 'ovf:fileRef="file2"', "no file file2"),
        ("ovf:/disk/disk1", "ovf:/disk/disk9", "no disk ovf:/disk/disk9"),
        ("<rasd:Connection>VM Network", "<rasd:Connection>Other", "no network Other"),
        ("<rasd:Parent>3", "<rasd:Parent>8", "no item 8"),
        ("<rasd:InstanceID>5", "<rasd:InstanceID>4", "two items have one number"),
    ],
)
def test_a_reference_to_nothing_is_found(before: str, after: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        check_ovf(render_ovf(MACHINE).replace(before, after))


def test_the_manifest_is_in_the_form_that_vsphere_reads() -> None:
    assert manifest({"a.ovf": "00ff"}) == "SHA256(a.ovf)= 00ff\n"


def _ova(folder: Path) -> Path:
    folder.mkdir()
    disk = folder / MACHINE.disk_file
    disk.write_bytes(b"disk" * 1000)
    write_ova(folder / "made.ova", MACHINE, disk, 1_700_000_000)
    return folder / "made.ova"


def test_an_ova_begins_with_the_descriptor_and_ends_with_the_disk(tmp_path: Path) -> None:
    with tarfile.open(_ova(tmp_path / "one")) as archive:
        assert archive.getnames() == ["appliance-vma.ovf", "appliance-vma.mf", "appliance-vma-disk1.vmdk"]


def test_the_manifest_has_the_digest_of_every_other_file(tmp_path: Path) -> None:
    with tarfile.open(_ova(tmp_path / "one")) as archive:
        content = {name: (archive.extractfile(name) or pytest.fail(name)).read() for name in archive.getnames()}
    listed = content.pop("appliance-vma.mf").decode()
    assert listed == manifest({name: hashlib.sha256(data).hexdigest() for name, data in content.items()})


def test_the_same_disk_makes_the_same_ova(tmp_path: Path) -> None:
    assert _ova(tmp_path / "one").read_bytes() == _ova(tmp_path / "two").read_bytes()
