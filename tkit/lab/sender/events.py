"""The sender's log: which address is whose, and every request, in one SQLite file."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tkit.errors import TkitError
from tkit.lab.sender.forms import Address

_HOST = re.compile("[^/?]*")
_TABLES = """
CREATE TABLE IF NOT EXISTS copy (mailing TEXT, recipient TEXT, sent REAL, PRIMARY KEY (mailing, recipient));
CREATE TABLE IF NOT EXISTS address (
  place TEXT PRIMARY KEY, mailing TEXT, recipient TEXT, kind TEXT, picture INTEGER, leads_to TEXT, media TEXT
);
CREATE TABLE IF NOT EXISTS event (
  number INTEGER PRIMARY KEY, time REAL, place TEXT, kind TEXT, mailing TEXT, recipient TEXT, picture INTEGER, agent TEXT
);
"""


class Owned(NamedTuple):
    """An address with the mailing and the recipient that it belongs to; both ``""`` if it is the same for everybody."""

    address: Address
    mailing: str = ""
    recipient: str = ""


class Event(NamedTuple):
    """One request.

    Attributes
    ----------
    time : float
        When it came, in seconds since 1970 UTC by the recorder's clock.
    place : str
        Host, path and query that were asked for.
    kind : str
        See :data:`tkit.lab.sender.forms.Kind`.
    mailing, recipient : str
        Whose copy it was in; ``""`` if it is the same for everybody, or unknown.
    picture : int
        Number of the picture in the copy.
    agent : str
        The program that asked, as it names itself.
    """

    time: float
    place: str
    kind: str
    mailing: str
    recipient: str
    picture: int
    agent: str


class SentCopy(NamedTuple):
    """When the copy for a recipient was sent."""

    mailing: str
    recipient: str
    sent: float


def place_of(url: str) -> str:
    """Return host, path and query of a URL: what a server sees of it. The fragment and the port never count.

    >>> place_of("HTTP://News.Example:8080/a?b=1#c")
    'news.example/a?b=1'
    """
    whole = url.partition("//")[2].partition("#")[0]
    host = _HOST.match(whole)[0]  # type: ignore[index]  # matches everything
    rest = whole[len(host) :]
    return host.partition(":")[0].lower() + (rest if rest.startswith("/") else f"/{rest}")


class EventLog:
    """The sender's log.

    Parameters
    ----------
    path : path
        An SQLite file; made if it is not there.
    synchronous : {"FULL", "NORMAL"}
        When :meth:`write` returns, the events are in the file whatever happens to the process. With ``"FULL"`` they also
        survive a loss of power, for which each batch waits for the disk.

    Raises
    ------
    TkitError
        If the file cannot be opened, or is not a log.
    """

    def __init__(self, path: str | Path, synchronous: Literal["FULL", "NORMAL"] = "FULL") -> None:
        self.path = Path(path)
        self._lock = threading.Lock()  # the connection is used by the recorder's thread and by the caller's
        try:
            self._connection = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None, timeout=30)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute(f"PRAGMA synchronous={synchronous}")
            self._connection.executescript(_TABLES)
        except sqlite3.Error as error:
            raise TkitError(f"{self.path}: cannot be opened as a log ({error}): choose another file") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def register(self, mailing: str, recipient: str, addresses: Iterable[Address], sent: float) -> list[Owned]:
        """Store a copy that is sent, and its addresses; return them with their owner."""
        owned = [Owned(address) if address.kind == "content" else Owned(address, mailing, recipient) for address in addresses]
        rows = [(place_of(one.address.url), one.mailing, one.recipient, *one.address[1:]) for one in owned]
        with self._lock, self._connection:
            self._connection.execute("BEGIN")
            self._connection.execute("INSERT OR REPLACE INTO copy VALUES (?, ?, ?)", (mailing, recipient, sent))
            self._connection.executemany("INSERT OR REPLACE INTO address VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        return owned

    def addresses(self) -> dict[str, Owned]:
        """Return every address by its place."""
        rows = self._rows("SELECT place, kind, picture, leads_to, media, mailing, recipient FROM address")
        return {
            place: Owned(Address(place, kind, picture, leads_to, media), mailing, recipient)
            for place, kind, picture, leads_to, media, mailing, recipient in rows
        }

    def copies(self) -> list[SentCopy]:
        """Return every copy in the order of sending."""
        return [SentCopy(*row) for row in self._rows("SELECT mailing, recipient, sent FROM copy ORDER BY sent, rowid")]

    def write(self, events: Sequence[Event]) -> None:
        """Store events in one transaction; when this returns, they are in the file."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT INTO event (time, place, kind, mailing, recipient, picture, agent) VALUES (?, ?, ?, ?, ?, ?, ?)", events
            )

    def events(self) -> list[Event]:
        """Return every event in the order of writing."""
        columns = "time, place, kind, mailing, recipient, picture, agent"
        return [Event(*row) for row in self._rows(f"SELECT {columns} FROM event ORDER BY number")]

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._lock, closing(self._connection.execute(query)) as cursor:
            return cursor.fetchall()
