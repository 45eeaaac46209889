"""`python -m image build oma`, `python -m image compare A B`, `python -m image upgrade`."""

import argparse
import sys
from pathlib import Path

from image import upgrade
from image.build import Order, build
from image.compare import compare
from image.programs import BuildProblem
from image.roles import ROLES

WITHOUT_KEY = (
    "No vendor's key was given (VENDOR_KEY=path): the shell of this image can't be opened by anybody, "
    "and its appliance can never be upgraded by a file."
)


def main() -> int:
    """Exit codes: 0 built, or the same; 1 not built, or different; 2 wrong usage."""
    options = _parser().parse_args()
    try:
        return {"build": _build, "compare": _compare, "upgrade": upgrade.run}[options.command](options)
    except BuildProblem as problem:
        print(problem, file=sys.stderr)
        return 1


def _build(options: argparse.Namespace) -> int:
    if options.vendor_key is None:
        print(WITHOUT_KEY, file=sys.stderr)
    for file in build(Order(ROLES[options.role], options.out.resolve(), options.vendor_key, options.quick)):
        print(file)
    return 0


def _compare(options: argparse.Namespace) -> int:
    found = compare(options.first.resolve(), options.second.resolve())
    print("\n".join(found) or "The two images are the same, bit for bit.")
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="image", description="Build the appliances' images, and compare two builds.")
    commands = parser.add_subparsers(dest="command", required=True)
    order = commands.add_parser("build", help="build one appliance's image")
    order.add_argument("role", choices=sorted(ROLES))
    order.add_argument("--out", type=Path, default=Path("build/image"), help="where the files go")
    order.add_argument("--vendor-key", type=Path, help="the public key (PEM) that opens the vendor's shell")
    order.add_argument("--quick", action="store_true", help="the qcow2 alone")
    pair = commands.add_parser("compare", help="say what differs between two disk images")
    pair.add_argument("first", type=Path)
    pair.add_argument("second", type=Path)
    upgrade.add_arguments(commands.add_parser("upgrade", help="pack a release as an upgrade file that the vendor signs"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
