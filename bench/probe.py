"""`python -m bench.probe SOCKET ROUNDS PATH…`: asks an agent over its socket, and tells how many milliseconds each answer took.

A process of its own, so that nothing else that the benchmark does is in its figures. With 0 rounds it goes on until its input ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence

import aiohttp

PAUSE = 0.005
"""Seconds between two questions: an operator's console, not a flood."""


async def probe(socket: str, rounds: int, paths: Sequence[str]) -> dict[str, list[float]]:
    """Milliseconds from question to the last byte of the answer, by path. Raises RuntimeError when an answer is not a good one."""
    times: dict[str, list[float]] = {path: [] for path in paths}
    told = asyncio.create_task(asyncio.to_thread(sys.stdin.read)) if not rounds else None
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(socket)) as http:
        done = 0
        while done < rounds if told is None else not told.done():
            for path in paths:
                began = time.perf_counter()
                async with http.get(f"http://agent{path}") as answer:
                    body = await answer.read()
                times[path].append((time.perf_counter() - began) * 1000)
                if answer.status != 200:
                    raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
                await asyncio.sleep(PAUSE)
            done += 1
    return times


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(probe(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))))
