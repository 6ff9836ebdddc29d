"""Six recipients of two clients whose readings and receipts were written by hand."""

from made_lab import scenario

from tkit.lab.play import Person, Played, Read
from tkit.lab.sender import Open, Timeline

HOUR = 3600.0
SENT = 1000.0

# Hours after sending: readings, receipts.
TRUTH = {
    "a1": ("plain", [2.0, 5.0, 9.0], [2.0, 5.0, 9.0]),  # every reading has its receipt
    "a2": ("plain", [], []),
    "a3": ("plain", [4.0], [4.001]),  # 3.6 seconds later
    "b1": ("proxy", [30.0, 40.0, 50.0], [1.0]),  # before it was read
    "b2": ("proxy", [], [1.0]),  # never read
    "b3": ("proxy", [20.0], []),  # missed
}


def played() -> Played:
    """Return the run."""
    people = tuple(Person(name, group, False) for name, (group, _, _) in TRUTH.items())
    reads = [Read(name, SENT + hour * HOUR) for name, (_, hours, _) in TRUTH.items() for hour in hours]
    lines = tuple(
        Timeline("m", name, SENT, tuple(Open(SENT + hour * HOUR, "agent") for hour in hours), (), bool(hours))
        for name, (_, _, hours) in TRUTH.items()
    )
    clients = ({"name": "plain", "behaviour": "loads-on-open"}, {"name": "proxy", "behaviour": "prefetches"})
    return Played(scenario(6, *clients), people, tuple(sorted(reads, key=lambda read: read.time)), lines, {"open": 6})
