"""A mail with a tracker, a personalised picture and a logo, by a bundle by hand, for programs that load a bundle folder."""

from pathlib import Path
from typing import NamedTuple

from made_bundle import made

# The bundle flags long paths as trackers, and what has a short path and a query as individual.
TRACKER, PERSONALISED = b"src=http://t.example/open/by/you.gif", b"src=http://p.example/card?name=Ada"
HTML = b"<img %s width=1 height=1><img %s width=90 height=40><img src=http://c.example/logo>\r\n" % (TRACKER, PERSONALISED)


class ThreeVerdicts(NamedTuple):
    """The folder of the bundle, the HTML, and what is left of it where personalised pictures are kept or dropped."""

    model: Path
    html: bytes
    left: dict[str, bytes]


def three_verdicts(folder: Path) -> ThreeVerdicts:
    """Write the bundle to a folder."""
    made().save(folder)
    kept = HTML.replace(TRACKER, b"")
    return ThreeVerdicts(folder, HTML, {"keep": kept, "drop": kept.replace(PERSONALISED, b"")})
