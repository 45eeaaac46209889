"""Network settings on a machine with real interfaces and real systemd-networkd: a trial never ends in a lost machine."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from networkd_site import GATEWAY, NEW, OLD, OTHER, RESOLVER, SPEED, NetworkdSite, kept, refusal, settled, shown, static, trial

from appliance.contract.network import (
    Family,
    InterfacePlan,
    KeepTrial,
    Mode,
    NetworkApi,
    NetworkPlan,
    Probe,
    ProbeKind,
    Severity,
    TrialRef,
)
from appliance.netconfig.render import REST

pytestmark = pytest.mark.lab


@pytest.fixture
async def site() -> AsyncIterator[NetworkdSite]:
    folder = Path(tempfile.mkdtemp(prefix="net", dir="/tmp"))
    made = NetworkdSite(folder)
    try:
        await made.ready()
        yield made
    finally:
        await made.close()
        shutil.rmtree(folder)


@pytest.fixture
async def api(site: NetworkdSite) -> NetworkApi:
    return await site.start_agent()


def ref(trial_id: str) -> TrialRef:
    return TrialRef(trial_id=trial_id)


async def test_what_is_comes_from_the_kernel(site: NetworkdSite, api: NetworkApi) -> None:
    now = await api.network()
    [eth0] = now.interfaces
    assert (eth0.name, eth0.kind, eth0.link, eth0.gateways, now.host_name) == ("eth0", "veth", "up", [GATEWAY], "appliance")
    assert f"{OLD}/24" in eth0.addresses
    assert now.kept.interfaces[0].ipv4 == Family(mode=Mode.STATIC, addresses=[f"{OLD}/24"], gateway=GATEWAY)


async def test_a_kept_address_answers_from_outside_and_the_old_one_is_gone(site: NetworkdSite, api: NetworkApi) -> None:
    begun = await trial(api, static(NEW, host_name="oma-1", dns=[RESOLVER]))
    await site.until(lambda: site.answers(NEW))
    found = await shown(api, lambda now: now.trial is not None and any("server answers" in one.message for one in now.trial.findings))
    assert found.trial is not None and {one.severity for one in found.trial.findings} == {Severity.OK}
    assert any("gateway" in one.message for one in found.trial.findings) and found.dns == [RESOLVER]
    now = await kept(api, begun.id)
    assert (now.outcome, now.host_name, now.kept) == ("kept", "oma-1", begun.plan)
    assert site.answers(NEW) and site.silent(OLD)
    assert sorted(path.name for path in site.networkd.iterdir()) == ["10-appliance-eth0.network", "80-factory.network", REST]


async def test_what_the_network_has_not_taken_yet_is_never_wrong(site: NetworkdSite) -> None:
    """An IPv6 address is not there for a second or two, until nobody else has been found to have it."""
    api = await site.start_agent(speed=1)
    begun = await trial(api, dual("fd00:9::22/64"))
    assert (await refusal(api.keep_network(KeepTrial(trial_id=begun.id)))).key == "network.settling"
    now, seen = await settled(api)
    assert Severity.PENDING in seen and Severity.ERROR not in seen
    assert "fd00:9::22/64" in now.interfaces[0].addresses and "fd00:9::1" in now.interfaces[0].gateways
    assert (await api.keep_network(KeepTrial(trial_id=begun.id))).outcome == "kept"


async def test_an_address_that_came_by_itself_can_be_typed_and_is_never_wrong(site: NetworkdSite) -> None:
    """It is as wanted before systemd-networkd has taken anything; then it goes with its lease, and comes again."""
    site.start_dhcp()
    await site.first_boot()
    await site.until(lambda: "10.9.0.1" in site.inside("ip", "address", "show", "eth0").stdout)
    api = await site.start_agent(speed=1)
    [leased] = [one.removesuffix("/24") for one in (await api.network()).interfaces[0].addresses if one.startswith("10.9.0.")]
    begun = await trial(api, static(leased))
    now, seen = await settled(api)
    assert Severity.ERROR not in seen and f"{leased}/24" in now.interfaces[0].addresses
    assert (await api.keep_network(KeepTrial(trial_id=begun.id))).outcome == "kept"


@pytest.mark.parametrize("served", [True, False], ids=["with addresses", "without"])
async def test_an_appliance_that_was_never_set_up_is_automatic_also_on_trial_and_after_it(site: NetworkdSite, served: bool) -> None:
    if served:
        site.start_dhcp()
    await site.first_boot()
    await site.until(lambda: served == ("10.9.0.1" in site.inside("ip", "address", "show", "eth0").stdout))
    api = await site.start_agent()
    before = await shown(api, lambda now: f"{OLD}/24" not in now.interfaces[0].addresses)
    auto = Family(mode=Mode.AUTO)
    assert (before.kept.interfaces, before.kept.dns) == ([InterfacePlan(name="eth0", ipv4=auto, ipv6=auto)], [])
    [eth0] = static(NEW).interfaces
    wanted = before.kept.model_copy(update={"interfaces": [eth0.model_copy(update={"ipv6": auto})]})
    begun = await trial(api, wanted)
    now = await shown(api, lambda now: f"{NEW}/24" in now.interfaces[0].addresses)
    assert (now.kept, now.revision) == (before.kept, before.revision)
    now = await api.revert_network(ref(begun.id))
    assert (now.kept, now.revision) == (before.kept, before.revision)
    await site.until(lambda: site.silent(NEW))
    await asyncio.sleep(10 / SPEED)
    now = await api.network()
    assert (now.kept, now.revision) == (before.kept, before.revision)


async def test_a_network_that_another_program_set_up_comes_back(site: NetworkdSite) -> None:
    """systemd-networkd takes all addresses along when it lets go of an interface, and here no file but the trial's is for it."""
    (site.networkd / "80-factory.network").unlink()
    site.inside("networkctl", "reload")
    await site.until(lambda: "unmanaged" in site.inside("networkctl", "--no-legend", "list", "eth0").stdout)
    site.inside("ip", "addr", "replace", f"{OLD}/24", "dev", "eth0")
    site.inside("ip", "route", "add", "default", "via", GATEWAY)
    api = await site.start_agent()
    begun = await trial(api, static(NEW))
    await site.until(lambda: site.answers(NEW))
    await api.revert_network(ref(begun.id))
    await site.until(lambda: site.answers(OLD) and f"default via {GATEWAY}" in site.inside("ip", "route").stdout)
    assert site.silent(NEW)


