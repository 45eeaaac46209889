"""Whether the library can be loaded: nbdkit's plugin is asked, in a process of its own, for a library may crash."""

from __future__ import annotations

from pathlib import Path

from appliance.core.commands import Completed, run

LIMIT = 20.0
"""Seconds: a library that has not come up by then does not."""
PLUGIN = "vddk"
"""nbdkit's plugin, by name or path."""
MISSING = "required VDDK symbol"


async def is_supported(plugin: str) -> bool:
    """Whether this appliance has the plugin."""
    try:
        return (await run(["nbdkit", plugin, "--dump-plugin"], timeout=LIMIT, check=False)).code == 0
    except (TimeoutError, FileNotFoundError):
        return False


async def problem_with(library: Path, plugin: str) -> tuple[str, str]:
    """Why the library can't be used, in the operator's words, and the technical cause; empty when it can."""
    try:
        answer = await run(["nbdkit", plugin, "--dump-plugin", f"libdir={library}"], timeout=LIMIT, check=False)
    except TimeoutError:
        return "it does not come up", f"no answer within {LIMIT:g} s"
    except FileNotFoundError as error:
        return "this appliance has no program that could load it", str(error)
    return judged(answer), answer.stderr.decode(errors="replace").strip()[-2000:] or f"ended with {answer.code}"


def judged(answer: Completed) -> str:
    """What the plugin's answer means (pure); see nbdkit-vddk-plugin(1), "DUMP-PLUGIN OUTPUT"."""
    if answer.code < 0 or answer.code > 128:
        return "it crashes when it is loaded"
    if MISSING in answer.stderr.decode(errors="replace"):
        return "it lacks something that reading needs"
    if answer.code or not any(line.startswith("vddk_library_version=") for line in answer.stdout.decode(errors="replace").splitlines()):
        return "it can't be loaded"
    return ""
