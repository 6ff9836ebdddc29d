"""Mails that were fetched from a server, kept on disk until the run that reads them has ended, so that a killed run goes on.

A spool is one SQLite file, readable by its owner only, in the folder ``tkit/imap`` of the user's cache
(``XDG_CACHE_HOME``, else ``~/.cache``). It is deleted when all mails have been read. One that a killed run left, and that
nothing has used for :data:`MAX_AGE_DAYS`, is deleted when the next one is opened.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MAX_AGE_DAYS = 7
"""Days after which a spool that nothing has used is deleted."""

_TABLES = """
CREATE TABLE IF NOT EXISTS state (uidvalidity INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS mails (uid INTEGER PRIMARY KEY, packed BLOB NOT NULL);
"""
_SCHEMA = 1


class SpoolError(Exception):
    """A spool that cannot be used, and why."""


class Spool:
    """The fetched mails of one folder.

    Parameters
    ----------
    name : str
        What tells the folder from every other one, such as its URL.

    Raises
    ------
    SpoolError
        If the file cannot be written, or another process uses it.
    """

    def __init__(self, name: str) -> None:
        folder = _folder()
        self.path = folder / f"{hashlib.sha256(name.encode()).hexdigest()}.sqlite"
        self.has_failed = False
        """Whether a mail could not be kept; those that were kept before can still be read."""
        with _failing():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _delete_old(folder)
            self._database = self._open()

    def _open(self) -> sqlite3.Connection:
        for _ in range(2):
            # SQLite would make the file, and its journal, readable by everybody whom the umask lets.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            # One thread at a time uses it, but not always the one that opened it.
            database = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
            try:
                database.execute("PRAGMA locking_mode=EXCLUSIVE")
                database.execute("BEGIN EXCLUSIVE")  # the lock stays until the connection is closed
                version = database.execute("PRAGMA user_version").fetchone()[0]
                if version not in (0, _SCHEMA):
                    raise sqlite3.DatabaseError("of another version")
                for statement in _TABLES.split(";"):
                    database.execute(statement)
                database.execute(f"PRAGMA user_version={_SCHEMA}")
                database.execute("COMMIT")
                return database
            except sqlite3.OperationalError:  # locked, or the disk is full
                database.close()
                raise
            except sqlite3.DatabaseError:  # damaged, as after a power cut
                database.close()
                self.path.unlink()
        raise SpoolError("damaged")

    @property
    def uidvalidity(self) -> int | None:
        """The numbering of the server to which the mails belong; None if there are no mails yet."""
        with _failing():
            row = self._database.execute("SELECT uidvalidity FROM state").fetchone()
        return None if row is None else int(row[0])

    def start(self, uidvalidity: int) -> None:
        """Forget all mails and begin with a numbering of the server.

        Raises
        ------
        SpoolError
            If the disk is full or fails.
        """
        with _failing():
            self._database.execute("BEGIN")
            self._database.execute("DELETE FROM mails")
            self._database.execute("DELETE FROM state")
            self._database.execute("INSERT INTO state VALUES (?)", (uidvalidity,))
            self._database.execute("COMMIT")

    def uids(self) -> set[int]:
        """Return the numbers of the mails that were fetched.

        Raises
        ------
        SpoolError
            If the file is damaged.
        """
        with _failing():
            return {int(uid) for (uid,) in self._database.execute("SELECT uid FROM mails")}

    def add(self, mails: Iterable[tuple[int, bytes]]) -> None:
        """Keep mails: all of them or, if the process is killed meanwhile, none.

        Raises
        ------
        SpoolError
            If the disk is full or fails.
        """
        self.has_failed = True
        with _failing():
            self._database.execute("BEGIN")
            self._database.executemany(
                "INSERT OR REPLACE INTO mails VALUES (?, ?)", ((uid, zlib.compress(raw, 1)) for uid, raw in mails)
            )
            self._database.execute("COMMIT")
        self.has_failed = False

    def mail(self, uid: int) -> bytes | None:
        """Return the bytes of a mail; None if it is not there or cannot be read."""
        with suppress(sqlite3.Error, zlib.error):
            row = self._database.execute("SELECT packed FROM mails WHERE uid = ?", (uid,)).fetchone()
            return None if row is None else zlib.decompress(row[0])
        return None

    def close(self) -> None:
        """Close the file and leave it for the next run."""
        self._database.close()

    def delete(self) -> None:
        """Close the file and delete it."""
        self.close()
        self.path.unlink(missing_ok=True)


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise SpoolError(_why(error)) from None


def _folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "tkit" / "imap"


def _delete_old(folder: Path) -> None:
    oldest = time.time() - MAX_AGE_DAYS * 24 * 3600
    for path in folder.glob("*.sqlite*"):
        with suppress(OSError):  # another process has deleted it
            if path.stat().st_mtime < oldest:
                path.unlink()


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "another run of tkit is reading this folder" if "locked" in str(error) else str(error)
