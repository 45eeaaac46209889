"""The console over SSH: Debian's OpenSSH server, run and watched by the agent, for one account and one program."""
