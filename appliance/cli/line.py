"""The command line of the API: what can be typed, and what is done then."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from itertools import groupby

from appliance.cli import asking
from appliance.cli.arguments import Misused
from appliance.cli.commands import Command, commands
from appliance.cli.connection import add_connection, transport
from appliance.cli.shortcuts import SHORTCUTS, expanded
from appliance.contract.errors import Fault

VALUED = ("--socket", "--url", "--token-file", "--server-fingerprint")
OF_ALL = (*VALUED, "--json")
"""Options of every command; the first ones are followed by a value."""


def run(words: Sequence[str]) -> int:
    """Exit codes: 0 done, 1 refused, failed or unreachable, 2 wrong usage."""
    words, resolve = expanded(with_action(options_last(words)))
    typed = parser(words[0] if words else "").parse_args(words)
    return asyncio.run(_request(typed)) if typed.noun == "request" else asking.run(typed.command, typed, resolve)


def options_last(words: Sequence[str]) -> Sequence[str]:
    """Options of every command that stand before it are taken as if they stood behind it (pure)."""
    first = 0
    while first < len(words) and words[first].startswith(OF_ALL):
        first += 2 if words[first] in VALUED else 1
    return [*words[first:], *words[:first]]


def with_action(words: Sequence[str]) -> Sequence[str]:
    """A noun alone lists or shows what there is of it (pure)."""
    if not words or (len(words) > 1 and (not words[1].startswith("-") or words[1] in ("-h", "--help"))):
        return words
    looking = [one.action for one in commands() if one.noun == words[0] and one.action in ("list", "show") and not one.route.path_params]
    return [words[0], looking[0], *words[1:]] if looking else words


def parser(noun: str = "") -> argparse.ArgumentParser:
    """All commands; what can be typed after them only for `noun`, which is what makes it quick."""
    made = argparse.ArgumentParser(
        prog="appliance",
        description="Runs a migration appliance, and asks it whatever its API can be asked.",
        epilog="Exit codes: 0 done, 1 refused, failed or unreachable, 2 wrong usage.",
    )
    nouns = made.add_subparsers(dest="noun", required=True, metavar="COMMAND")
    nouns.add_parser("agent", help="run the agent: appliance agent --role oma|vma --config FILE")
    nouns.add_parser("tui", help="open the console on this terminal: appliance tui --help")
    nouns.add_parser("lab", help="run a stand-in of a cloud: appliance lab vcenter|cloudstack --help")
    nouns.add_parser("vendor", help="the vendor's side of the shell gate: appliance vendor --help")
    _add_request(nouns.add_parser("request", help="send one request to the agent, and print its answer"))
    for word, one in SHORTCUTS.items():
        nouns.add_parser(word, help=f"short for: appliance {' '.join((*one.words, *one.before))}")
    for name, own in groupby(commands(), key=lambda one: one.noun):
        _add_noun(nouns, name, tuple(own), whole=name == noun)
    return made


def _add_noun(nouns: argparse._SubParsersAction[argparse.ArgumentParser], name: str, own: tuple[Command, ...], *, whole: bool) -> None:
    if len(own) == 1:
        _add_command(nouns, name, own[0], whole=whole)
        return
    noun = nouns.add_parser(name, help=", ".join(one.action for one in own))
    actions = noun.add_subparsers(dest="action", required=True, metavar="ACTION")
    for one in own if whole else ():
        _add_command(actions, one.action, one, whole=True)


def _add_command(into: argparse._SubParsersAction[argparse.ArgumentParser], word: str, command: Command, *, whole: bool) -> None:
    summary = command.route.summary.replace("%", "%%")
    made = into.add_parser(word, help=summary.splitlines()[0], description=summary)
    if whole:
        asking.prepare(made, command)
        made.set_defaults(command=command)


def _add_request(made: argparse.ArgumentParser) -> None:
    made.add_argument("method", choices=("GET", "POST", "PUT", "DELETE"))
    made.add_argument("path", help="for example /api/v1/jobs")
    made.add_argument("body", nargs="?", help="a JSON document, or - to read it from standard input")
    add_connection(made)


async def _request(typed: argparse.Namespace) -> int:
    text = sys.stdin.read() if typed.body == "-" else typed.body
    path, _, query = typed.path.partition("?")
    pairs = dict(pair.partition("=")[::2] for pair in query.split("&") if pair)
    try:
        way = transport(typed)
    except Misused as problem:
        print(f"appliance request: {problem}.", file=sys.stderr)
        return asking.MISUSED
    try:
        status, content = await way.send(typed.method, path, pairs, None if text is None else text.encode())
    except Fault as error:
        print(f"{error.message} {error.guidance} [{error.cause}]", file=sys.stderr)
        return asking.REFUSED
    finally:
        await way.close()
    try:
        print(json.dumps(json.loads(content), indent=2, ensure_ascii=False))
    except ValueError:  # texts and files as they are
        sys.stdout.buffer.write(content)
    return asking.DONE if status < 400 else asking.REFUSED
