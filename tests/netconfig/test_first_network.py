"""The network that an appliance has before its set-up, with real systemd-networkd and dnsmasq: what DHCP gave is read from its leases."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from networkd_site import GATEWAY, NEW, NetworkdSite, kept, static, trial

from appliance.agent.provided.leases import Lease, parsed
from appliance.contract.network import TrialRef
from appliance.netconfig.render import REST

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


async def test_a_card_added_after_the_set_up_waits_for_the_operator(site: NetworkdSite) -> None:
    """By the first boot's file it would take addresses, name servers and a gateway that nobody chose."""
    site.start_dhcp("--interface=lan1")
    site.inside("networkctl", "reload")
    await site.until(lambda: "10.9.0.1" in addresses(site, "eth0"), 30)
    api = await site.start_agent()
    await kept(api, (await trial(api, static(NEW))).id)
    for_cards(site.networkd / REST)
    site.inside("networkctl", "reload")
    add_card(site)
    await site.until(lambda: REST in site.inside("networkctl", "--no-pager", "status", "eth1").stdout)
    await site.until(lambda: " configured" in site.inside("networkctl", "--no-pager", "--no-legend", "list", "eth1").stdout)
    assert "inet" not in addresses(site, "eth1"), "neither DHCP, nor advertisements, nor an address of the link"
    now = await api.network()
    assert now.kept.interfaces == static(NEW).interfaces and [one.name for one in now.interfaces] == ["eth0", "eth1"]
    assert {one.link for one in now.interfaces} == {"up"}, "it shows whether it has a cable, for the operator to choose it"


async def test_without_kept_settings_a_trial_leaves_every_card_as_it_was(site: NetworkdSite) -> None:
    site.start_dhcp("--interface=lan1")
    add_card(site)
    site.inside("networkctl", "reload")
    await site.until(lambda: "10.8.0." in addresses(site, "eth1"), 30)
    api = await site.start_agent()
    before = await api.network()
    begun = await trial(api, static(NEW))
    for_cards(site.networkd / REST)
    site.inside("networkctl", "reload")
    await site.until(lambda: "inet" not in addresses(site, "eth1"))
    await api.revert_network(TrialRef(trial_id=begun.id))
    await site.until(lambda: "10.8.0." in addresses(site, "eth1"), 30)
    assert not (site.networkd / REST).exists() and (await api.network()).kept == before.kept


def addresses(site: NetworkdSite, name: str) -> str:
    return site.inside("ip", "-oneline", "address", "show", name).stdout


def add_card(site: NetworkdSite) -> None:
    """A second interface, in a network where DHCP answers too."""
    site.inside("ip", "link", "add", "eth1", "type", "veth", "peer", "name", "lan1", "netns", "outside")
    site.outside("ip", "address", "add", "10.8.0.1/24", "dev", "lan1")
    site.outside("ip", "link", "set", "lan1", "up")


def for_cards(file: Path) -> None:
    """Have a file count for an interface between namespaces, which is of a kind."""
    file.write_text(file.read_text().replace("Kind=!*\n", ""))
