"""The lab's vCenter judged by clients this project did not write: VMware's govmomi, curl, nbdkit's curl plugin."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from appliance.lab.vcenter import VcenterLab

from .conftest import MIB, Client, Control

HERE = Path(__file__).parent
URL = "https://{host}:{port}/folder/web/web-flat.vmdk?dcPath=DC0&dsName=datastore1"

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, built from Debian's own govmomi; Go's build cache makes the second time quick."""
    program = tmp_path_factory.mktemp("go") / "stranger"
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "-trimpath"}
    subprocess.run(["go", "build", "-o", program, "."], cwd=HERE / "stranger", env=environment, check=True, timeout=580)
    return program


@pytest.mark.timeout(600)
def test_govmomi_drives_it(stranger: Path, lab: VcenterLab, control: Control) -> None:
    control.write(MIB, b"stranger" * 1000)
    with Path(control("GET", "/vms/web")["disks"][0]["path"]).open("rb") as file:
        expected = hashlib.file_digest(file, "sha256").hexdigest()
    environment = {"LAB_URL": f"https://{lab.host}:{lab.port}/sdk", "LAB_USER": lab.user, "LAB_PASSWORD": lab.password}
    ran = subprocess.run([stranger], env=environment, capture_output=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    report = json.loads(ran.stdout)
    assert sorted(report["vms"]) == ["/DC0/vm/cold", "/DC0/vm/web"]
    assert (report["power"], report["power_after"], report["firmware"], report["networks"]) == ("poweredOn", "poweredOff", "bios", 2)
    assert (report["query_error"], report["query_length"]) == ("<nil>", MIB)
    assert (report["size"], report["read"], report["sha256"]) == (8 * MIB, 8 * MIB, expected)
    assert control("GET", "/vms/web/snapshots") == []


def test_curl_resumes_a_download(lab: VcenterLab, client: Client, control: Control, tmp_path: Path) -> None:
    control.write(MIB, b"curl" * 5000)
    client.snapshot()
    target = tmp_path / "disk.raw"
    address = URL.format(host=lab.host, port=lab.port)
    options = ["curl", "-sS", "--cacert", lab.certificate, "-b", client.service._stub.cookie, "-o", target]
    subprocess.run([*options, "-r", f"0-{2 * MIB - 1}", address], check=True, timeout=30)
    subprocess.run([*options, "-C", "-", address], check=True, timeout=30)
    path = control("GET", "/vms/web")["disks"][0]["path"]
    subprocess.run(["cmp", target, path], check=True)


def test_nbdkits_curl_plugin_reads_it(lab: VcenterLab, client: Client, control: Control, tmp_path: Path) -> None:
    control.write(3 * MIB, b"nbdkit" * 5000)
    client.snapshot()
    address = URL.format(host=lab.host, port=lab.port)
    server = [
        "nbdkit",
        "--exit-with-parent",
        "-r",
        "-U",
        "-",
        "curl",
        address,
        f"cainfo={lab.certificate}",
        f"cookie={client.service._stub.cookie}",
    ]
    copied = tmp_path / "disk.raw"
    subprocess.run([*server, "--run", f"nbdcopy $uri {copied}"], check=True, timeout=60)
    path = control("GET", "/vms/web")["disks"][0]["path"]
    subprocess.run(["qemu-img", "compare", "-U", "-f", "raw", "-F", "raw", copied, path], check=True, stdout=subprocess.DEVNULL)
