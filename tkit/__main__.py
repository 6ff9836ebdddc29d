"""``python -m tkit``: the command line."""

from tkit.cli import main

main()
