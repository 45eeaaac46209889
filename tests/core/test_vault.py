"""Secrets are sealed to their row."""

import stat
from pathlib import Path

import pytest

from appliance.contract.errors import Fault
from appliance.core.vault import Vault


def test_a_sealed_secret_opens_for_its_row_only(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault.key")
    sealed = vault.seal("geheim", "vmware_credentials/1")
    assert "geheim" not in sealed
    assert vault.open(sealed, "vmware_credentials/1") == "geheim"
    with pytest.raises(Fault):
        vault.open(sealed, "vmware_credentials/2")


def test_the_key_file_is_private_and_is_kept(tmp_path: Path) -> None:
    sealed = Vault(tmp_path / "vault.key").seal("x", "row")
    assert stat.S_IMODE((tmp_path / "vault.key").stat().st_mode) == 0o600
    assert Vault(tmp_path / "vault.key").open(sealed, "row") == "x"


@pytest.mark.parametrize("sealed", ["", "key:", "key:!!", "key:AAAA"])
def test_a_damaged_blob_is_a_clear_error(tmp_path: Path, sealed: str) -> None:
    with pytest.raises(Fault):
        Vault(tmp_path / "vault.key").open(sealed, "row")
