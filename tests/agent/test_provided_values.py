"""What was given at deployment is read value by value: what can be used is proposed, what can't is told, and nothing is ever fatal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.agent.provided.document import LARGEST, is_for_appliance, read_document
from appliance.agent.provided.environment import LARGEST as LARGEST_ENVIRONMENT
from appliance.agent.provided.environment import read_environment
from appliance.agent.provided.values import MOST_FLAWS, Unusable, oma_flaw, provided
from appliance.contract.provided import Giver, Provided
from tests.work import calls

WHOLE = {
    "host_name": "oma1.example.net",
    "ipv4_address": "192.0.2.10/24",
    "ipv4_gateway": "192.0.2.1",
    "ipv6_address": "2001:db8::10/64",
    "ipv6_gateway": "fe80::1",
    "dns": ["192.0.2.53", "2001:db8::53"],
    "search_domains": ["example.net"],
    "ntp": ["ntp.example.net", "192.0.2.123"],
    "oma_address": "oma.example.net:8443",
}
ENVIRONMENT = """<?xml version="1.0" encoding="UTF-8"?>
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:oe="http://schemas.dmtf.org/ovf/environment/1"
             xmlns:ve="http://www.vmware.com/schema/ovfenv" oe:id="" ve:vCenterId="vm-12">
   <PlatformSection><Kind>VMware ESXi</Kind><Version>8.0.2</Version><Vendor>VMware, Inc.</Vendor><Locale>en</Locale></PlatformSection>
   <PropertySection>
         <Property oe:key="host_name" oe:value="vma1"/>
         <Property oe:key="ipv4_address" oe:value="192.0.2.20/24"/>
         <Property oe:key="dns" oe:value="192.0.2.53, 192.0.2.54"/>
         <Property oe:key="ntp" oe:value=""/>
   </PropertySection>
   <ve:EthernetAdapterSection><ve:Adapter ve:mac="00:50:56:00:00:01" ve:network="VM Network"/></ve:EthernetAdapterSection>
   <Entity oe:id="another"><PropertySection><Property oe:key="host_name" oe:value="another"/></PropertySection></Entity>
