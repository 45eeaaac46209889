"""The log of every API request: what tests read to see who called what."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

SECRET = ("signature", "apikey", "command", "response", "signatureversion", "expires", "password", "userdata")


class RequestLog:
    """`requests.jsonl`: one line per request."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, command: str, params: Mapping[str, str], user_agent: str, api_key: str, status: int, outcome: str) -> None:
        """Append one request; signature and the like are left out."""
        shown = {name: value for name, value in params.items() if name.lower() not in SECRET}
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "command": command,
            "params": shown,
            "user_agent": user_agent,
            "api_key": api_key,
            "status": status,
            "outcome": outcome,
        }
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def read(self) -> list[dict[str, object]]:
        """All requests so far, oldest first."""
        return [json.loads(line) for line in self._path.read_text().splitlines()] if self._path.exists() else []
