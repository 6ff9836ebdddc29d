"""What the sender believes: for each recipient of a mailing when it was opened, from the requests alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from tkit.lab.sender.events import Event, SentCopy


class Open(NamedTuple):
    """A mail was opened, the sender believes: when, and by which program."""

    time: float
    agent: str


class Timeline(NamedTuple):
    """What the sender sees of one copy.

    Attributes
    ----------
    mailing, recipient : str
        Whose copy it is.
    sent : float
        When it was sent, in seconds since 1970 UTC.
    opens : tuple of Open
        In the order of time. Of a copy with several pictures, the n-th open is the first n-th request of one of them.
    clicks : tuple of Open
        Links that were followed.
    pictures : int
        How many different pictures of the copy were asked for.
    """

    mailing: str
    recipient: str
    sent: float
    opens: tuple[Open, ...] = ()
    clicks: tuple[Open, ...] = ()
    pictures: int = 0


class Timelines:
    """Collects events into timelines, one at a time or many.

    Parameters
    ----------
    copies : iterable of SentCopy
        What was sent.
    events : iterable of Event
        What came so far.
    """

    def __init__(self, copies: Iterable[SentCopy] = (), events: Iterable[Event] = ()) -> None:
        self._sent: dict[tuple[str, str], float] = {}
        self._opens: dict[tuple[str, str], dict[int, list[Open]]] = defaultdict(lambda: defaultdict(list))
        self._clicks: dict[tuple[str, str], list[Open]] = defaultdict(list)
        for copy in copies:
            self.sent(copy)
        for event in events:
            self.add(event)

    def sent(self, copy: SentCopy) -> Timeline:
        """Add a copy and return its timeline."""
        self._sent[copy.mailing, copy.recipient] = copy.sent
        return self.of(copy.mailing, copy.recipient)

    def add(self, event: Event) -> Timeline | None:
        """Add a request; return the timeline that it changed, None if it says nothing of a recipient."""
        key = event.mailing, event.recipient
        if key not in self._sent or event.kind not in ("open", "click"):
            return None
        found = Open(event.time, event.agent)
        if event.kind == "open":
            self._opens[key][event.picture].append(found)
        else:
            self._clicks[key].append(found)
        return self.of(*key)

    def of(self, mailing: str, recipient: str) -> Timeline:
        """Return the timeline of one copy."""
        key = mailing, recipient
        series = [sorted(own) for own in self._opens[key].values()] if key in self._opens else []
        most = max(map(len, series), default=0)
        opens = tuple(min(own[number] for own in series if number < len(own)) for number in range(most))
        return Timeline(mailing, recipient, self._sent[key], opens, tuple(self._clicks.get(key, ())), len(series))

    def all(self) -> list[Timeline]:
        """Return every timeline in the order of sending."""
        return [self.of(*key) for key in self._sent]
