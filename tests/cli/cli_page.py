"""docs/cli.md is made from the commands that come from the contract.

`python -m tests.cli.cli_page` writes it; test_cli_page.py fails while it is not what this would write.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from appliance.cli.commands import Command, commands
from appliance.cli.fields import Field, body_fields, positional, query_fields
from appliance.cli.shortcuts import SHORTCUTS

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
HEAD = """# The command line

`appliance COMMAND …` asks the agent of this machine over its Unix socket, or another appliance with `--url` and `--token-file`
(over HTTPS with `--server-fingerprint`, the SHA-256 that the appliance's first screen shows). Every route of [the API](api.md) is a
command.

- `--json` prints the answer as one JSON document; without it lists are tables. Errors go to standard error, with `--json` as JSON too.
- `--wait` follows the job that was started to its end, and tells meanwhile on standard error how it gets on.
- Exit codes: 0 done; 1 refused, failed or unreachable; 2 wrong usage.
- Passwords and keys are never typed on the command line: they are asked for on the terminal, read from standard input, or from the
  first line of a file (`--password-file FILE`, `-` for standard input).
- `--body FILE` sends a whole JSON document instead of single options. Options in brackets may be left out; those with `…` may be given
  several times.
- The last column is the role that a token needs; the Unix socket of the machine needs none.

A noun alone lists or shows what there is of it: `appliance jobs`. Some words are short for what is done often:

{shortcuts}

`appliance agent`, `tui`, `lab` and `vendor` start programs; `appliance COMMAND --help` tells more about each.

Written by `python -m tests.cli.cli_page` from what the code declares.
"""


def written() -> str:
    """The page."""
    short = "\n".join(f"- `{word}`: `{' '.join((*one.words, *one.before))}`" for word, one in SHORTCUTS.items())
    parts = [HEAD.format(shortcuts=short)]
    for noun, own in groupby(commands(), key=lambda one: one.noun):
        parts.append(f"## {noun}\n\n| command | what it does | role |\n|---|---|---|\n" + "".join(map(_row, own)))
    return "\n".join(parts)


def _row(one: Command) -> str:
    summary = one.route.summary.splitlines()[0].replace("|", "&#124;")
    return f"| `appliance {usage(one)}` | {summary} | {one.route.role} |\n"


def usage(one: Command) -> str:
    """A command with what is typed after it."""
    fields = body_fields(one.route)
    words = [name.upper() for name in one.route.path_params]
    words += ["FILE"] if one.route.upload else []
    words += [field.name.upper() for field in fields if positional(field)]
    words += [_option(field) for field in (*fields, *query_fields(one.route)) if not positional(field)]
    return " ".join([one.words, *words])


def _option(field: Field) -> str:
    value = {"switch": "", "secret": "-file FILE", "number": " N", "decimal": " N", "json": " JSON"}.get(
        field.kind, f" {field.name.upper()}"
    )
    if field.choices:
        value = f" {'/'.join(field.choices)}"
    text = f"{field.option}{value}{' …' if field.many else ''}"
    return text if field.needed else f"[{text}]"


if __name__ == "__main__":
    PAGE.write_text(written())
