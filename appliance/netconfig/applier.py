"""Puts the rendered files in place and has the network service take them up."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from appliance.contract.network import NetworkPlan
from appliance.core.cancelling import to_its_end
from appliance.core.commands import CommandFailed, run
from appliance.core.durable import DISK_FULL, overwrite, remove, replace
from appliance.netconfig import render
from appliance.netconfig.faults import NOT_APPLIED, SERVICE_ABSENT

_PATIENCE = 20.0
_HOST_NAME = Path("/etc/hostname")


class Files(BaseModel):
    """Everything the machine's network is made from. None leaves a file as it is; an empty text means that there is none."""

    model_config = ConfigDict(frozen=True)

    networkd: dict[str, str]
    host_name: str | None = None
    resolv_conf: str | None = None
    timesyncd: str | None = None

    @classmethod
    def of(cls, plan: NetworkPlan) -> Files:
        """The files that a plan is rendered to."""
        return cls(
            networkd=render.files(plan),
            host_name=plan.host_name or None,
            resolv_conf=render.resolv_conf(plan),
            timesyncd=render.timesyncd_conf(plan) or "",
        )


@dataclass(frozen=True)
class Places:
    """Where the files are."""

    networkd: Path
    host_name: Path
    resolv_conf: Path
    timesyncd: Path

    @classmethod
    def around(cls, networkd: Path) -> Places:
        """The places that belong to a folder of systemd-networkd: those of the same `etc`, or in the folder itself if it is not in one."""
        etc = networkd.parent.parent if networkd.parts[-2:] == ("systemd", "network") else networkd
        return cls(networkd, etc / "hostname", etc / "resolv.conf", etc / "systemd/timesyncd.conf.d/10-appliance.conf")


class Services(Protocol):
    """The running services that take files up."""

    async def reload_network(self) -> None:
        """Have systemd-networkd read its files again. Raises OSError, CommandFailed or TimeoutError."""

    async def delete_link(self, name: str) -> None:
        """Remove a virtual interface, if it is there."""

    async def restart_time(self) -> None:
        """Have the time service read its file again, if it runs."""


class SystemServices:
    """systemd's own, asked through their programs."""

    async def reload_network(self) -> None:
        await run(["networkctl", "--no-pager", "reload"], timeout=_PATIENCE)

    async def delete_link(self, name: str) -> None:
        await run(["networkctl", "--no-pager", "delete", name], timeout=_PATIENCE, check=name in _links())

    async def restart_time(self) -> None:
        # Without it the clock is merely set by other servers: no reason to give the network back.
        await run(["systemctl", "try-restart", "systemd-timesyncd.service"], timeout=_PATIENCE, check=False)


class Applier(Protocol):
    """What puts settings in force."""

    async def ready(self) -> None:
        """Whether settings can be applied at all. Raises SERVICE_ABSENT."""

    async def current(self) -> Files:
        """The files as they are now."""

    async def apply(self, files: Files, instead_of: Files | None = None) -> None:
        """Put files in place and in force; may be done again.

        `instead_of` were in force before, also where an application that was broken off has replaced them already. Raises NOT_APPLIED.
        """


class SystemApplier:
    """Applies to the machine it runs on. Of systemd-networkd's files only our own are ever touched."""

    def __init__(self, places: Places, services: Services | None = None, set_host_name: Callable[[str], None] | None = None) -> None:
        self._places, self._services = places, services or SystemServices()
        # An appliance that is tried out on somebody's machine has its files elsewhere, and leaves that machine its name.
        self._set_host_name = set_host_name or (socket.sethostname if places.host_name == _HOST_NAME else None)

    async def ready(self) -> None:
        """Raises SERVICE_ABSENT. Reading unchanged files again changes nothing, and only a running service does it."""
        try:
            await self._services.reload_network()
        except (OSError, CommandFailed, TimeoutError) as error:
            raise SERVICE_ABSENT(cause=str(error)) from error

    async def current(self) -> Files:
        """The files as they are now. A link in the place of `resolv.conf` belongs to a resolver: it is left alone."""
        return await asyncio.to_thread(self._current)

    async def apply(self, files: Files, instead_of: Files | None = None) -> None:
        """Put files in place and in force. Raises NOT_APPLIED; what was written by then stays, and can be replaced."""
        try:
            before = await self.current()
            await to_its_end(asyncio.to_thread(self._write, before, files))
            had = before.networkd if instead_of is None else {**before.networkd, **instead_of.networkd}
            for name in sorted(_retired(had, files.networkd)):
                await self._services.delete_link(name)
            await self._services.reload_network()
            if files.timesyncd is not None and files.timesyncd != before.timesyncd:
                await self._services.restart_time()
        except (OSError, CommandFailed, TimeoutError) as error:
            raise NOT_APPLIED(cause=f"{type(error).__name__}: {error}") from error

    def _current(self) -> Files:
        places = self._places
        own = sorted(path for path in places.networkd.glob("*") if render.is_own(path.name))
        return Files(
            networkd={path.name: _read(path) for path in own},
            host_name=_read(places.host_name).strip() or socket.gethostname(),
            resolv_conf=None if places.resolv_conf.is_symlink() else _read(places.resolv_conf),
            timesyncd=_read(places.timesyncd),
        )

    def _write(self, before: Files, files: Files) -> None:
        places = self._places
        for name in before.networkd.keys() - files.networkd.keys():  # first: that makes room on a full disk
            remove(places.networkd / name)
        for name, text in files.networkd.items():
            _place(places.networkd / name, text)
        if before.resolv_conf is not None:
            _put(places.resolv_conf, files.resolv_conf)
        _put(places.timesyncd, files.timesyncd)
        _put(places.host_name, files.host_name and f"{files.host_name}\n")
        if files.host_name and self._set_host_name and files.host_name != socket.gethostname():
            self._set_host_name(files.host_name)


def _links() -> set[str]:
    return {name for _, name in socket.if_nameindex()}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def _put(path: Path, text: str | None) -> None:
    """Write, remove (an empty text) or leave (None) a file that is not systemd-networkd's."""
    if text == "":
        remove(path)
    elif text is not None and text != _read(path):
        _place(path, text)


def _place(path: Path, text: str) -> None:
    """Others read it: systemd-networkd, for one, drops its privileges. A full disk must not keep the settings of before away."""
    try:
        replace(path, text, mode=0o644)
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        overwrite(path, text)


def _retired(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Names of virtual interfaces that are no more, or are made differently: systemd-networkd neither changes nor removes them itself."""
    had, has = _virtual(before), _virtual(after)
    return {name for name, made in had.items() if has.get(name) != made}


def _virtual(files: dict[str, str]) -> dict[str, tuple[str, str]]:
    """How each virtual interface is made: its own file, and the file of the interface it is on."""
    parents = {name: file for file, text in files.items() if file.endswith(".network") for name in _values(text, "VLAN")}
    made = [(name, text) for file, text in files.items() if file.endswith(".netdev") for name in _values(text, "Name")]
    return {name: (text, parents.get(name, "")) for name, text in made}


def _values(text: str, key: str) -> list[str]:
    return [value for line in text.splitlines() for found, _, value in [line.partition("=")] if found == key]
