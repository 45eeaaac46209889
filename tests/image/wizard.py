"""The first set-up, gone through with the keys of the machine's own keyboard."""

from __future__ import annotations

import re

from tests.image.machine import Machine

PASSWORD = "correct horse 9-battery"
ADDRESS, GATEWAY = "10.0.2.77/24", "10.0.2.2"
"""On the network that QEMU makes up, beside the address that it leases."""
LEASED = "10[.]0[.]2[.]15/24"

MASKED = rf"[•*]{{{len(PASSWORD)}}}"
"""What a field shows of it."""

WELCOME, NETWORK, PAIRING = (rf"Set-up {step}" for step in ("1 of 4: Welcome", "2 of 4: Network", "3 of 4: Pairing"))
CODE = r"Code +([0-9A-Z]{4} [0-9A-Z]{4})\b"

PAIRED = 120.0
"""Seconds for a pairing, with the key exchange that it takes."""

BOOT = 1500.0
"""Seconds from the power button to the set-up, at most, on a machine that other things run on. It is measured by figures.py."""


async def welcome(machine: Machine) -> str:
    """Wait for the set-up's first step after switching on; returns the screen."""
    return await machine.guest.shows(WELCOME, BOOT)


async def choose_password(machine: Machine) -> str:
    """The first step: the password twice. Returns the screen of the second one."""
    await machine.guest.shows("The same again")
    await machine.type(f"{PASSWORD}\t{PASSWORD}")
    await machine.guest.shows(rf"{MASKED}(.|\n)*{MASKED}")
    await machine.press("f8")
    return await machine.guest.shows(NETWORK)


async def configure_network(machine: Machine, address: str = ADDRESS, gateway: str = GATEWAY, before: str = LEASED) -> str:
    """The second step: an address by hand for the first interface, tried and kept. Returns the second step's screen.

    `before` is a pattern of what the interface has until then.
    """
    guest = machine.guest
    await guest.shows(before)
    await machine.press("ret")
    await guest.shows("[(]x[)] automatic")
    await machine.press("down")
    await guest.shows("[(]x[)] by hand")
    await machine.press("tab")
    await machine.type(f"{address}\t{gateway}")
    await guest.shows(re.escape(gateway))
    await machine.press("f8")
    await guest.shows(f"{NETWORK}(.|\n)*changed")
    return await keep_network(machine, gateway)


async def keep_network(machine: Machine, gateway: str) -> str:
    """The second step: what is in its fields, tried and kept. Returns the second step's screen."""
    guest = machine.guest
    await machine.press("f8")
    await guest.shows("Try these settings[?]")
    await machine.press("f8")
    await guest.shows(rf"Network on trial(.|\n)*{re.escape(gateway)} is the gateway")
    await machine.picture("network-on-trial")
    await machine.press("f8")
    await guest.shows("The trial is over: kept")
    await machine.press("esc")
    return await guest.shows(rf"{NETWORK}(.|\n)*Last trial +kept")


async def pairing_code(machine: Machine) -> str:
    """The third step of an OMA; returns the code that is shown."""
    await machine.press("f7")
    shown = await machine.guest.shows(CODE)
    found = re.search(CODE, shown)
    assert found is not None
    return found[1]


async def join(machine: Machine, address: str, code: str) -> str:
    """The third step of a VMA: with the OMA's address and its code. Returns the screen that says with whom it is paired."""
    await machine.press("f7")
    await machine.guest.shows("Address of the OMA")
    await machine.type(f"{address}\t{code}")
    await machine.guest.shows(re.escape(code))
    await machine.press("f8")
    return await machine.guest.shows("Paired with", PAIRED)


async def log_in(machine: Machine) -> None:
    """From the idle screen to where the set-up or the operation goes on."""
    await machine.press("f2")
    await machine.guest.shows("Password")
    await machine.type(f"{PASSWORD}\n")
