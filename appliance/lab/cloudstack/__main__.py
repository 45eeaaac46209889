"""`python -m appliance.lab.cloudstack --dir D --listen HOST:PORT [--config FILE.json]`: runs until it is told to end."""

import argparse
import asyncio
import logging
import signal
from pathlib import Path

from .config import LabConfig
from .lab import CloudstackLab

log = logging.getLogger("lab.cloudstack")


async def serve(folder: Path, host: str, port: int, config: LabConfig) -> None:
    """Run a lab cloud until SIGINT or SIGTERM."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with CloudstackLab(folder, config, host, port) as lab:
        log.info("CloudStack at %s, keys in %s", lab.url, folder / "account.json")
        await ended.wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m appliance.lab.cloudstack", description=__doc__)
    parser.add_argument("--dir", type=Path, required=True, help="where everything of this cloud is kept")
    parser.add_argument("--listen", default="127.0.0.1:8080", help="HOST:PORT of the API")
    parser.add_argument("--config", type=Path, help="what the cloud is made of (JSON)")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    host, _, port = options.listen.rpartition(":")
    config = LabConfig.read(options.config) if options.config else LabConfig()
    asyncio.run(serve(options.dir, host, int(port), config))


if __name__ == "__main__":
    main()