</Environment>
"""


def one(**given: object) -> Provided:
    return provided(Giver.CLOUDSTACK, given)


def test_everything_that_is_right_is_proposed_as_it_was_given() -> None:
    found = provided(Giver.VCENTER, WHOLE)
    assert found.model_dump(exclude={"flaws", "giver"}) == WHOLE
    assert (found.giver, found.flaws) == (Giver.VCENTER, [])


COMMAS = ("192.0.2.53,192.0.2.54", "192.0.2.53 192.0.2.54", " 192.0.2.53;\t192.0.2.54,, ", "192.0.2.53,192.0.2.54,192.0.2.53")


@pytest.mark.parametrize("text", COMMAS)
def test_a_list_may_be_one_text(text: str) -> None:
    assert one(dns=text).dns == ["192.0.2.53", "192.0.2.54"]


@pytest.mark.parametrize("empty", ["", "   ", []])
@pytest.mark.parametrize("key", ["dns", "ntp", "search_domains"])
def test_an_empty_value_was_not_given(key: str, empty: object) -> None:
    assert one(**{key: empty}) == Provided(giver=Giver.CLOUDSTACK)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("host_name", "-a", "a host name that can't be used: “-a” begins"),
        ("host_name", "a b", "has a space in it"),
        ("host_name", "localhost", "what every machine calls itself"),
        ("host_name", "a\x1b[2Jb", "does not show"),
        ("host_name", "a" * 5000, "has 5000 characters"),
        ("host_name", 7, "a host name that is no text"),
        ("host_name", ["a"], "a host name that is no text"),
        ("host_name", {"a": 1}, "a host name that is no text"),
        ("host_name", True, "a host name that is no text"),
        ("ipv4_address", "192.0.2.10", "an IPv4 address that can't be used: “192.0.2.10” has no prefix"),
        ("ipv4_address", "192.0.2.10/255.255.255.0", "has a mask in place of a prefix"),
        ("ipv4_address", "192.0.2.300/24", "is no IPv4 address"),
        ("ipv4_address", "192.0.2.0/24", "the address of the subnet itself"),
        ("ipv4_address", "2001:db8::1/64", "Type it under IPv6"),
        ("ipv4_address", "127.0.0.1/8", "loopback"),
        ("ipv6_address", "192.0.2.10/24", "Type it under IPv4"),
        ("ipv6_address", "fe80::1%eth0/64", "names an interface"),
        ("ipv4_gateway", "192.0.2.1/24", "has a prefix"),
        ("dns", "ns.example.net", "is no address"),
        ("dns", 53, "a name server that is no text"),
        ("dns", ["192.0.2.53", 53], "a name server that is no text"),
        ("dns", [f"192.0.2.{n}" for n in range(1, 100)], "more often than 8 times"),
        ("search_domains", ["example..net"], "a dot too many"),
        ("ntp", "1.2.3", "is no address"),
        ("oma_address", "https://oma", "neither an address nor a name"),
        ("oma_address", "192.0.2.1:99999", "neither an address nor a name"),
        ("oma_address", "-oProxyCommand=x", "neither an address nor a name"),
    ],
)
def test_what_can_not_be_used_is_told_and_left_out(key: str, value: object, told: str) -> None:
    found = one(**{key: value, "search_domains" if key != "search_domains" else "ntp": "example.net"})
    assert any(told in flaw for flaw in found.flaws), found.flaws
    assert len(found.flaws) == 1 and len(found.flaws[0]) < 400 and found.flaws[0].isprintable()
    assert found.search_domains or found.ntp == ["example.net"]


def test_of_a_list_the_good_entries_are_taken() -> None:
    found = one(dns=["192.0.2.53", "nonsense", "192.0.2.54"])
    assert found.dns == ["192.0.2.53", "192.0.2.54"] and len(found.flaws) == 1


def test_of_too_many_servers_the_first_ones_are_taken() -> None:
    assert len(one(dns=[f"192.0.2.{n}" for n in range(1, 100)]).dns) == 8


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_a_gateway_alone_is_left_out(family: str) -> None:
    gateway = "192.0.2.1" if family == "ipv4" else "2001:db8::1"
    found = one(**{f"{family}_gateway": gateway})
    assert "without an address" in found.flaws[0] and not found.ipv4_gateway + found.ipv6_gateway


def test_a_gateway_of_a_wrong_address_goes_with_it_and_is_told_once() -> None:
    found = one(ipv4_address="192.0.2.10", ipv4_gateway="192.0.2.1")
    assert len(found.flaws) == 1 and not found.ipv4_gateway


def test_what_is_not_known_is_named_and_its_value_is_not_told() -> None:
    found = one(host_name="oma1", password="hunter2", ssh_keys=["secret"])
    assert found.host_name == "oma1"
    assert found.flaws == ["The deployment gave “password”, “ssh_keys”, which this appliance does not know and leaves alone."]


def test_a_flood_of_flaws_is_cut() -> None:
    found = provided(Giver.CLOUDSTACK, {f"{'x' * 90}{number}": 1 for number in range(5000)} | {"dns": [f"x{n}" for n in range(9)]})
    assert len(found.flaws) == MOST_FLAWS + 1 and "more like these" in found.flaws[-1]
    assert max(map(len, found.flaws)) < 400 and "and 4996 more" in found.flaws[0]


@pytest.mark.parametrize("text", ["192.0.2.10", "oma", "oma.example.net:8443", "[2001:db8::10]:443", "2001:db8::10"])
def test_an_omas_address_may_have_a_port(text: str) -> None:
    assert oma_flaw(text) == ""


@given(
    st.dictionaries(
        st.sampled_from([*WHOLE, "other", ""]), st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists), max_size=9
    )
)
def test_whatever_comes_nothing_is_fatal(values: dict[str, object]) -> None:
    found = provided(Giver.CLOUDSTACK, values)
    assert all(flaw.isprintable() for flaw in found.flaws)
    assert Provided.model_validate_json(found.model_dump_json()) == found


# user data


def document(body: str = 'host_name = "oma1"\n', first: str = "#appliance", end: str = "\n") -> bytes:
    return f"{first}{end}{body}".encode()


FORMS = (
    *(document(), b"\xef\xbb\xbf" + document(), document(end="\r\n"), document(first="#appliance  ")),
    document('host_name = "oma1"'),
)


@pytest.mark.parametrize("data", FORMS)
def test_user_data_for_the_appliance_is_known_by_its_first_line(data: bytes) -> None:
    assert is_for_appliance(data) and read_document(data) == {"host_name": "oma1"}


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\n", b"#cloud-config\nhostname: x\n", b"#!/bin/sh\nrm -rf /\n", b"\x1f\x8b\x08\x00" + bytes(range(256)), b"#appliances\n"),
        *(
            b"\n#appliance\n",
            b" #appliance\n",
            b"#Appliance\n",
            bytes(1 << 16),
            "#appliance\n".encode("utf-16"),
            b"#appliance x\n",
            b"#applian",
        ),
        b"Content-Type: multipart/mixed\n\n#appliance\n",
    ],
)
def test_user_data_that_is_meant_for_something_else_is_left_alone(data: bytes) -> None:
    assert not is_for_appliance(data)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (document("host_name = !"), "at line 2"),
        (document('host_name = "oma'), "can't be read"),
        (document('dns = ["192.0.2.53",'), "can't be read"),
        (document("host_name = oma1"), "can't be read"),
        (document('host_name = "a"\nhost_name = "b"'), "can't be read"),
        (document("x = " + "[" * 4000), "can't be read"),
        (document("x = " + "{a=" * 1000), "can't be read"),
        (document("x = " + "1" * 4500), "larger than 4096 bytes"),
        (document() + bytes(1 << 16), "larger than 4096 bytes"),
        (document() + b"\xff\xfe", "no text in UTF-8"),
        (document() + b"\0", "can't be read"),
        (document(end="\r"), "can't be read"),
    ],
)
def test_a_document_that_can_not_be_read_says_why(data: bytes, told: str) -> None:
    assert is_for_appliance(data)
    with pytest.raises(Unusable, match=told) as caught:
        read_document(data)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "body",
    ["a." * 2030 + "a=1", "[" + "a." * 2030 + "a]", "".join(f"{'x.' * 60}k{n}=1\n" for n in range(32))],
    ids=["key", "table", "keys"],
)
def test_the_worst_document_of_the_largest_size_is_a_few_steps_for_each_byte(body: str) -> None:
    data = document(body)
    assert LARGEST * 0.9 < len(data) <= LARGEST
    assert provided(Giver.CLOUDSTACK, read_document(data)).flaws
    assert calls(lambda: provided(Giver.CLOUDSTACK, read_document(data))) < 10 * LARGEST


# vCenter's environment


def test_the_properties_of_this_machine_are_read_and_no_others() -> None:
    found = provided(Giver.VCENTER, read_environment(ENVIRONMENT.encode()))
    expected = Provided(giver=Giver.VCENTER, host_name="vma1", ipv4_address="192.0.2.20/24", dns=["192.0.2.53", "192.0.2.54"])
    assert found == expected


def test_an_environment_without_properties_gives_nothing() -> None:
    assert read_environment(b'<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1"/>') == {}
    assert read_environment(b"<Environment><PropertySection><Property key='host_name' value='a'/></PropertySection></Environment>") == {}


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 if n else str()};" * 10}">' for n in range(9)) + "]>"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (f"{LAUGHS}<x>&a8;</x>".encode(), "document type"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/shadow">]><x>&a;</x>', "document type"),
        (b'<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd"><x/>', "document type"),
        (b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://192.0.2.1/x"> %p;]><x/>', "document type"),
        (b"<x>&a;</x>", "undefined entity"),
        (ENVIRONMENT.encode()[:-40], "can't be read"),
        (b"", "can't be read"),
        (bytes(4096), "can't be read"),
        (b"\xff\xd8\xff\xe0" * 100, "can't be read"),
        (b'<?xml version="1.0" encoding="no-such"?><x/>', "can't be read"),
        (b"<x" + b" a='1'" * 2 + b"/>", "can't be read"),
        (bytes(LARGEST_ENVIRONMENT + 1), "larger than"),
    ],
)
def test_a_hostile_or_broken_environment_says_why(data: bytes, told: str) -> None:
    with pytest.raises(Unusable, match=told):
        read_environment(data)


def test_depth_costs_nothing() -> None:
    deep = b"<a>" * 9000 + b"</a>" * 9000
    assert len(deep) < LARGEST_ENVIRONMENT and read_environment(deep) == {}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_an_environment_may_be_in_other_encodings(encoding: str) -> None:
    text = ENVIRONMENT.replace('encoding="UTF-8"', f'encoding="{encoding[:6]}"').replace("\n", "\r\n")
    assert read_environment(text.encode(encoding))["host_name"] == "vma1"
