"""The console: what an operator sees on the first virtual terminal, over serial and over SSH."""
