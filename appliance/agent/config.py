"""The agent's configuration file (TOML)."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.failover.emulation import Acceleration

Port = Annotated[int, Field(ge=0, le=65535)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FrontDoor(_Table):
    """Where the OMA listens for everything that comes from outside: address (none: all of them, of IPv4 and IPv6) and port."""

    address: str = ""
    port: Port = 443


class Api(_Table):
    """Where operators' scripts reach the agent, beside its Unix socket. Port 0: any free one."""

    address: str = "127.0.0.1"
    port: Port | None = None


class Storage(_Table):
    """Where attached volumes appear, and how many there may be at once."""

    devices_dir: Path = Path("/dev/disk/by-id")
    export_port: Port = 10809
    slot_limit: Annotated[int, Field(ge=1, le=200)] | None = None
    device_wait_s: Annotated[float, Field(gt=0, le=3600)] = 60.0


class Failover(_Table):
    """The isolated network of test failovers, when a request names none; whether guests are prepared with KVM's help."""

    test_network_id: str = ""
    acceleration: Acceleration = "auto"


class Machine(_Table):
    """Programs that act on the machine, where its network is configured (systemd-networkd's folder), and where releases are."""

    restart: tuple[str, ...] = ("systemctl", "reboot")
    power_off: tuple[str, ...] = ("systemctl", "poweroff")
    networkd_dir: Path = Path("/etc/systemd/network")
    release_home: Path = Path("/opt/appliance")


class Deployment(_Table):
    """Where values that were given at deployment are looked for: the folder of the drives' devices, and that of systemd-networkd's
    DHCP leases. Without them nothing is read, and nobody is asked."""

    devices_dir: Path | None = None
    leases_dir: Path | None = None


class Gate(_Table):
    """The vendor's shell: the public key that opens it (PEM), and the shell. Without a key there is no gate."""

    vendor_key: Path = Path("/usr/share/appliance/vendor.pub")
    shell: tuple[str, ...] = ("/bin/bash", "--login")


class RemoteConsole(_Table):
    """The console over SSH: address (none: all of them), port, user, the command that it is forced to,
    and the group that may reach the agent's socket."""

    address: str = ""
    port: Port = 22
    user: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")] = "console"
    command: tuple[str, ...] = ("/usr/bin/appliance", "tui")
    group: Annotated[str, Field(pattern=r"^([a-z][a-z0-9-]{0,31})?$")] = ""


class Config(_Table):
    """One appliance's configuration. `run_dir` has to be on tmpfs: keys of data sessions are kept there."""

    role: Literal["oma", "vma"]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$")]
    state_dir: Path = Path("/var/lib/appliance")
    run_dir: Path = Path("/run/appliance")
    database: str | None = None
    front_door: FrontDoor = FrontDoor()
    api: Api = Api()
    storage: Storage = Storage()
    failover: Failover = Failover()
    machine: Machine = Machine()
    deployment: Deployment = Deployment()
    gate: Gate = Gate()
    remote_console: RemoteConsole = RemoteConsole()

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL of the store."""
        return self.database or f"sqlite+aiosqlite:///{self.state_dir}/appliance.db"

    @property
    def api_port(self) -> int:
        """The loopback port of the operator's API."""
        default = 8082 if self.role == "oma" else 8081
        return default if self.api.port is None else self.api.port

    @property
    def api_socket(self) -> Path:
        """The Unix socket of the operator's API, for the console."""
        return self.run_dir / "api.sock"

    @property
    def token_file(self) -> Path:
        """The operator's token for the loopback port."""
        return self.state_dir / "operator.token"


class ConfigProblem(Exception):
    """The configuration file can't be used; the text says what to change."""


def read_config(path: Path, role: str | None = None) -> Config:
    """Read a configuration file. Raises ConfigProblem with a sentence for the operator."""
    try:
        values = tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigProblem(f"{path} can't be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigProblem(f"{path} is not valid TOML: {error}.") from error
    if role is not None:
        values.setdefault("role", role)
        if values["role"] != role:
            raise ConfigProblem(f"{path} is for the role {values['role']}, not {role}.")
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors(include_input=False))
        raise ConfigProblem(f"{path}: {places}.") from error
