"""Starting the lab's child processes so that none of them outlives the lab."""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Sequence
from pathlib import Path

# Guests may use all the processor that the appliances leave; --pdeathsig ends them when the lab dies, however it dies.
CHILD_PREFIX = ("setpriv", "--pdeathsig", "KILL", "nice", "-n", "10")


async def spawn(argv: Sequence[str], folder: Path, pass_fds: Sequence[int], log: Path) -> Process:
    """Start a program in `folder` with its messages going to `log`; it is killed by the kernel if the lab dies."""
    messages = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        return await asyncio.create_subprocess_exec(
            *CHILD_PREFIX, *argv, cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=messages, stderr=messages, pass_fds=pass_fds
        )
    finally:
        os.close(messages)


async def kill(process: Process) -> None:
    """End a process at once, as a power cut does, and reap it."""
    if process.returncode is None:
        process.send_signal(signal.SIGKILL)
    await process.wait()


async def run(*argv: str) -> bytes:
    """Run a short program to its end and return what it printed; raises ToolFailed with its messages when it fails."""
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, messages = await process.communicate()
    if process.returncode:
        raise ToolFailed(f"{argv[0]} ended with {process.returncode}: {messages.decode(errors='replace').strip()}")
    return output


class ToolFailed(Exception):
    """A program that the lab relies on did not do what it was asked."""