async def test_settings_revert_by_themselves(site: NetworkdSite, api: NetworkApi) -> None:
    await trial(api, static(NEW, host_name="oma-1"), 12)
    await site.until(lambda: site.answers(NEW))
    now = await shown(api, lambda now: now.trial is None)
    await site.until(lambda: site.answers(OLD))
    assert site.silent(NEW)
    assert (now.outcome, now.host_name) == ("reverted: nobody kept it in time", "appliance")
    assert [path.name for path in site.networkd.iterdir()] == ["80-factory.network"]


async def test_settings_revert_by_key_to_those_kept_before(site: NetworkdSite, api: NetworkApi) -> None:
    await kept(api, (await trial(api, static(NEW))).id)
    again = await trial(api, static("10.9.0.33"))
    await site.until(lambda: site.answers("10.9.0.33"))
    await api.revert_network(ref(again.id))
    await site.until(lambda: site.answers(NEW))
    assert site.silent("10.9.0.33")


async def test_a_killed_agent_started_again_in_time_reverts_when_it_is_due(site: NetworkdSite, api: NetworkApi) -> None:
    begun = await trial(api, static(NEW), 80)
    await site.kill_agent()
    api = await site.start_agent()
    found = (await api.network()).trial
    assert found is not None and found.id == begun.id
    assert site.answers(NEW)
    await shown(api, lambda now: now.trial is None)
    await site.until(lambda: site.answers(OLD))


