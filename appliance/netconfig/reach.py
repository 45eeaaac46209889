"""Questions an operator asks the network: ping, a name, the other appliance's port."""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from appliance.contract.network import Probe, ProbeAnswer, ProbeKind
from appliance.netconfig.faults import BAD_TARGET, NO_PING
from appliance.netconfig.findings import shown
from appliance.netconfig.ping import ping

_NAME = re.compile(r"(?=.{1,253}\.?$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?")
_PORT, _SECONDS = 443, 5.0


@dataclass(frozen=True)
class Target:
    """A host name or address, with a port."""

    host: str
    port: int = _PORT


async def probe(question: Probe) -> ProbeAnswer:
    """Ask the network; an answer that did not come is an answer too. Raises a Fault only for what can't be asked at all."""
    ask: dict[ProbeKind, Callable[[Target], Awaitable[ProbeAnswer]]] = {
        ProbeKind.PING: _ping,
        ProbeKind.DNS: _look_up,
        ProbeKind.PEER: _reach,
    }
    return await ask[question.kind](target(question.target, port_allowed=question.kind is ProbeKind.PEER))


def target(text: str, *, port_allowed: bool) -> Target:
    """The host that is meant. Nothing passes that a program could take for an option. Raises BAD_TARGET."""
    host, port = _split(text.strip()) if port_allowed else (text.strip(), _PORT)
    if not _is_address(host) and not _NAME.fullmatch(host):
        raise BAD_TARGET(target=shown(text))
    if not 0 < port < 65536:
        raise BAD_TARGET(target=shown(text))
    return Target(host, port)


def _split(text: str) -> tuple[str, int]:
    """Host and port of `host`, `host:port`, `[v6]:port` or a bare IPv6 address; port 0 where it is none."""
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        return (host, _number(rest[1:]) if rest else _PORT) if closed and rest[:1] in ("", ":") else (text, _PORT)
    if text.count(":") != 1:
        return text, _PORT
    host, _, port = text.partition(":")
    return host, _number(port)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _is_address(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    # What follows “%” names an interface, and can hold anything.
    return not (isinstance(address, IPv6Address) and address.scope_id)


async def _ping(asked: Target) -> ProbeAnswer:
    try:
        found = await ping(asked.host)
    except (OSError, TimeoutError) as error:
        raise NO_PING(cause=str(error)) from error
    if not found.times_ms:
        return _no(f"{asked.host} does not answer.{_why(found.complaint)}")
    lines = [f"Answer {turn} from {found.address} after {each:.1f} ms" for turn, each in enumerate(found.times_ms, 1)]
    mean = sum(found.times_ms) / len(found.times_ms)
    lost = f"; {found.sent - len(found.times_ms)} of {found.sent} were lost" if len(found.times_ms) < found.sent else ""
    return ProbeAnswer(ok=True, message=f"{asked.host} answers after {mean:.1f} ms{lost}.", lines=lines, milliseconds=mean)


def _why(complaint: str) -> str:
    """What the program's complaint means, in the operator's words."""
    if "unreachable" in complaint:
        return " There is no way to it: check the gateway."
    names = ("not known", "name resolution", "No address")
    return " Its name is not known: check the spelling and the name servers." if any(part in complaint for part in names) else ""


async def _look_up(asked: Target) -> ProbeAnswer:
    started = time.perf_counter()
    try:
        addresses = await _addresses(asked.host)
    except TimeoutError:
        return _no(f"No name server answered for {asked.host} within {_SECONDS:.0f} seconds. Check the name servers' addresses.")
    except OSError:
        return _no(f"{asked.host} has no address. Check the spelling, the name servers and the search domains.")
    return ProbeAnswer(ok=True, message=f"{asked.host} is {', '.join(addresses)}.", lines=addresses, milliseconds=_since(started))


async def _addresses(host: str) -> list[str]:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(_SECONDS):
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def _reach(asked: Target) -> ProbeAnswer:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(asked.host, asked.port, ssl=_any_certificate(), server_hostname=asked.host)
    except TimeoutError:
        return _no(f"{asked.host} does not answer on port {asked.port}. A firewall in between may drop what is sent there.")
    except ssl.SSLError:
        return _no(f"Something answers at {asked.host} on port {asked.port}, but it is no appliance. Check the address.")
    except socket.gaierror:
        return _no(f"{asked.host} has no address. Check the spelling, or type the address itself.")
    except ConnectionRefusedError:
        return _no(f"{asked.host} is there, but refuses port {asked.port}. Check that this is the other appliance's address.")
    except OSError:
        return _no(f"{asked.host} can't be reached on port {asked.port}. Check the address, and the gateway here.")
    took = _since(started)
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    lines = [f"Certificate's fingerprint: {hashlib.sha256(certificate).digest().hex(':').upper()}"] if certificate else []
    return ProbeAnswer(ok=True, message=f"{asked.host} answers on port {asked.port} after {took:.0f} ms.", lines=lines, milliseconds=took)


def _any_certificate() -> ssl.SSLContext:
    """The appliances' certificates are their own; pairing is what tells them from others, and this is only a question."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _no(message: str) -> ProbeAnswer:
    return ProbeAnswer(ok=False, message=message, lines=[], milliseconds=None)


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
