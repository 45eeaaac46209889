"""Two sites and the link between them, as network namespaces; nothing of the host's own network is touched."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from appliance.core.commands import CommandFailed, run

SOURCE_ADDRESS, TARGET_ADDRESS = "10.71.1.2", "10.71.2.2"
SOURCE_GATEWAY, TARGET_GATEWAY = "10.71.1.1", "10.71.2.1"
TARGET_MAC = "02:00:4c:4f:4d:41"
"""By this hardware address the OMA finds its own VM in CloudStack."""
PORT = 443
ON_PORT, ANYTHING_ELSE = "on_443", "anything_else"


@dataclass(frozen=True)
class Sites:
    """The names of the three namespaces."""

    source: str
    link: str
    target: str

    @classmethod
    def named_after(cls, pid: int) -> Sites:
        """Names that no other run has while this process lives."""
        return cls(*(f"demo-{pid}-{part}" for part in ("source", "link", "target")))

    @property
    def names(self) -> list[str]:
        """All of them."""
        return [self.source, self.link, self.target]


@dataclass(frozen=True)
class Passed:
    """Packets that the link has seen."""

    on_port: int
    anything_else: int


def link_rules() -> str:
    """What the link passes, for nft: TCP 443 towards the OMA and the answers to it; the rest is counted and dropped (pure)."""
    return f"""table inet wan {{
    counter {ON_PORT} {{}}
    counter {ANYTHING_ELSE} {{}}
    chain forward {{
        type filter hook forward priority 0; policy drop;
        ip saddr {SOURCE_ADDRESS} ip daddr {TARGET_ADDRESS} tcp dport {PORT} counter name {ON_PORT} accept
        ip saddr {TARGET_ADDRESS} ip daddr {SOURCE_ADDRESS} tcp sport {PORT} ct state established counter name {ON_PORT} accept
        counter name {ANYTHING_ELSE} drop
    }}
    chain input {{
        type filter hook input priority 0; policy drop;
        counter name {ANYTHING_ELSE} drop
    }}
}}
"""


def read_counters(answer: bytes) -> Passed:
    """The counters in what `nft -j list counters` printed (pure); raises KeyError when one is missing."""
    counters = [entry["counter"] for entry in json.loads(answer)["nftables"] if "counter" in entry]
    packets = {one["name"]: int(one["packets"]) for one in counters}
    return Passed(packets[ON_PORT], packets[ANYTHING_ELSE])


async def build(sites: Sites) -> None:
    """Make the namespaces, join them and lock the link. Raises CommandFailed; drop() removes what was made."""
    for name in sites.names:
        await run(["ip", "netns", "add", name])
        await _quiet(name)
    await _join(sites.link, "to-source", SOURCE_GATEWAY, sites.source, SOURCE_ADDRESS)
    await _join(sites.link, "to-target", TARGET_GATEWAY, sites.target, TARGET_ADDRESS, TARGET_MAC)
    await _set(sites.link, "ipv4/ip_forward", "1")
    await run(["ip", "netns", "exec", sites.link, "nft", "-f", "-"], input=link_rules().encode())


async def passed(sites: Sites) -> Passed:
    """What the link has passed and dropped so far."""
    return read_counters(await inside(sites.link, "nft", "-j", "list", "counters"))


async def drop(name: str) -> None:
    """End whatever runs in a namespace, and remove it; one that is not there is no error."""
    if not Path("/run/netns", name).exists():
        return
    for pid in (await run(["ip", "netns", "pids", name], check=False)).stdout.split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    try:
        await run(["ip", "netns", "del", name])
    except CommandFailed:
        if Path("/run/netns", name).exists():
            raise


async def inside(name: str, *argv: str) -> bytes:
    """Run a short program in a namespace; returns what it printed. Raises CommandFailed."""
    return (await run(["ip", "netns", "exec", name, *argv])).stdout


async def _quiet(name: str) -> None:
    """The loopback up; no IPv6, whose neighbour discovery would be counted as something else than 443."""
    for setting in ("all", "default"):
        await _set(name, f"ipv6/conf/{setting}/disable_ipv6", "1")
    await run(["ip", "-n", name, "link", "set", "lo", "up"])


async def _set(name: str, setting: str, value: str) -> None:
    """A setting of a namespace's network; one that this kernel does not have needs no setting."""
    await run(["ip", "netns", "exec", name, "tee", f"/proc/sys/net/{setting}"], input=value.encode(), check=False)


async def _join(link: str, port: str, gateway: str, site: str, address: str, mac: str = "") -> None:
    """A cable between the link and a site; both ends are made in their namespaces, never in the host's."""
    hardware = ["address", mac] if mac else []
    await run(["ip", "-n", site, "link", "add", "uplink", *hardware, "type", "veth", "peer", "name", port, "netns", link])
    for name, device, own in ((site, "uplink", address), (link, port, gateway)):
        await run(["ip", "-n", name, "address", "add", f"{own}/24", "dev", device])
        await run(["ip", "-n", name, "link", "set", device, "up"])
    await run(["ip", "-n", site, "route", "add", "default", "via", gateway])
