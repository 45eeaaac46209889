"""The lab's vCenter as a program of its own: its words, its files, and that a kill loses nothing."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pyVim.connect import Disconnect, SmartConnect

from appliance.lab.vcenter.plan import read


class Program:
    """One run of it."""

    def __init__(self, folder: Path, *options: str) -> None:
        argv = [sys.executable, "-m", "appliance.lab.vcenter", "--dir", str(folder), "--listen", "127.0.0.1:0", *options]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        self.port = int(self.line.split("/sdk")[0].rsplit(":", 1)[1])

    def login(self, password: str) -> Any:
        return SmartConnect(host="127.0.0.1", port=self.port, user="root", pwd=password, disableSslCertValidation=True)

    def end(self, number: int) -> int:
        os.kill(self.process.pid, number)
        return self.process.wait(20)


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    (tmp_path / "source.raw").write_bytes(b"boot" * 1024)
    file = tmp_path / "vms.json"
    file.write_text(json.dumps({"vms": [{"name": "web", "kind": "storage", "disks": [{"source": "source.raw", "size": 1 << 20}]}]}))
    return file


def test_sources_are_relative_to_the_configuration(configuration: Path) -> None:
    assert read(configuration).vms[0].disks[0].source == configuration.parent / "source.raw"


@pytest.mark.lab
def test_a_killed_program_comes_back_with_everything(tmp_path_factory: pytest.TempPathFactory, configuration: Path) -> None:
    folder = tmp_path_factory.mktemp("p")
    (folder / "word").write_text("secret\n")
    options = ["--config", str(configuration), "--user", "root", "--password-file", str(folder / "word"), "--name", "vcenter.lab"]
    first = Program(folder, *options)
    try:
        service = first.login("secret")
        vm = service.content.searchIndex.FindByInventoryPath("DC0/vm/web")
        uuid = vm.config.uuid
        vm.CreateSnapshot_Task("kept", "", False, False)
        while vm.snapshot is None:
            pass
    finally:
        first.end(signal.SIGKILL)
    second = Program(folder, *options)
    try:
        service = second.login("secret")
        vm = service.content.searchIndex.FindByUuid(None, uuid, True, False)
        assert vm.snapshot.rootSnapshotList[0].name == "kept"
        Disconnect(service)
    finally:
        assert second.end(signal.SIGTERM) == 0
    assert (folder / "datastore/web/web-flat.vmdk").read_bytes()[:4096] == b"boot" * 1024
    assert "secret" not in first.line + second.line
