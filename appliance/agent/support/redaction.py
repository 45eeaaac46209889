"""Takes secrets out of text and values: by what they look like, by the names they have, and those that are known."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Any

REMOVED = "[removed]"

SHORTEST = 12
"""Characters a known secret has at least; shorter ones would take half of every text with them."""
PEM_LINES = 100
"""Lines after which a private key whose end never comes counts as over."""

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_SECRET_WORD = re.compile(
    "passwords?|passwd|passphrase|pwd|secrets?|psk|keys?|tokens?|codes?|credentials|signature|hash|cookie|authorization|(api|secret|session)key"
)
_FAULT_KEY = re.compile(r"[a-z_]+(\.[a-z_]+)*")

_HINT = re.compile(r"pass|pwd|secret|psk|token|key|bearer|authori|signature|cookie|://|data-|nbd ", re.IGNORECASE)
_BEGIN, _END = (re.compile(rf"-----{edge} [A-Z0-9 ]{{0,40}}PRIVATE KEY-----") for edge in ("BEGIN", "END"))
_HEADERS = r"(?:\s*[A-Za-z-]{1,40}:[^\n\\]{0,200}(?:\n|\\n))*"
_VALUE = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;&"'}\])]+)"""
_NAMES = r"passw(?:or)?d|passphrase|pwd|secret|psk|token|api_?key|private_?key|session_?key|vault_?key|signature|cookie"

# Every repetition that could meet itself is bounded: these run on whatever somebody manages to get logged.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"{_BEGIN.pattern}{_HEADERS}[A-Za-z0-9+/=\\\s]*(?:{_END.pattern})?"), REMOVED),
    (re.compile(r"\b(bearer)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE), rf"\1 {REMOVED}"),
    (re.compile(r"(\bauthorization[\"']?\s*[:=]\s*[\"']?)(?!bearer )(?:\w{1,20}\s+)?[^\s\"',;]+", re.IGNORECASE), rf"\1{REMOVED}"),
    (re.compile(rf"((?:{_NAMES})[\w.-]{{0,40}}[\"']?\s{{0,4}}[=:]\s{{0,4}}){_VALUE}", re.IGNORECASE), rf"\1{REMOVED}"),
    (re.compile(r"\b([A-Za-z][\w+.-]{1,30}://[^\s/:@]{0,200}:)[^\s/]+@"), rf"\1{REMOVED}@"),
    (re.compile(r"\b(https?://[^\s?\"'<>]{1,500}\?)[^\s\"'<>]+"), rf"\1{REMOVED}"),
    (re.compile(r"\b(data-[\w-]{1,80}:)[0-9a-fA-F]{64}\b"), rf"\1{REMOVED}"),
    (re.compile(r"\b(NBD )[A-Za-z0-9_-]{16,}"), rf"\1{REMOVED}"),
)


def redact(text: str) -> str:
    """The text without what looks like a secret: private keys, bearer tokens, passwords in addresses, `password=…` and the like."""
    if _HINT.search(text) or _BEGIN.search(text):
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
    return text


def is_secret_name(name: str) -> bool:
    """Whether a field or column of this name may hold a secret."""
    return any(_SECRET_WORD.fullmatch(word.lower()) for word in _WORD.findall(name))


class Redactor:
    """Redacts by looks, and the `known` secrets in each form in which they could have been written down."""

    def __init__(self, known: Iterable[bytes] = ()) -> None:
        forms = {form for secret in known for form in _forms(secret) if len(form) >= SHORTEST}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self._known = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def text(self, text: str) -> str:
        """The text without secrets."""
        return redact(text if self._known is None else self._known.sub(REMOVED, text))

    def lines(self, lines: Iterable[str]) -> Iterator[str]:
        """The same for a long text, line by line: a private key may stretch over many. One long call would hold up every thread."""
        left = 0
        for line in lines:
            begins, ends = _BEGIN.search(line), _END.search(line)
            if left or (begins and not ends):
                left = 0 if ends else (left or PEM_LINES) - 1
                yield REMOVED + "\n"
            else:
                yield self.text(line)

    def value(self, value: Any) -> Any:
        """A JSON value without secrets: fields named like one are emptied, every text is redacted."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(name)): self._field(str(name), one, value) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(one) for one in value]
        return value

    def _field(self, name: str, value: Any, whole: dict[str, Any]) -> Any:
        if not is_secret_name(name) or value is None or isinstance(value, bool | int | float):
            return self.value(value)
        names_an_error = name == "key" and "guidance" in whole and isinstance(value, str) and _FAULT_KEY.fullmatch(value)
        return value if names_an_error else REMOVED


def _forms(secret: bytes) -> Iterator[str]:
    """A secret as it stands, in hexadecimal and in base64; one that is hexadecimal itself also as the bytes it stands for."""
    text = secret.decode(errors="ignore")
    if text.encode() == secret:
        yield text
    raw = [secret]
    if re.fullmatch(r"(?:[0-9a-fA-F]{2}){8,}", text):
        raw.append(bytes.fromhex(text))
    for one in raw:
        yield from (one.hex(), one.hex().upper())
        for coded in (base64.b64encode(one), base64.urlsafe_b64encode(one)):
            yield coded.decode().rstrip("=")
