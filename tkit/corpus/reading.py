"""Read mails from files, folders, mailboxes, archives and standard input.

The kind of a file depends on its content, never on its suffix:

- **Archive**: the magic number of ZIP, gzip, bzip2, xz or tar (POSIX, GNU, or the old form without a magic number). A
  compressed file without a tar inside is read as a single file. Archives in archives are not opened.
- **mbox**: ``From `` at the start of the file; :mod:`tkit.corpus.mbox` says where its mails end.
- **Mail**: one of the first :data:`~tkit.mail.headers.HEADER_LINES` lines starts with a header field of mails
  (``Received:``, ``Subject:``, any ``X-...:``, ...), and there is no NUL byte before it. Bodies of real mails do contain
  NUL bytes.
- **Outlook**: an OLE file with the streams of a ``.msg``, or a ``.pst`` or ``.ost`` store (:mod:`tkit.corpus.pst`).
- Anything else is a :class:`Problem`.

In folders, names that start with a dot are left out (``.mh_sequences``, ``.DS_Store``), but not the subfolders of a
Maildir (``.Sent``). In a Maildir, which is a folder with ``cur`` and ``new``, the folder ``tmp`` and the files of the
server are left out; in an MH folder, which contains ``.mh_sequences``, the removed mails ``,7`` and ``#7``. In archives,
files whose name starts with a dot and files in a Maildir's ``tmp`` are left out. Links to folders are not followed.

Only the mails are read of a Thunderbird profile (:mod:`tkit.corpus.thunderbird`), of a folder in it, and of a Google
Takeout (:mod:`tkit.corpus.takeout`), packed or not. ``imaps://user@host/FOLDER`` is a folder on a server
(:mod:`tkit.corpus.imap`).

Only one mail is in memory at a time, and nothing is written to disk except what comes from a server
(:mod:`tkit.corpus.spool`).
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, Protocol

from tkit.corpus import takeout, thunderbird
from tkit.corpus.archives import read_file
from tkit.corpus.mailbox_url import is_mailbox_url, parse_mailbox_url
from tkit.corpus.raw import DAMAGE, Note, Peeked, Problem, RawMessage, printable, what_broke
from tkit.errors import TkitError

if TYPE_CHECKING:
    from tkit.corpus.imap import Mailboxes

STDIN = "-"
"""The path that means standard input."""

_MH_REMOVED = re.compile(r"[,#]\d+")


def read_raw(
    paths: Iterable[str | os.PathLike[str]],
    *,
    problems: list[Problem],
    progress: Callable[[int, int | None], None] | None = None,
    notes: list[Note] | None = None,
    ask: Callable[[str], str | None] | None = None,
) -> Iterator[RawMessage]:
    """Read every mail in files, folders, archives and mailboxes, one after the other.

    Parameters
    ----------
    paths : iterable of str or path
        Mail files, mboxes, folders (with their subfolders), Maildirs, MH folders, archives (tar, also compressed with
        gzip, bzip2 or xz, and ZIP), single compressed files, Thunderbird profiles, Outlook stores, folders of an IMAP
        server (``"imaps://user@host/INBOX"``), and ``"-"`` for standard input.
        :mod:`tkit.corpus.reading` says how each is recognised.
    problems : list of Problem
        Inputs that cannot be read are appended here while the mails are read. Bad input never raises.
    progress : callable, optional
        Called with the number of bytes read from the input files so far (compressed bytes for archives) and their total,
        which is None if standard input is one of them.
    notes : list of Note, optional
        What a reader of the mailbox should know is appended here: folders that were read or skipped, deleted mails that were
        left out, a run that goes on where an earlier one stopped.
    ask : callable, optional
        Asks for the password of ``user@host`` if it is found nowhere else (:mod:`tkit.corpus.credentials`).

    Yields
    ------
    RawMessage
        In the order of `paths`; in folders by name, in archives as stored. A mail that occurs twice is yielded twice.

    Raises
    ------
    TkitError
        If `paths` is a single path, not several; if the URL of a server's folder is wrong; while reading, if a server cannot
        be reached, refuses the password or has no such folder, or if the connection is lost and cannot be made again.

    Notes
    -----
    A truncated tar yields the mails before the damage, then a Problem. So does a ZIP without its directory, as long as
    the headers of the members contain their sizes. To stop early, close the iterator (``contextlib.closing``), which
    closes its file.

    Examples
    --------
    >>> problems = []
    >>> list(read_raw(["no such file.eml"], problems=problems)), problems
    ([], [Problem(where='no such file.eml', what='cannot be read: No such file or directory')])
    """
    if isinstance(paths, str | bytes | os.PathLike):
        named = "a URL" if is_mailbox_url(os.fsdecode(paths)) else repr(paths)  # which may hold a password
        raise TkitError(f"read_raw: paths is the single path {named}; give a list of paths")
    names = [os.fspath(path) for path in paths]
    urls = {name: parse_mailbox_url(name) for name in names if is_mailbox_url(name)}
    notes = [] if notes is None else notes
    mailboxes = None
    if urls:
        from tkit.corpus.imap import Mailboxes  # noqa: PLC0415  few runs read from a server

        mailboxes = Mailboxes(urls, notes, ask)
    return _read_all(names, mailboxes, problems, progress, notes)


class _Input(Protocol):
    """One input: a file, or a folder on a server."""

    @property
    def size(self) -> int | None: ...

    def tell(self) -> int: ...

    def read_messages(self, problems: list[Problem]) -> Generator[RawMessage, None, None]: ...


def _read_all(
    paths: list[str],
    mailboxes: Mailboxes | None,
    problems: list[Problem],
    progress: Callable[[int, int | None], None] | None,
    notes: list[Note],
) -> Iterator[RawMessage]:
    def inputs(path: str, problems: list[Problem], notes: list[Note]) -> Iterator[_Input]:
        if mailboxes is not None and path in mailboxes:
            return iter(mailboxes.folders(path))
        return _input_files(path, problems, notes)

    with closing(mailboxes) if mailboxes is not None else nullcontext():
        total = None
        if progress is not None and STDIN not in paths:
            total = sum(file.size or 0 for path in paths for file in inputs(path, [], []))
        finished = 0
        for path in paths:
            for file in inputs(path, problems, notes):
                # Closed here and not by the garbage collector, so that no file stays open if the caller stops early.
                with closing(file.read_messages(problems)) as messages:
                    for message in messages:
                        yield message
                        if progress is not None:
                            progress(finished + file.tell(), total)
                    finished += file.tell() if file.size is None else file.size
                if progress is not None:
                    progress(finished, total)


def _input_files(path: str, problems: list[Problem], notes: list[Note]) -> Iterator[_Input]:
    """Yield the regular files of a path; folders are walked, their names sorted."""
    if path == STDIN:
        yield _InputFile(STDIN, None, notes)
        return
    waiting = [path]
    from_thunderbird: set[str] = set()
    is_empty = True
    while waiting:
        current = waiting.pop()
        what = ""
        try:
            status = os.stat(current)
            if stat.S_ISDIR(status.st_mode):
                if current != path and os.path.islink(current):
                    what = "a link to a folder is not followed: name the folder itself"
                elif (entries := _mailbox_entries(current, notes, from_thunderbird)) is not None:
                    is_empty = False
                    waiting.extend(reversed(entries))
                    continue
                else:
                    waiting.extend(reversed(_folder_entries(current)))
                    continue
            elif not stat.S_ISREG(status.st_mode):
                what = "neither a file nor a folder: pipe its content into standard input"
        except (OSError, ValueError) as error:
            what = what_broke(error)
        is_empty = False
        if what:
            problems.append(Problem(printable(current), what))
        else:
            yield _InputFile(current, status.st_size, notes, current in from_thunderbird)
    if is_empty:
        problems.append(Problem(printable(path), "empty folder: it contains no mail, mbox or archive"))


def _mailbox_entries(folder: str, notes: list[Note], from_thunderbird: set[str]) -> list[str] | None:
    """Return the files and folders to read of a folder of Thunderbird or a Takeout; None if it is neither."""
    if profiles := thunderbird.profiles_in(folder):
        return profiles
    if thunderbird.is_profile(folder):
        accounts = thunderbird.accounts_of(folder)
    elif thunderbird.is_account(os.listdir(folder)):
        accounts = [folder]
    elif boxes := takeout.mail_files(folder):
        notes.append(Note(printable(folder), "a Google Takeout: only its .mbox files are read"))
        return boxes
    else:
        return None
    files: list[str] = []
    for account in accounts:
        found = list(thunderbird.mail_folders(account))
        notes += thunderbird.notes_of(account, found)
        files += [file for mail_folder in found for file in mail_folder.files]
    from_thunderbird.update(files)
    return files


def _folder_entries(folder: str) -> list[str]:
    with os.scandir(folder) as scan:
        entries = sorted(scan, key=lambda entry: entry.name)
    names = [entry.name for entry in entries]
    folders = {entry.name for entry in entries if _is_folder(entry)}
    if {"cur", "new"} <= folders:
        names = [name for name in names if name in folders and name != "tmp"]
    else:
        mh_folder = ".mh_sequences" in names
        names = [name for name in names if not name.startswith(".") and not (mh_folder and _MH_REMOVED.fullmatch(name))]
    return [os.path.join(folder, name) for name in names]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself is a problem of its own, not one of the folder
        return False


class _InputFile:
    """A file that the user named, or in a folder that the user named; `size` is None for standard input."""

    def __init__(self, path: str, size: int | None, notes: list[Note], from_thunderbird: bool = False) -> None:
        self.path = path
        self.size = size
        self._notes = notes
        self._from_thunderbird = from_thunderbird or os.path.isfile(path + thunderbird.SUMMARY)
        self._tell: Callable[[], int] = lambda: 0

    def tell(self) -> int:
        """Return the number of bytes read so far."""
        return self._tell()

    def read_messages(self, problems: list[Problem]) -> Generator[RawMessage, None, None]:
        """Yield the mails in the file."""
        where = printable(self.path)
        try:
            if self.path != STDIN:
                with open(self.path, "rb") as file:
                    self._tell = file.tell
                    messages = read_file(file, Peeked(file), where, self.size, problems, self._notes)
                    if self._from_thunderbird:
                        messages = thunderbird.without_deleted(messages, where, self._notes)
                    yield from messages
            elif sys.stdin is None:
                problems.append(Problem(where, "standard input is closed: pipe a mail or an mbox into it"))
            else:
                stream = Peeked(sys.stdin.buffer)
                self._tell = stream.tell
                yield from read_file(None, stream, where, None, problems, self._notes)
        except DAMAGE as error:
            problems.append(Problem(where, what_broke(error)))
