"""A machine of its own in namespaces: real interfaces, real systemd-networkd, an agent that can be killed, and a network outside.

Everything hangs on one process; when that ends, however this one ends, the kernel removes processes, interfaces and mounts.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from appliance.contract.client import Transport, client
from appliance.contract.errors import Fault
from appliance.contract.network import (
    Family,
    InterfacePlan,
    KeepTrial,
    Mode,
    Network,
    NetworkApi,
    NetworkPlan,
    Severity,
    StartTrial,
    Trial,
)

HERE = Path(__file__).parent
FIRST = HERE.parent.parent / "systemd/root/usr/lib/systemd/network/90-appliance-first.network"
OLD, NEW, GATEWAY, OTHER = "10.9.0.5", "10.9.0.22", "10.9.0.1", "10.9.0.77"
RESOLVER = "10.99.0.53"
SPEED = 8
"""The agent's clock runs so much faster: the shortest trial, 10 s, takes 1.25 s."""

FACTORY = f"[Match]\nName=eth0\n\n[Network]\nAddress={OLD}/24\nGateway={GATEWAY}\nLinkLocalAddressing=ipv6\nIPv6AcceptRA=no\n"
_TIED = ["setpriv", "--pdeathsig", "KILL"]


class NetworkdSite:
    """One machine. `folder` has to be short enough for a Unix socket's path."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.socket = folder, str(folder / "a.sock")
        self.networkd = folder / "etc/systemd/network"
        for name in ("log", "etc/systemd/network"):
            (folder / name).mkdir(parents=True)
        (folder / "etc/resolv.conf").write_text("")
        (folder / "etc/hostname").write_text("appliance\n")
        (self.networkd / "80-factory.network").write_text(FACTORY)
        for one in (folder, folder / "etc", folder / "etc/systemd", self.networkd):
            one.chmod(0o755)
        self.run_networkd(True)
        script = [
            "unshare",
            "--net",
            "--mount",
            "--uts",
            "--pid",
            "--fork",
            "--kill-child",
            "bash",
            str(HERE / "networkd_site.sh"),
            str(folder),
        ]
        self._log = (folder / "log/site").open("wb")
        self._machine = subprocess.Popen([*_TIED, *script], stdout=self._log, stderr=self._log)
        self._agent: subprocess.Popen[bytes] | None = None
        self._dhcp: subprocess.Popen[bytes] | None = None
        self._transport: Transport | None = None

    async def first_boot(self) -> None:
        """Have systemd-networkd set eth0 up as an appliance that was never set up does; here it is a veth, which that leaves alone."""
        text = FIRST.read_text()
        (self.networkd / FIRST.name).write_text("[Match]\nName=eth0\n\n" + text[text.index("[Network]") :])
        (self.networkd / "80-factory.network").unlink()
        await self.until(lambda: self.inside("networkctl", "reload").returncode == 0)

    def run_networkd(self, wanted: bool) -> None:
        """Whether systemd-networkd runs; the machine follows within a moment."""
        mark = self.folder / "networkd"
        mark.touch() if wanted else mark.unlink(missing_ok=True)

    def inside(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run a program on the machine."""
        return subprocess.run([*self._enter(), *argv], capture_output=True, text=True, timeout=20, check=False)

    def outside(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run a program in the network outside."""
        return self.inside("ip", "netns", "exec", "outside", *argv)

    def answers(self, address: str, seconds: float = 1.0) -> bool:
        """Whether the machine answers a ping from outside in time."""
        return self.outside("ping", "-n", "-c", "1", "-W", str(seconds), address).returncode == 0

    def silent(self, address: str) -> bool:
        """Whether nobody answers, where an answer would take less than a millisecond."""
        return not self.answers(address, 0.3)

    async def until(self, holds: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait for something on the machine; fails with the logs."""
        end = time.monotonic() + seconds
        while not await asyncio.to_thread(holds):
            assert time.monotonic() < end, self.logs()
            await asyncio.sleep(0.05)

    async def ready(self) -> None:
        """Wait until the machine has the address it was made with."""
        await self.until(lambda: self._init() is not None and self.answers(OLD))

    async def start_agent(self, speed: float = SPEED) -> NetworkApi:
        """Start the agent and wait until it serves."""
        Path(self.socket).unlink(missing_ok=True)
        argv = [sys.executable, str(HERE / "network_agent.py"), str(self.folder), self.socket, str(speed)]
        self._agent = subprocess.Popen([*_TIED, *self._enter(), *argv], stdout=self._log, stderr=self._log)
        await self.until(Path(self.socket).exists)
        self._transport = Transport(unix=self.socket, timeout=30)
        return client(NetworkApi, self._transport)

    async def power_cut(self) -> None:
        """The agent and the network service end at once, and the machine's next boot begins: the service starts with what is on disk."""
        await self.kill_agent()
        self.run_networkd(False)
        await self.until(lambda: self.inside("networkctl", "reload").returncode != 0)
        boot = self.folder / "boot_id"
        boot.write_text("11111111-2222-4333-8444-555555555555\n")
        self.inside("mount", "--bind", str(boot), "/proc/sys/kernel/random/boot_id")
        self.run_networkd(True)
        await self.until(lambda: self.inside("networkctl", "reload").returncode == 0)

    def start_dhcp(self, *options: str) -> None:
        """Have dnsmasq outside lease IPv4 addresses from 10.9.0.100 on, and advertise an IPv6 prefix; `options` are more of its own."""
        lease = [
            "--dhcp-range=10.9.0.100,10.9.0.150,2m",
            "--dhcp-range=10.8.0.100,10.8.0.150,2m",
            "--dhcp-range=fd00:9::,ra-only,64,2m",
            "--enable-ra",
            "--dhcp-authoritative",
        ]
        files = [f"--dhcp-leasefile={self.folder}/leases", "--conf-file=/dev/null", "--pid-file="]
        program = ["dnsmasq", "--keep-in-foreground", "--port=0", "--user=root", "--interface=lan", *lease, *files, *options]
        outside = [*self._enter(), "ip", "netns", "exec", "outside"]
        self._dhcp = subprocess.Popen([*_TIED, *outside, *program], stdout=self._log, stderr=self._log)

    async def kill_agent(self) -> None:
        """End the agent as a power cut would."""
        if self._transport is not None:
            await self._transport.close()
        if self._agent is not None:
            self._agent.send_signal(signal.SIGKILL)
            self._agent.wait()
        self._agent = self._transport = None

    async def close(self) -> None:
        """End the machine; the kernel removes all that it had within a moment."""
        await self.kill_agent()
        for one in (self._dhcp, self._machine):
            if one is not None:
                one.kill()
                one.wait()
        self._log.close()

    def logs(self) -> str:
        """What everybody said."""
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in sorted(self.folder.glob("log/*")))

    def _enter(self) -> list[str]:
        return ["nsenter", "--target", str(self._init()), "--net", "--mount", "--uts"]

    def _init(self) -> int | None:
        """The first process of the machine, as it is numbered here."""
        assert self._machine.poll() is None, self.logs()
        children = subprocess.run(["pgrep", "-P", str(self._machine.pid)], capture_output=True, text=True, check=False).stdout.split()
        return int(children[0]) if children else None


