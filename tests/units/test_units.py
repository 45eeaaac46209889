"""The units are sound, nothing but them is started, and none may do more than is written down in docs/units.md."""

import re
import subprocess
from pathlib import Path

import pytest

from appliance.agent.config import Config
from appliance.netconfig.applier import Places
from image.packagelist import packages
from tests.units.overlay import ROOT, SYSTEMD, UNITS, laid_out, own_units, settings

EXPOSURE = {
    "appliance-agent.service": 4.7,
    "appliance-console@tty1.service": 0.7,
    "appliance-serial@ttyS0.service": 0.7,
    "appliance-vt.service": 1.1,
    "appliance-grow.service": 2.5,
    "appliance-identifier.service": 1.2,
    "appliance-upgrade.service": 1.1,
}
"""What `systemd-analyze security` may say at most: 0 is safe, 10 is not confined at all."""

STARTED = {
    "appliance-agent.service",
    "appliance-console@tty1.service",
    "appliance-grow.service",
    "appliance-identifier.service",
    "appliance-vt.service",
    "systemd-networkd.service",
    "systemd-timesyncd.service",
    "systemd-network-generator.service",  # networkd's own
    "systemd-networkd.socket",
    "systemd-pstore.service",
    "fstrim.timer",
}


def instance(unit: Path) -> str:
    """A template by the one instance that there is of it."""
    return unit.name.replace("console@", "console@tty1").replace("serial@", "serial@ttyS0")


@pytest.fixture(params=["oma", "vma"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return laid_out(tmp_path / "root", request.param)


def told(*argv: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(one) for one in argv], capture_output=True, text=True, check=False)


@pytest.mark.peers
def test_systemd_finds_no_fault_in_any_unit(root: Path) -> None:
    units = [instance(unit) for unit in own_units()]
    assert set(units) <= set(EXPOSURE)
    done = told("systemd-analyze", "verify", "--man=no", f"--root={root}", *units, "emergency.service", "rescue.service")
    assert not [line for line in done.stderr.splitlines() if "appliance" in line or "emergency" in line or "rescue" in line], done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.peers
@pytest.mark.parametrize("unit", map(instance, own_units()))
def test_no_unit_is_more_exposed_than_the_page_says(tmp_path: Path, unit: str) -> None:
    root = laid_out(tmp_path / "root", "oma")
    done = told("systemd-analyze", "security", "--offline=yes", "--no-pager", f"--root={root}", unit)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found and float(found[1]) <= EXPOSURE[unit], done.stdout + done.stderr
    assert "ignoring" not in done.stderr, done.stderr
    assert f"| `{unit}` | {found[1]} |" in (SYSTEMD.parent / "docs/units.md").read_text()


@pytest.mark.peers
def test_the_preset_starts_these_units_and_no_others(root: Path) -> None:
    assert told("systemctl", f"--root={root}", "preset-all").returncode == 0
    started = {link.name for link in (root / "etc/systemd/system").glob("*.wants/*")}
    assert started <= STARTED | {"systemd-resolved.service", "appliance-upgrade.service"}
    assert started >= {unit for unit in STARTED if unit.startswith("appliance-")}


@pytest.mark.parametrize("role", ["oma", "vma"])
def test_an_image_has_no_tools_by_which_a_hypervisor_runs_programs_in_it(role: str) -> None:
    assert not {"open-vm-tools", "qemu-guest-agent", "cloud-init"} & set(packages(role))


def test_the_console_waits_neither_for_the_network_nor_for_the_agent() -> None:
    for name in ("appliance-console@.service", "appliance-serial@.service"):
        unit = settings(ROOT / UNITS / name)["Unit"]
        assert not re.search("network|agent|user-sessions|logind", unit["After"])
        assert "Requires" not in unit


@pytest.mark.parametrize("name", ["appliance-console@.service", "appliance-serial@.service", "appliance-agent.service"])
def test_console_and_agent_are_started_again_for_ever(name: str) -> None:
    unit = settings(ROOT / UNITS / name)
    assert unit["Service"]["Restart"] == "always" and float(unit["Service"]["RestartSec"]) <= 2
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


def test_the_watch_over_a_trial_goes_on_after_a_failure() -> None:
    unit = settings(ROOT / UNITS / "appliance-upgrade.service")
    assert unit["Service"]["Restart"] == "on-failure" and unit["Unit"]["StartLimitIntervalSec"] == "0"


def test_the_agent_is_watched_and_has_time_to_end_in_order() -> None:
    from appliance.agent.program import END_LIMIT

    service = settings(ROOT / UNITS / "appliance-agent.service")["Service"]
    assert service["Type"] == "notify" and int(service["WatchdogSec"]) == 60
    assert int(service["TimeoutStopSec"]) > END_LIMIT


@pytest.mark.parametrize("role", ["oma", "vma"])
def test_the_agents_configuration_is_one_that_the_agent_takes(role: str) -> None:
    from appliance.agent.config import read_config

    config = read_config(SYSTEMD / role / "etc/appliance/agent.toml", role)
    assert config.remote_console.group == config.remote_console.user == "console"
    assert (ROOT / config.gate.shell[0].lstrip("/")).stat().st_mode & 0o111


def test_in_etc_the_agent_writes_only_what_the_network_and_the_password_need() -> None:
    given: dict[str, set[str]] = {"ReadWritePaths": set(), "ReadOnlyPaths": set()}
    for line in (ROOT / UNITS / "appliance-agent.service").read_text().splitlines():
        name, _, paths = line.partition("=")
        if name in given:
            given[name] |= {one.removeprefix("-") for one in paths.split()}
    networkd = Config.model_fields["machine"].default.networkd_dir
    folders = {str(networkd), str(Places.around(networkd).timesyncd.parent)}
    assert {one for one in given["ReadWritePaths"] if one.startswith("/etc/")} == folders
    assert {"/etc/systemd", "/etc/ld.so.preload", "/etc/fstab", "/etc/udev", "/etc/ssl"} <= given["ReadOnlyPaths"]
    made = (ROOT / "usr/lib/tmpfiles.d/appliance.conf").read_text()
    assert all(f"d {one} 0755" in made for one in folders)


def test_what_could_be_made_in_etc_and_be_carried_out_is_there_already_or_masked() -> None:
    assert (ROOT / "etc/ld.so.preload").read_text() == ""
    assert (ROOT / "etc/systemd/system/rc-local.service").readlink() == Path("/dev/null")


def test_the_drivers_of_disks_and_discs_are_there_before_the_agent_is_given_block_devices() -> None:
    """`DeviceAllow=block-*` stands for the kinds that the kernel knows when the unit starts."""
    loaded = (ROOT / "usr/lib/modules-load.d/appliance.conf").read_text().splitlines()
    assert {"sd_mod", "sr_mod", "virtio_blk"} <= set(loaded)


def test_names_are_asked_of_name_servers_alone_and_of_those_every_name() -> None:
    """A name that ends in `.local` is asked of none unless a domain covers it; and nobody on the link is asked, or answered."""
    resolver = settings(ROOT / "etc/systemd/resolved.conf.d/10-appliance.conf")["Resolve"]
    assert dict(resolver) == {"LLMNR": "no", "MulticastDNS": "no", "ResolveUnicastSingleLabel": "yes"}
    first = settings(ROOT / "usr/lib/systemd/network/90-appliance-first.network")
    assert first["Network"]["Domains"] == "~."
    assert {first[section]["UseDomains"] for section in ("DHCPv4", "DHCPv6", "IPv6AcceptRA")} == {"yes"}
