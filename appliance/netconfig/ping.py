"""The `ping` program, asked thrice and understood."""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.core.commands import run

_REPLY = re.compile(r"bytes from (\S+?)(?: \((\S+)\))?: icmp_seq=\d+ .*?time=([\d.]+) ms")
_COUNT = 3


@dataclass(frozen=True)
class Replies:
    """What came back: from which address, after how many milliseconds each, or what was said instead."""

    sent: int
    address: str
    times_ms: list[float]
    complaint: str


async def ping(target: str) -> Replies:
    """Ping a host name or address, which the caller has checked, three times; takes 3 s at most.

    Raises OSError when the program is missing, TimeoutError when it hangs.
    """
    argv = ["ping", "-n", "-c", str(_COUNT), "-i", "0.3", "-w", "3", "-W", "2", "--", target]
    done = await run(argv, timeout=10.0, check=False, env={"LC_ALL": "C"})
    return parsed(done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def parsed(output: str, errors: str = "") -> Replies:
    """The replies in the program's output (iputils)."""
    replies = [match.groups() for match in _REPLY.finditer(output)]
    address = next((numbers or name for name, numbers, _ in replies), "")
    return Replies(_COUNT, address, [float(time) for *_, time in replies], errors.strip())
