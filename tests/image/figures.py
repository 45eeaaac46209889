"""How large the images are, how long they take, what they need: `python -m tests.image.figures IMAGES BENCH_JSON`.

Written as `image` into the file, by role: `qcow2_mib`; `build_s` as the build has noted it; `console_s`, from the power button to the
console's first screen; `set_up_s`, to the set-up's first step on it, for which the agent has to answer; `used_mib`, memory that is not
available once every unit is up. The probe of the boot tests is in the machine, so the last three are rather too high.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from bench.results import merge
from tests.image import wizard
from tests.image.machine import KVM, VMWARE, Machine, machine
from tests.image.planting import planted

HARDWARE = {"oma": KVM, "vma": VMWARE}
CONSOLE = "Migration Appliance|Set-up"


async def figures(images: Path, role: str) -> dict[str, object]:
    """Boot the image of a role once and measure."""
    image = images / f"appliance-{role}.qcow2"
    with tempfile.TemporaryDirectory(prefix=f"bench-{role}-") as scratch:
        disk = await planted(image, Path(scratch) / "disk.raw")
        async with machine(images / "boots" / f"bench-{role}", disk, images / "shots", HARDWARE[role]) as one:
            console_s, set_up_s = await seconds(one, CONSOLE), await seconds(one, wizard.WELCOME)
            await one.guest.becomes("systemctl is-system-running || true", "running|degraded", wizard.BOOT)
            used = used_mib(await one.guest.run("cat /proc/meminfo"))
    return {
        "qcow2_mib": round(image.stat().st_size / 2**20, 1),
        "build_s": build_s(images / f"{role}.json"),
        "console_s": console_s,
        "set_up_s": set_up_s,
        "used_mib": used,
    }


async def seconds(one: Machine, pattern: str) -> float:
    """From the power button to a text on the screen."""
    await one.guest.shows(pattern, wizard.BOOT)
    return round(time.monotonic() - one.switched_on, 1)


def used_mib(meminfo: str) -> int:
    """Memory that is not available, in MiB, from /proc/meminfo (pure)."""
    told = dict(line.split(":") for line in meminfo.splitlines())
    return (int(told["MemTotal"].split()[0]) - int(told["MemAvailable"].split()[0])) >> 10


def build_s(notes: Path) -> object:
    """What the build took, as it has noted it; None where it has not."""
    return json.loads(notes.read_text()).get("build_s") if notes.exists() else None


async def main(images: Path, output: Path) -> None:
    """Measure every role whose image is there."""
    found: dict[str, object] = {}
    for role in HARDWARE:
        if (images / f"appliance-{role}.qcow2").exists():
            found[role] = await figures(images.absolute(), role)
            sys.stdout.write(f"{role}: {json.dumps(found[role])}\n")
    merge(output, "image", found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="figures", description="Measures the images that were built.")
    parser.add_argument("images", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.images, arguments.output))
