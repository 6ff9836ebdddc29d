"""The command line: one verb a function."""

from tkit.cli.main import main

__all__ = ["main"]
