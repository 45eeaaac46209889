"""What is documented is there, and what is there is documented."""

import re
from pathlib import Path

import pytest

from appliance.agent.oma_routes import APIS as OMA_APIS
from appliance.agent.vma import APIS as VMA_APIS
from appliance.contract.api import routes

ROOT = Path(__file__).parents[2]


def documented() -> set[tuple[str, str]]:
    return set(re.findall(r"^\| `(GET|POST|PUT|DELETE) (/[^`]*)` \|", (ROOT / "docs/api.md").read_text(), re.MULTILINE))


def test_every_route_is_documented_and_no_other() -> None:
    assert documented() == {(one.method, one.path) for api in (*OMA_APIS, *VMA_APIS) for one in routes(api)}


@pytest.mark.parametrize("target", re.findall(r"`make (\w+)`", (ROOT / "README.md").read_text()))
def test_every_make_target_in_the_readme_is_there(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("page", [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"], ids=lambda page: page.name)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not link.startswith("http"):
            assert (page.parent / link).exists(), link
