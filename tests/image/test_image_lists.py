"""What two images differ in, and the list of everything in one."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from image.compare import Entry, differences
from image.release import LAUNCHER, LEFT_OUT
from image.sbom import Document, Subject, join

ENTRY = Entry("0o100000", 0o644, (0, 0), 5, "digest")

DEBIAN: Document = {
    "bomFormat": "CycloneDX",
    "components": [{"bom-ref": "pkg:deb/debian/zstd@1"}, {"bom-ref": "pkg:deb/debian/kmod@2"}],
    "dependencies": [{"ref": "whole", "dependsOn": ["pkg:deb/debian/kmod@2", "pkg:deb/debian/zstd@1"]}],
    "metadata": {"component": {"bom-ref": "whole"}, "tools": {"components": [{"name": "debsbom"}]}},
}
PYTHON: Document = {
    "components": [{"bom-ref": "rich==1"}],
    "dependencies": [{"ref": "rich==1"}],
    "metadata": {"tools": {"components": [{"name": "cyclonedx-py"}]}},
}
SUBJECT = Subject("appliance-oma", "1.2.3", UUID(int=1), 0)


def test_equal_trees_do_not_differ() -> None:
    assert differences({"a": ENTRY}, {"a": ENTRY}) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"content": "other"}, "a: content"),
        ({"mode": 0o755, "modified": 6}, "a: mode, modified"),
        ({"owner": (0, 5)}, "a: owner"),
        ({"kind": "0o120000"}, "a: kind"),
    ],
)
def test_a_file_that_differs_is_named_with_what_differs(change: dict[str, object], said: str) -> None:
    assert differences({"a": ENTRY}, {"a": replace(ENTRY, **change)}) == [said]


def test_a_file_that_only_one_has_is_named() -> None:
    assert differences({"b": ENTRY}, {"a": ENTRY}) == ["a: only in the second", "b: only in the first"]


def test_the_joined_list_has_debians_and_pythons_packages_sorted() -> None:
    names = [component["bom-ref"] for component in join(DEBIAN, PYTHON, SUBJECT)["components"]]
    assert names == ["pkg:deb/debian/kmod@2", "pkg:deb/debian/zstd@1", "rich==1"]


def test_pythons_packages_are_parts_of_the_same_whole() -> None:
    joined = join(DEBIAN, PYTHON, SUBJECT)
    assert {"ref": "whole", "dependsOn": ["pkg:deb/debian/kmod@2", "pkg:deb/debian/zstd@1", "rich==1"]} in joined["dependencies"]


def test_the_joined_list_names_both_tools_and_the_time_of_the_build() -> None:
    metadata = join(DEBIAN, PYTHON, SUBJECT)["metadata"]
    assert [tool["name"] for tool in metadata["tools"]["components"]] == ["debsbom", "cyclonedx-py"]
    assert metadata["timestamp"] == "1970-01-01T00:00:00+00:00"


def test_an_image_has_no_lab() -> None:
    assert set(LEFT_OUT) == {"appliance/lab", "appliance/demo"}


def test_the_launcher_runs_the_current_release_with_the_systems_python() -> None:
    assert LAUNCHER.startswith("#!/bin/sh\n")
    assert "PYTHONPATH=/opt/appliance/current/lib" in LAUNCHER and "/usr/bin/python3 -m appliance.cli" in LAUNCHER
