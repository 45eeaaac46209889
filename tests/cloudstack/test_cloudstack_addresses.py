"""The API's address from what an operator types."""

import pytest

from appliance.cloudstack.addresses import api_url
from appliance.contract.errors import Fault


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("cloud.example.org:8080", "http://cloud.example.org:8080/client/api"),
        ("10.0.0.5", "http://10.0.0.5/client/api"),
        ("cloud.example.org:8443", "https://cloud.example.org:8443/client/api"),
        (" https://cloud.example.org/ ", "https://cloud.example.org/client/api"),
        ("http://cloud.example.org:8080/client", "http://cloud.example.org:8080/client/api"),
        ("http://cloud.example.org/own/path", "http://cloud.example.org/own/path"),
        ("[2001:db8::1]:8080", "http://[2001:db8::1]:8080/client/api"),
    ],
)
def test_the_path_is_added_where_none_is_given(typed: str, meant: str) -> None:
    assert api_url(typed) == meant


@pytest.mark.parametrize("typed", ["", "ftp://cloud", "user:pw@cloud", "cloud:port", "http://cloud/api?x=1", "two words"])
def test_what_can_not_be_an_address_is_refused_by_name(typed: str) -> None:
    with pytest.raises(Fault) as refused:
        api_url(typed)
    assert refused.value.key == "cloudstack.config_address"
