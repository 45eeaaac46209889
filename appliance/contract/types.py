"""Types that more than one part of the contract uses."""

from __future__ import annotations

from typing import Annotated

from pydantic import PlainSerializer, SecretStr

from appliance.contract.api import OperatorModel

Secret = Annotated[SecretStr, PlainSerializer(SecretStr.get_secret_value, return_type=str, when_used="json")]
"""A secret that crosses the wire in a request, and shows in no log or representation. No answer to an operator has one."""


class JobRef(OperatorModel):
    """The job that was started."""

    job_id: str