async def test_a_killed_agent_started_again_too_late_reverts_at_once(site: NetworkdSite, api: NetworkApi) -> None:
    await trial(api, static(NEW), 10)
    await site.kill_agent()
    await asyncio.sleep(1.3)
    await site.until(lambda: site.answers(NEW))
    api = await site.start_agent()
    assert (await api.network()).outcome == "reverted: nobody kept it in time"
    await site.until(lambda: site.answers(OLD))


async def test_a_power_cut_on_trial_reverts_as_soon_as_the_agent_is_back(site: NetworkdSite, api: NetworkApi) -> None:
    await trial(api, static(NEW))
    await site.power_cut()
    await site.until(lambda: site.answers(NEW))
    api = await site.start_agent()
    assert (await api.network()).outcome == "reverted after a restart"
    await site.until(lambda: site.answers(OLD))


@pytest.mark.parametrize(("address", "gateway"), [(NEW, "10.9.0.250"), ("172.31.7.2", "172.31.7.1")], ids=["gateway", "subnet"])
async def test_a_wrong_gateway_is_told_and_the_machine_comes_back(site: NetworkdSite, api: NetworkApi, address: str, gateway: str) -> None:
    await trial(api, static(address, gateway), 40)
    await shown(api, lambda now: now.trial is not None and any(f"{gateway} does not answer" in one.message for one in now.trial.findings))
    await shown(api, lambda now: now.trial is None)
    await site.until(lambda: site.answers(OLD))
    assert (await api.network()).interfaces[0].gateways == [GATEWAY]


async def test_an_address_of_another_machine_is_found_before_anything_changes(site: NetworkdSite, api: NetworkApi) -> None:
    [finding] = [one for one in await api.check_network(static(OTHER)) if one.severity is Severity.ERROR]
    assert (finding.interface, finding.field) == ("eth0", "ipv4.addresses") and f"{OTHER} is in use" in finding.message
    assert (await refusal(trial(api, static(OTHER)))).key == "network.refused"
    assert site.answers(OLD) and (await api.network()).trial is None


async def test_silent_name_servers_are_told_before_and_keep_nothing_back(site: NetworkdSite, api: NetworkApi) -> None:
    assert await api.check_network(static(NEW, dns=[RESOLVER])) == []
    [finding] = await api.check_network(static(NEW, dns=["10.99.0.54"]))
    assert (finding.field, finding.severity) == ("dns", Severity.WARNING) and "10.99.0.54" in finding.message


async def test_ipv6_is_set_and_answers(site: NetworkdSite, api: NetworkApi) -> None:
    await trial(api, dual("fd00:9::22/64"))
    await site.until(lambda: site.answers("fd00:9::22") and site.answers(NEW))
    await shown(api, lambda now: "fd00:9::1" in now.interfaces[0].gateways)


async def test_an_ipv6_address_of_another_machine_shows_in_the_trial(site: NetworkdSite, api: NetworkApi) -> None:
    await trial(api, dual("fd00:9::1/64", gateway=""))
    await shown(api, lambda now: now.trial is not None and any("fd00:9::1 is in use" in one.message for one in now.trial.findings))


async def test_dhcp_without_a_server_comes_back(site: NetworkdSite, api: NetworkApi) -> None:
    await trial(api, NetworkPlan(interfaces=[InterfacePlan(name="eth0", ipv4=Family(mode=Mode.AUTO))]), 120)
    assert "DHCP=ipv4" in (site.networkd / "10-appliance-eth0.network").read_text()
    await site.until(lambda: site.silent(OLD))
    await shown(api, lambda now: now.trial is None)
    await site.until(lambda: site.answers(OLD))


