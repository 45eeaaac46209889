"""``python -m appliance.lab.vcenter --dir D --listen HOST:PORT``: run the lab's vCenter until it is told to end.

The password is read from a file; without one a random password is made and kept in ``D/password``.
"""

from __future__ import annotations

import argparse
import logging
import secrets
import signal
import sys
import threading
from pathlib import Path

from appliance.lab.vcenter.lab import USER, VcenterLab
from appliance.lab.vcenter.plan import read


def main() -> None:
    """Start, say that it is ready, wait for SIGTERM or SIGINT, stop."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    host, _, port = options.listen.rpartition(":")
    folder: Path = options.dir
    folder.mkdir(parents=True, exist_ok=True)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    password = _password(options.password_file or folder / "password")
    lab = VcenterLab(folder, read(options.config), host=host, port=int(port), names=options.name, user=options.user, password=password)
    lab.start()
    sys.stdout.write(f"vCenter of the lab: https://{host}:{lab.port}/sdk, user {lab.user}\n")
    sys.stdout.flush()
    ended.wait()
    lab.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m appliance.lab.vcenter", description="The lab's vCenter.")
    parser.add_argument("--dir", type=Path, required=True, help="folder of all its state")
    parser.add_argument("--listen", default="127.0.0.1:8989", metavar="HOST:PORT")
    parser.add_argument("--name", action="append", default=[], help="a DNS name for the certificate; may be repeated")
    parser.add_argument("--user", default=USER)
    parser.add_argument("--password-file", type=Path, help="its first line is the password")
    parser.add_argument("--config", type=Path, help="JSON: which VMs there are (see plan.py)")
    return parser.parse_args()


def _password(file: Path) -> str:
    if not file.exists():
        file.touch(0o600)
        file.write_text(secrets.token_urlsafe(12) + "\n")
    return file.read_text().splitlines()[0]


if __name__ == "__main__":
    main()
