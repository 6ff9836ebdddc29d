"""``python -m tkit.cli``: the command line."""

from tkit.cli import main

main()