def static(address: str, gateway: str = GATEWAY, **more: object) -> NetworkPlan:
    """eth0 with one IPv4 address of a /24."""
    eth0 = InterfacePlan(name="eth0", ipv4=Family(mode=Mode.STATIC, addresses=[f"{address}/24"], gateway=gateway))
    return NetworkPlan(interfaces=[eth0]).model_copy(update=more)


async def trial(api: NetworkApi, plan: NetworkPlan, seconds: int = 600) -> Trial:
    """Try settings, for 75 s unless told otherwise."""
    return await api.try_network(StartTrial(plan=plan, revision=(await api.network()).revision, seconds=seconds))


async def kept(api: NetworkApi, trial_id: str) -> Network:
    """Keep settings once the trial has verified them."""
    await shown(api, lambda now: now.trial is not None and is_verified(now.trial))
    return await api.keep_network(KeepTrial(trial_id=trial_id))


def is_verified(trial: Trial) -> bool:
    """Whether the verdict is there, and nothing is wrong."""
    return not trial.settling and not any(one.severity is Severity.ERROR for one in trial.findings)


async def shown(api: NetworkApi, holds: Callable[[Network], bool], seconds: float = 60.0) -> Network:
    """Ask until the network is as it should be."""
    end = time.monotonic() + seconds
    while not holds(found := await api.network()):
        assert time.monotonic() < end, found
        await asyncio.sleep(0.1)
    return found


async def settled(api: NetworkApi) -> tuple[Network, set[Severity]]:
    """Wait until the verdict is there; returns the network then, and what was found until then."""
    seen = set[Severity]()

    def is_settled(now: Network) -> bool:
        assert now.trial is not None
        seen.update(one.severity for one in now.trial.findings)
        return not now.trial.settling

    return await shown(api, is_settled), seen


async def refusal(work: Awaitable[object]) -> Fault:
    """The Fault that the work ends with."""
    try:
        result = await work
    except Fault as error:
        return error
    raise AssertionError(f"it was not refused: {result}")
