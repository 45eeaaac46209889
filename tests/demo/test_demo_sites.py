"""The link between the two sites passes TCP 443 towards the OMA, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from appliance.demo import sites
from appliance.demo.sites import ANYTHING_ELSE, ON_PORT, SOURCE_ADDRESS, TARGET_ADDRESS, Passed, Sites, link_rules, read_counters

LISTEN = """
import socket, sys
for port in (443, 8080):
    listener = socket.create_server((sys.argv[1], port))
    globals()[f"kept_{port}"] = listener
print("ready", flush=True)
sys.stdin.read()
"""
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=1.0)"


def test_names_of_two_runs_differ() -> None:
    assert not set(Sites.named_after(1).names) & set(Sites.named_after(2).names)


def test_the_rules_accept_443_both_ways_and_drop_the_rest() -> None:
    accepted = [line for line in link_rules().splitlines() if line.endswith("accept")]
    assert len(accepted) == 2
    assert all("443" in line and ON_PORT in line for line in accepted)
    assert link_rules().count("policy drop;") == 2


def test_counters_are_read_by_name() -> None:
    answer = f"""{{"nftables": [{{"metainfo": {{}}}},
        {{"counter": {{"name": "{ANYTHING_ELSE}", "packets": 2, "bytes": 80}}}},
        {{"counter": {{"name": "{ON_PORT}", "packets": 7, "bytes": 700}}}}]}}"""
    assert read_counters(answer.encode()) == Passed(7, 2)


def test_a_missing_counter_is_an_error() -> None:
    with pytest.raises(KeyError):
        read_counters(b'{"nftables": []}')


@pytest.fixture
async def joined() -> AsyncIterator[Sites]:
    made = Sites.named_after(os.getpid())
    try:
        await sites.build(made)
        yield made
    finally:
        for name in made.names:
            await sites.drop(name)


@pytest.mark.lab
async def test_443_towards_the_oma_passes_and_everything_else_is_dropped_and_counted(joined: Sites) -> None:
    for site, address in ((joined.target, TARGET_ADDRESS), (joined.source, SOURCE_ADDRESS)):
        listening(site, address)
    assert connects(joined.source, TARGET_ADDRESS, 443)
    before = await sites.passed(joined)
    assert before.on_port >= 3
    assert before.anything_else == 0
    assert not connects(joined.source, TARGET_ADDRESS, 8080)
    assert not connects(joined.target, SOURCE_ADDRESS, 443)
    after = await sites.passed(joined)
    assert after.anything_else >= 2


@pytest.mark.lab
async def test_dropping_a_site_ends_what_runs_in_it(joined: Sites) -> None:
    listener = listening(joined.target, TARGET_ADDRESS)
    await sites.drop(joined.target)
    assert listener.wait(5) != 0


def listening(site: str, address: str) -> subprocess.Popen[bytes]:
    """A listener in a site; it ends with its namespace (the fixture drops it)."""
    argv = ["ip", "netns", "exec", site, sys.executable, "-c", LISTEN, address]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def connects(site: str, address: str, port: int) -> bool:
    argv = ["ip", "netns", "exec", site, sys.executable, "-c", CONNECT, address, str(port)]
    return subprocess.run(argv, stderr=subprocess.DEVNULL, check=False).returncode == 0
