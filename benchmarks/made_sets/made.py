"""What a made mail is."""

from __future__ import annotations

from typing import NamedTuple

TRACKER, PERSONALISED, CLEAN = "tracker", "personalised", "clean"


class MadeMail(NamedTuple):
    """A mail with one reference that is asked about.

    ``raw`` are the bytes of the mail, ``url`` is the reference asked about as a reader of HTML gets it, ``expected`` its
    verdict; ``others`` are the verdicts of the references that belong to the frame, by URL.
    """

    name: str
    kind: str
    frame: str
    raw: bytes
    url: str
    expected: str
    others: dict[str, str]
