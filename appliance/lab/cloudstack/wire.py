"""The request side of the protocol: parameters, signature, paging. Pure functions.

Source: CloudStack developer's guide, "Signing API requests" and ApiServer.verifyRequest.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from .errors import ApiError, missing_parameter, unknown_entity

MAX_PAGE_SIZE = 500
EXPIRES_FORMAT = "%Y-%m-%dT%H:%M:%S%z"
_ENTRY = re.compile(r"^(?P<name>\w+)\[(?P<index>\d+)\]\.?(?P<key>.*)$")

Row = dict[str, object]


def signature_of(params: Mapping[str, str], secret_key: str, unencoded: str = "") -> str:
    """HMAC-SHA1 over the sorted, encoded and lower-cased parameters without `signature`, base64."""
    named = sorted((name.lower(), value) for name, value in params.items() if name.lower() != "signature")
    text = "&".join(f"{quote(name, safe='[]')}={quote(value, safe='*' + unencoded)}" for name, value in named).lower()
    digest = hmac.new(secret_key.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def is_signed(params: Mapping[str, str], secret_key: str, now: datetime) -> bool:
    """Whether the signature fits and, with signature version 3, the request has not expired."""
    lowered = {name.lower(): value for name, value in params.items()}
    # Some clients (libcloud) leave brackets of values as they are when they sign.
    accepted = [signature_of(params, secret_key, unencoded) for unencoded in ("", "[]")]
    if not any(hmac.compare_digest(each, lowered.get("signature", "")) for each in accepted):
        return False
    if lowered.get("signatureversion") != "3":
        return True
    try:
        return datetime.strptime(lowered.get("expires", ""), EXPIRES_FORMAT) > now
    except ValueError:
        return False


class Params:
    """The parameters of one request; names do not depend on case."""

    def __init__(self, command: str, values: Mapping[str, str]) -> None:
        self.command = command
        self.values = {name.lower(): value for name, value in values.items()}
        self._as_sent = values

    def text(self, name: str, default: str = "") -> str:
        """The value, or the default where it is absent."""
        return self.values.get(name, default)

    def required(self, name: str) -> str:
        """The value; its absence is a 431."""
        if name not in self.values:
            raise missing_parameter(self.command, name)
        return self.values[name]

    def whole(self, name: str) -> int | None:
        """A whole number, or None where it is absent."""
        if name not in self.values:
            return None
        try:
            return int(self.values[name])
        except ValueError as error:
            raise unknown_entity(self.command, name, self.values[name]) from error

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean as Java's Boolean.parseBoolean reads it."""
        return self.values[name].lower() == "true" if name in self.values else default

    def several(self, name: str) -> list[str]:
        """A comma-separated list."""
        return [part for part in self.text(name).split(",") if part]

    def entries(self, name: str) -> list[dict[str, str]]:
        """A list of maps sent as `name[0].key=value`; keys keep their case."""
        found: dict[int, dict[str, str]] = {}
        for parameter, value in self._as_sent.items():
            match = _ENTRY.match(parameter)
            if match and match["name"].lower() == name:
                found.setdefault(int(match["index"]), {})[match["key"]] = value
        return [found[index] for index in sorted(found)]


def paged(rows: list[Row], params: Params) -> list[Row]:
    """The page that was asked for; `page` and `pagesize` go together (BaseListCmd)."""
    page, size = params.whole("page"), params.whole("pagesize")
    if page is None and size is None:
        return rows[:MAX_PAGE_SIZE]
    if page is None or size is None:
        absent, given = ("page", "pagesize") if page is None else ("pagesize", "page")
        raise ApiError(431, f'"{absent}" parameter is required when "{given}" is specified', 9999)
    if size > MAX_PAGE_SIZE:
        raise ApiError(431, f"Page size can not exceed max allowed page size: {MAX_PAGE_SIZE}", 9999)
    return rows[(page - 1) * size : page * size]
