"""The network that an appliance has before its set-up, with real systemd-networkd and dnsmasq: what DHCP gave is read from its leases."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from networkd_site import GATEWAY, NetworkdSite

from appliance.agent.provided.leases import Lease, parsed

pytestmark = pytest.mark.lab

FIRST = Path(__file__).parents[2] / "systemd/root/usr/lib/systemd/network/90-appliance-first.network"
LEASES = "/run/systemd/netif/leases"


@pytest.fixture
async def site() -> AsyncIterator[NetworkdSite]:
    folder = Path(tempfile.mkdtemp(prefix="net", dir="/tmp"))
    made = NetworkdSite(folder)
    try:
        await made.ready()
        # The image's own settings; an interface between namespaces is of a kind, which those of a machine are not.
        (made.networkd / FIRST.name).write_text(FIRST.read_text().replace("Kind=!*\n", ""))
        (made.networkd / "80-factory.network").unlink()
        yield made
    finally:
        await made.close()
        shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["oma-in-the-cloud", ""], ids=["named", "its own name comes back"])
async def test_the_lease_says_who_gave_it_and_what_this_machine_is_called(site: NetworkdSite, name: str) -> None:
    card = site.inside("cat", "/sys/class/net/eth0/address").stdout.strip()
    site.start_dhcp(*([f"--dhcp-host={card},{name}"] if name else []))  # as CloudStack's router has it for each instance
    site.inside("networkctl", "reload")
    await site.until(lambda: "SERVER_ADDRESS" in site.inside("sh", "-c", f"cat {LEASES}/*").stdout)
    assert parsed(site.inside("sh", "-c", f"cat {LEASES}/*").stdout) == Lease(GATEWAY, name or "appliance")
    modes = site.inside("sh", "-c", f"stat -c %a {LEASES} {LEASES}/*").stdout.split()
    assert modes == ["755", "644"], "the agent reads them without rights over other users' files"
    assert site.inside("hostname").stdout.strip() == "appliance", "the name is a proposal only"
