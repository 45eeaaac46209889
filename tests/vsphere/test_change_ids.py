"""Change ids, and the pages of a changed-block query."""

import pytest

from appliance.vsphere.changes import Area, ChangeId, ChangesRefused, Page, every_page, merged, parse_change_id, why_full

EPOCH = "52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63"
OTHER = "52 3c ec 11 9e 2c 4c 3d-87 4a c3 4e 85 f2 ea 95"


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        (f"{EPOCH}/249", ChangeId("52dec0d9b9439d1061d54c1be97b6563", 249)),
        (f" {EPOCH.upper()}/0 ", ChangeId("52dec0d9b9439d1061d54c1be97b6563", 0)),
        (EPOCH, None),
        (f"{EPOCH}/", None),
        (f"{EPOCH}/-1", None),
        (f"{EPOCH} 00/1", None),
        ("*", None),
        ("", None),
        (None, None),
    ],
)
def test_a_change_id_is_an_epoch_and_a_number_or_nothing(text: str | None, parsed: ChangeId | None) -> None:
    assert parse_change_id(text) == parsed


@pytest.mark.parametrize(
    ("previous", "now", "full"),
    [
        (f"{EPOCH}/1", f"{EPOCH}/2", False),
        (f"{EPOCH}/2", f"{EPOCH}/2", False),
        (f"{EPOCH}/3", f"{EPOCH}/2", True),
        (f"{EPOCH}/1", f"{OTHER}/2", True),
        (f"{EPOCH}/1", "", True),
        ("rubbish", f"{EPOCH}/2", True),
        (None, f"{EPOCH}/2", True),
    ],
)
def test_an_increment_needs_two_ids_of_one_epoch(previous: str | None, now: str, full: bool) -> None:
    assert (why_full(previous, now) is not None) is full


class Answers:
    """A query that answers from a table and keeps what was asked."""

    def __init__(self, *pages: Page) -> None:
        self.pages, self.asked = list(pages), list[int]()

    async def __call__(self, offset: int) -> Page:
        self.asked.append(offset)
        return self.pages.pop(0)


async def test_pages_are_asked_until_the_capacity_also_after_an_empty_one() -> None:
    query = Answers(Page(0, 100, (Area(0, 10),)), Page(100, 100, ()), Page(200, 100, (Area(290, 10),)))
    assert await every_page(query, 300) == [Area(0, 10), Area(290, 10)]
    assert query.asked == [0, 100, 200]


async def test_an_answer_may_cover_more_than_was_asked_for() -> None:
    query = Answers(Page(0, 100, (Area(90, 10),)), Page(64, 236, (Area(90, 20),)))
    assert await every_page(query, 300) == [Area(90, 20)]


async def test_nothing_is_asked_at_the_capacity() -> None:
    query = Answers()
    assert await every_page(query, 0) == []
    assert query.asked == []


@pytest.mark.parametrize(
    "pages",
    [
        [Page(0, 0, ())],
        [Page(0, 100, ()), Page(0, 100, ())],
        [Page(50, 250, ())],
        [Page(0, 300, (Area(250, 100),))],
        [Page(0, 300, (Area(-5, 10),))],
        [Page(0, 300, (Area(5, 0),))],
    ],
)
async def test_an_answer_without_progress_or_with_gaps_or_beyond_the_disk_means_a_full_copy(pages: list[Page]) -> None:
    with pytest.raises(ChangesRefused):
        await every_page(Answers(*pages), 300)


def test_areas_that_touch_or_overlap_become_one() -> None:
    assert merged([Area(20, 5), Area(0, 10), Area(10, 5), Area(22, 8)]) == [Area(0, 15), Area(20, 10)]
