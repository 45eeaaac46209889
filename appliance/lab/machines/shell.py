"""Typing commands into a guest over its serial line."""

from appliance.lab.machines.serial import Console

USER, PASSWORD = "root", "lab"


class GuestShell:
    """A root shell on the serial console of the lab's guest."""

    def __init__(self, console: Console) -> None:
        self._console = console

    async def login(self, timeout: float = 120.0) -> None:
        """Wait (seconds) for the login prompt and log in; raises TimeoutError or ConsoleClosed."""

    async def run(self, command: str, timeout: float = 60.0) -> str:
        """Run a command and return what it printed; raises CommandRefused with the text when its exit status is not 0."""
        raise NotImplementedError

    async def logout(self) -> None:
        """Go back to the login prompt, which shows today's marker."""