async def test_addresses_and_gateways_come_by_dhcp_and_advertisements(site: NetworkdSite, api: NetworkApi) -> None:
    site.start_dhcp()
    auto = Family(mode=Mode.AUTO)
    begun = await trial(api, NetworkPlan(interfaces=[InterfacePlan(name="eth0", ipv4=auto, ipv6=auto)]))
    now = await shown(api, lambda now: any(one.startswith("10.9.0.1") for one in now.interfaces[0].addresses))
    [leased] = [one.partition("/")[0] for one in now.interfaces[0].addresses if one.startswith("10.9.0.1")]
    await site.until(lambda: site.answers(leased))
    now = await shown(api, lambda now: any(one.startswith("fd00:9:") for one in now.interfaces[0].addresses))
    assert GATEWAY in now.interfaces[0].gateways and f"{OLD}/24" not in now.interfaces[0].addresses
    assert (await kept(api, begun.id)).kept.interfaces[0].ipv6 == auto


async def test_an_mtu_is_set_and_goes_back(site: NetworkdSite, api: NetworkApi) -> None:
    [eth0] = static(NEW).interfaces
    begun = await trial(api, NetworkPlan(interfaces=[eth0.model_copy(update={"mtu": 1400})]))
    await shown(api, lambda now: now.interfaces[0].mtu == 1400)
    await api.revert_network(ref(begun.id))
    await site.until(lambda: site.answers(OLD))


async def test_a_vlan_is_made_or_told_missing_and_goes_away(site: NetworkdSite, api: NetworkApi) -> None:
    vlan = InterfacePlan(name="eth0.7", parent="eth0", vlan_id=7, ipv4=Family(mode=Mode.STATIC, addresses=["10.7.0.2/24"]))
    begun = await trial(api, NetworkPlan(interfaces=[*static(NEW).interfaces, vlan]))
    await site.until(lambda: site.answers(NEW))
    there = site.inside("ip", "link", "show", "eth0.7").returncode == 0
    assert there == (site.inside("ip", "link", "add", "link", "eth0", "name", "probe", "type", "vlan", "id", "9").returncode == 0)
    expected = "eth0.7 has a link" if there else "eth0.7 is not there"
    await shown(api, lambda now: now.trial is not None and any(expected in one.message for one in now.trial.findings))
    await api.revert_network(ref(begun.id))
    assert [one.name for one in (await api.network()).interfaces if one.name != "probe"] == ["eth0"]


async def test_without_the_network_service_nothing_is_changed(site: NetworkdSite, api: NetworkApi) -> None:
    site.run_networkd(False)
    await site.until(lambda: site.inside("networkctl", "reload").returncode != 0)
    assert (await refusal(trial(api, static(NEW)))).key == "network.service_absent"
    assert site.answers(OLD) and [path.name for path in site.networkd.iterdir()] == ["80-factory.network"]


async def test_a_network_service_that_dies_on_trial_gets_the_old_settings_when_it_is_back(site: NetworkdSite, api: NetworkApi) -> None:
    await trial(api, static(NEW), 120)
    await site.until(lambda: site.answers(NEW))
    site.run_networkd(False)
    await shown(api, lambda now: now.trial is not None and now.trial.seconds_left == 0)
    site.run_networkd(True)
    await site.until(lambda: site.answers(OLD))
    assert (await shown(api, lambda now: now.trial is None)).outcome == "reverted: nobody kept it in time"


async def test_questions_to_the_network_are_answered(site: NetworkdSite, api: NetworkApi) -> None:
    async def asked(kind: ProbeKind, target: str) -> tuple[bool, str]:
        answer = await api.probe_network(Probe(kind=kind, target=target))
        return answer.ok, answer.message

    ok, message = await asked(ProbeKind.PING, GATEWAY)
    assert ok and message.startswith(f"{GATEWAY} answers after")
    assert await asked(ProbeKind.PING, "10.9.0.250") == (False, "10.9.0.250 does not answer.")
    refused = "is there, but refuses port 443. Check that this is the other appliance's address."
    assert await asked(ProbeKind.PEER, GATEWAY) == (False, f"{GATEWAY} {refused}")


def dual(address: str, gateway: str = "fd00:9::1") -> NetworkPlan:
    """eth0 with IPv4 and this IPv6 address."""
    [eth0] = static(NEW).interfaces
    return NetworkPlan(interfaces=[eth0.model_copy(update={"ipv6": Family(mode=Mode.STATIC, addresses=[address], gateway=gateway)})])
