"""Run the command line as ``python -m tkit``."""

from tkit.cli import main

main()
