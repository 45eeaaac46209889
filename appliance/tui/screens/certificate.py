"""A vCenter's certificate before it is trusted: shown, compared, confirmed."""

from __future__ import annotations

from appliance.contract.credentials import ShownCertificate
from appliance.tui import words
from appliance.tui.screens.base import ConsoleScreen

COMPARE = (
    "Compare the fingerprint with the one that the vCenter itself shows, on its own console or to its administrators. Only if both are "
    "the same press F8: this appliance then trusts this certificate and no other."
)
CHANGED = "It is NOT the certificate that is trusted now. Somebody has renewed it, or another machine answers in its place."
SAME = "It is the certificate that is trusted now."


def certificate_words(shown: ShownCertificate, trusted: str = "") -> str:
    """What is read before the answer; `trusted` is the fingerprint of before, if there is one (pure)."""
    issuer = "itself" if shown.self_signed else shown.issuer
    compared = [] if not trusted else [SAME if same(shown.fingerprint, trusted) else CHANGED]
    return "\n".join([
        *words.fingerprint(shown.fingerprint).splitlines(),
        f"Issued to  {shown.subject}",
        f"by         {issuer}",
        f"for        {', '.join(shown.names) or 'no name'}",
        f"Valid      {shown.not_before:%Y-%m-%d} to {shown.not_after:%Y-%m-%d}",
        "",
        *compared,
        COMPARE,
    ])  # fmt: skip


def same(one: str, other: str) -> bool:
    """Whether two fingerprints are the same, however they are written (pure)."""
    return one.replace(":", "").lower() == other.replace(":", "").lower()


async def is_trusted(screen: ConsoleScreen, host: str, shown: ShownCertificate, trusted: str = "") -> bool:
    """Show it and ask; only from a worker."""
    return await screen.confirmed(f"Trust this certificate of {host}?", certificate_words(shown, trusted))
