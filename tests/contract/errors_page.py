"""docs/errors.md is made from the errors that the product declares.

`python -m tests.contract.errors_page` writes it; test_error_catalogue.py fails while it is not what this would write.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from appliance.contract.errors import FaultSpec
from tests.contract.product import catalogue

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
HEAD = """# Errors

Every error that an operator can meet, by its key. APIs answer it as `{"error": {"key", "message", "guidance", "fields"}}` with the
status beside it; a job keeps it with its technical cause, which is for support and never shown. Words in braces are filled in.

Written by `python -m tests.contract.errors_page` from what the code declares.
"""


def first_word(spec: FaultSpec) -> str:
    """What the error is about."""
    return spec.key.split(".")[0]


def written() -> str:
    """The page."""
    parts = [HEAD]
    for word, specs in groupby(catalogue().values(), key=first_word):
        parts.append(f"## {word}\n\n| key | status | message | what to do |\n|---|---|---|---|\n" + "".join(map(_row, specs)))
    return "\n".join(parts)


def _row(spec: FaultSpec) -> str:
    cells = (f"`{spec.key}`", str(spec.status), spec.message, spec.guidance)
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(written())
