"""docs/cli.md says what the command line can do."""

from tests.cli.cli_page import PAGE, written


def test_the_page_is_what_the_contract_says() -> None:
    assert PAGE.read_text() == written(), "run `python -m tests.cli.cli_page`"
