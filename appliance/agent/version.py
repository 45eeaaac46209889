"""The version of this appliance."""

from importlib.metadata import PackageNotFoundError, version


def _read() -> str:
    try:
        return version("migration-appliance")
    except PackageNotFoundError:
        return "0"


VERSION = _read()
