"""Types that more than one part of the operator's API uses."""

from __future__ import annotations

from appliance.contract.api import OperatorModel


class JobRef(OperatorModel):
    """The job that was started."""

    job_id: str
