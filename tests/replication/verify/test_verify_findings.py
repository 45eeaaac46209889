"""How far a comparison is survives a restart."""

import json

from appliance.replication.extents import Extents
from appliance.replication.transfer.findings import Finding

WHOLE, FIRST, SECOND = Extents.whole(100), Extents.of([(0, 40)]), Extents.of([(40, 60)])


def test_a_page_is_not_looked_at_again_and_what_differs_is_kept() -> None:
    finding = Finding(WHOLE, 100)
    finding.note(FIRST, Extents.of([(10, 10)]), again=False)
    assert (finding.todo, finding.checked, finding.bad) == (SECOND, 40, Extents.of([(10, 10)]))


def test_a_repair_that_is_compared_again_counts_no_bytes_twice() -> None:
    finding = Finding(WHOLE, 100, bad=FIRST)
    finding.note(FIRST, Extents.of([(0, 10)]), again=True)
    assert (finding.todo, finding.checked, finding.bad) == (WHOLE, 0, Extents.of([(0, 10)]))


def test_what_is_recorded_is_read_back() -> None:
    finding = Finding(SECOND, 100, 40, FIRST, mended=True)
    assert Finding.of(json.loads(json.dumps(finding.record()))) == finding
