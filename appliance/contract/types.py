"""Types that more than one part of the contract uses."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, PlainSerializer, SecretStr
from pydantic_core import PydanticCustomError

from appliance.contract.api import OperatorModel

_UNSEEN = ("Cc", "Cs", "Zl", "Zp")


def _one_line(text: str) -> str:
    if text != text.strip() or any(unicodedata.category(sign) in _UNSEEN for sign in text):
        raise ValueError("no line breaks or control characters, and no space at the beginning or end")
    return text


OneLine = AfterValidator(_one_line)
"""What a name or an address must be: one line, as it is seen. Letters of every script and emoji are welcome."""


def pattern_of(names: Sequence[str]) -> str:
    """What a text with one or several of these names looks like, for the OpenAPI document."""
    one = "|".join(names)
    return f"^({one})(,({one}))*$"


def several_of(names: Sequence[str]) -> Callable[[str], str]:
    """A check that a text is one of these names, or several with commas between them; what is wrong says which there are."""
    expected = ", ".join(names)

    def check(text: str) -> str:
        if not set(text.split(",")) <= set(names):
            raise PydanticCustomError("unknown_name", "use one or several of these, with commas between them: {names}", {"names": expected})
        return text

    return check


Secret = Annotated[SecretStr, PlainSerializer(SecretStr.get_secret_value, return_type=str, when_used="json")]
"""A secret that crosses the wire in a request, and shows in no log or representation. No answer to an operator has one."""


class KeptFile(OperatorModel):
    """A file that is kept on the appliance, to be fetched."""

    name: str
    size_bytes: int
    created_at: datetime
    sha256: str


class FetchFrom(OperatorModel):
    """A web address that this appliance can reach, of the file as it is given out."""

    address: Annotated[str, Field(pattern=r"^https?://[^\s@]+$", max_length=2000)]


class SendTo(OperatorModel):
    """An https address that a file may be put to (HTTP PUT).

    `fingerprint` is the SHA-256 of the server's certificate, where no known authority has signed it.
    """

    address: Annotated[str, Field(pattern=r"^https://[^\s@]+$", max_length=2000)]
    fingerprint: Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31})?$")] = ""


class JobRef(OperatorModel):
    """The job that was started."""

    job_id: str
