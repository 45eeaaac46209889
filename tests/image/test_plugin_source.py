"""Where the source of nbdkit's plugin for VMware's library is taken from."""

import pytest

from image.programs import BuildProblem
from image.vddk_plugin import KEYRING, source_line

TARGETS = """Other stable http://other.example/debian/
Debian bookworm-security http://mirror.example/debian-security/
Debian bookworm http://mirror.example/debian/
Debian bookworm-updates http://mirror.example/debian/
"""


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_the_source_comes_from_the_mirror_that_the_machine_uses_and_is_signed_by_debian(suite: str) -> None:
    assert source_line(TARGETS, suite) == f"deb-src [signed-by={KEYRING}] http://mirror.example/debian/ {suite} main\n"


@pytest.mark.parametrize("targets", ["", "Other bookworm http://other.example/\n", "Debian trixie http://mirror.example/debian/\n"])
def test_a_machine_without_debians_source_is_told_what_to_do(targets: str) -> None:
    with pytest.raises(BuildProblem, match="apt-get update"):
        source_line(targets, "bookworm")
