"""Types that more than one part of the contract uses."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer, SecretStr

from appliance.contract.api import OperatorModel

_UNSEEN = ("Cc", "Cs", "Zl", "Zp")


def _one_line(text: str) -> str:
    if text != text.strip() or any(unicodedata.category(sign) in _UNSEEN for sign in text):
        raise ValueError("no line breaks or control characters, and no space at the beginning or end")
    return text


OneLine = AfterValidator(_one_line)
"""What a name or an address must be: one line, as it is seen. Letters of every script and emoji are welcome."""

Secret = Annotated[SecretStr, PlainSerializer(SecretStr.get_secret_value, return_type=str, when_used="json")]
"""A secret that crosses the wire in a request, and shows in no log or representation. No answer to an operator has one."""


class JobRef(OperatorModel):
    """The job that was started."""

    job_id: str
