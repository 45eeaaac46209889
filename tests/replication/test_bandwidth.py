"""The allowed bandwidth among the copies of a VMA."""

import pytest

from appliance.replication.bandwidth import Bandwidth, shares


@pytest.mark.parametrize(
    ("limit", "copies", "expected"),
    [
        (None, {"a": "vm-1", "b": "vm-2"}, {"a": 0, "b": 0}),
        (120, {"a": "vm-1"}, {"a": 120}),
        (120, {"a": "vm-1", "b": "vm-2"}, {"a": 60, "b": 60}),
        (120, {"a": "vm-1", "b": "vm-1", "c": "vm-2"}, {"a": 30, "b": 30, "c": 60}),
        (1, {"a": "vm-1", "b": "vm-1"}, {"a": 1, "b": 1}),
        (5, {}, {}),
    ],
)
def test_vms_share_alike_and_the_disks_of_each(limit: int | None, copies: dict[str, str], expected: dict[str, int]) -> None:
    assert shares(limit, copies) == expected


def test_copies_that_come_and_go_and_another_limit_change_what_the_others_get() -> None:
    bandwidth, web, db = Bandwidth(), list[int](), list[int]()
    with bandwidth.shared("job-web", web.append):
        bandwidth.tell(100)
        with bandwidth.shared("job-db", db.append):
            bandwidth.tell(100)
            bandwidth.tell(60)
    bandwidth.tell(None)
    assert (web, db) == ([0, 100, 50, 30, 60], [50, 30])
