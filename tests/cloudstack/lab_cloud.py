"""The lab cloud as these tests see it."""

from dataclasses import dataclass
from typing import Any

from appliance.cloudstack._client import Pace
from appliance.lab.cloudstack import CloudstackLab

FAST = Pace(first=0.01, most=0.05)


@dataclass
class LabCloud:
    """The lab and what its account file says."""

    lab: CloudstackLab
    account: dict[str, Any]

    def commands(self) -> list[str]:
        """The commands it was sent, in order, without the asking."""
        log = self.lab.cloud.log.read()
        return [str(line["command"]) for line in log if not str(line["command"]).startswith(("list", "query"))]
