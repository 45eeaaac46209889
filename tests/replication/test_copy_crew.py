"""Little is copied by one process, for starting it takes longer than copying; much by several."""

import pytest

from appliance.replication.extents import Extents
from appliance.replication.mover.protocol import Work
from appliance.replication.transfer.disk import CONNECTIONS, LITTLE, PROCESSES, Crew, crew_for


@pytest.mark.parametrize(
    ("size", "crew"),
    [(0, Crew(1, 1)), (LITTLE, Crew(1, 1)), (LITTLE + 1, Crew(PROCESSES, CONNECTIONS)), (1 << 40, Crew(PROCESSES, CONNECTIONS))],
)
def test_the_crew_is_as_large_as_the_work_is_worth(size: int, crew: Crew) -> None:
    assert crew_for(Work(Extents.whole(size), Extents())) == crew


def test_what_is_only_zeroed_counts_for_little() -> None:
    assert crew_for(Work(Extents(), Extents.whole(1 << 40))) == Crew(1, 1)
