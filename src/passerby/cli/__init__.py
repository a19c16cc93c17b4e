"""The command line; nothing imports it."""

from passerby.cli.main import app, exit_code, main

__all__ = ["app", "exit_code", "main"]
