"""What operators may type into the fields of credentials and configurations."""

from typing import Any

import pytest
from pydantic import ValidationError

from appliance.contract.clouds import AskCapacity, SaveConfig
from appliance.contract.credentials import CredentialChange, NewCredential

CREDENTIAL = {"name": "a", "peer_id": "vma", "vcenter_host": "vc.example", "username": "u", "password": "p", "fingerprint": "AA" * 32}
CONFIG = {"name": "a", "address": "cloud:8080"}


@pytest.mark.parametrize("name", ["Zürich 🏔️", "<b>&amp;</b>", "東京 👨‍👩‍👧", "'; DROP TABLE x; --", "a" * 255])
def test_names_may_hold_what_people_write(name: str) -> None:
    assert NewCredential.model_validate(CREDENTIAL | {"name": name}).name == name
    assert SaveConfig.model_validate(CONFIG | {"name": name}).name == name


@pytest.mark.parametrize("name", ["", " a", "a\n", "a\x00b", "a\x1b[2J", "a\u2028b", "a" * 256])
def test_names_hold_nothing_unseen(name: str) -> None:
    for model, fields in ((NewCredential, CREDENTIAL), (SaveConfig, CONFIG)):
        with pytest.raises(ValidationError):
            model.model_validate(fields | {"name": name})


@pytest.mark.parametrize("host", ["vc.example.org", "10.0.0.1", "::1", "fe80::1:2", "VC-1_a"])
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    assert NewCredential.model_validate(CREDENTIAL | {"vcenter_host": host}).vcenter_host == host


@pytest.mark.parametrize("host", ["", "https://vc", "vc:443", "vc/sdk", "vc example", "-vc", "vc;id", "../x", "a" * 254])
def test_a_host_is_nothing_else(host: str) -> None:
    with pytest.raises(ValidationError):
        CredentialChange.model_validate({"vcenter_host": host})


@pytest.mark.parametrize(
    "fields", [{"fingerprint": "AA:BB"}, {"vcenter_port": 0}, {"vcenter_port": 65536}, {"password": ""}, {"colour": 1}]
)
def test_a_field_that_cannot_be_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NewCredential.model_validate(CREDENTIAL | fields)


@pytest.mark.parametrize("sizes", [[], [0], [-1], [1 << 51], [1] * 257])
def test_a_vm_has_disks_of_possible_sizes(sizes: list[int]) -> None:
    with pytest.raises(ValidationError):
        AskCapacity(sizes_bytes=sizes)


def test_no_secret_shows_in_what_is_printed() -> None:
    shown = repr(NewCredential.model_validate(CREDENTIAL | {"password": "geheim"})) + repr(
        SaveConfig.model_validate(CONFIG | {"secret_key": "geheim"})
    )
    assert "geheim" not in shown
