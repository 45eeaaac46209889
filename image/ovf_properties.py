"""What vCenter asks when the appliance is deployed: values that the set-up then fills into its fields (appliance/agent/provided)."""

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr


@dataclass(frozen=True)
class Property:
    """One value, empty unless it is filled in. `longest` is in characters."""

    key: str
    label: str
    description: str
    longest: int = 255


_NETWORK = (
    Property("host_name", "Host name", "Such as vma1.example.net.", 64),
    Property("ipv4_address", "IPv4 address", "With its prefix, such as 192.0.2.10/24. Empty: by DHCP.", 18),
    Property("ipv4_gateway", "IPv4 gateway", "Such as 192.0.2.1.", 15),
    Property("ipv6_address", "IPv6 address", "With its prefix, such as 2001:db8::10/64. Empty: by router advertisements.", 43),
    Property("ipv6_gateway", "IPv6 gateway", "Such as 2001:db8::1.", 39),
    Property("dns", "Name servers", "Addresses with commas between, such as 192.0.2.53, 192.0.2.54.", 1024),
    Property("search_domains", "Search domains", "With commas between, such as example.net.", 1024),
    Property("ntp", "Time servers", "Names or addresses with commas between, such as ntp.example.net.", 1024),
)
_PAIRING = (Property("oma_address", "Address of the OMA", "The other appliance's address or name, such as oma.example.net."),)

CATEGORY = "Filled into the fields of the first set-up on the console; in force only after they were tried there. No passwords."


def properties(role: str) -> tuple[Property, ...]:
    """What is asked for an appliance of this role. The VMA is the one that dials."""
    return (*_NETWORK, *_PAIRING) if role == "vma" else _NETWORK


def render_properties(asked: tuple[Property, ...]) -> str:
    """The elements that follow a product section's version (DSP0243, 9.5); nothing where nothing is asked."""
    lines = [f"<Category>{escape(CATEGORY)}</Category>"] if asked else []
    for one in asked:
        attributes = f'ovf:key={quoteattr(one.key)} ovf:type="string" ovf:qualifiers="MaxLen({one.longest})"'
        lines += [
            f'<Property {attributes} ovf:userConfigurable="true" ovf:value="">',
            f"  <Label>{escape(one.label)}</Label>",
            f"  <Description>{escape(one.description)}</Description>",
            "</Property>",
        ]
    return "".join(f"      {line}\n" for line in lines)
