"""Which versions of the two appliances work together."""

import pytest

from appliance.core.releases import Release, read, work_together


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("1.4.0", "1.4.0", True),
        ("1.4.0", "1.4.9", True),
        ("1.4.0", "1.5.2", True),
        ("1.4.0", "1.3.0", True),
        ("1.4.0", "1.6.0", False),
        ("1.4.0", "1.2.9", False),
        ("1.4.0", "2.4.0", False),
        ("1.9.0", "1.10.0", True),
        ("1.4.0", "0", True),
        ("", "1.4.0", True),
    ],
)
def test_versions_work_together_that_are_one_minor_apart_at_most(one: str, other: str, together: bool) -> None:
    assert work_together(one, other) is together and work_together(other, one) is together


@pytest.mark.parametrize(
    "text", ["1٢.0.0", "", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-rc1", "../1.2.3", "1.2.3\n", "1.2.-3", "9" * 7 + ".0.0"]
)
def test_what_is_no_version_of_a_release_is_none(text: str) -> None:
    assert read(text) is None


def test_versions_are_ordered_by_number() -> None:
    newer, older = read("1.10.0"), read("1.9.12")
    assert newer is not None and older is not None and newer > older and newer == Release(1, 10, 0) and newer.line == "1.10"
