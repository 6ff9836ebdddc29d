"""Where mails come from: files, folders, mailboxes, archives and standard input; the public corpora.

What a file is decides its content, never its suffix:

- **Archive**: the magic number of ZIP, gzip, bzip2, xz or tar (POSIX, GNU, or the old form without a magic
  number). A compressed file that holds no tar is read as the one file that it holds. Archives in archives are
  not opened.
- **mbox**: ``From `` at the start of the file. A mail ends where a blank line is followed by a line that
  starts with ``From `` (RFC 4155 and the variant "mboxrd"); that blank line belongs to the mbox and not to
  the mail, and ``>From `` stays as it is written. A mail with a ``From `` line that is the only one of its
  file is a single mail, and all its bytes after that line are kept.
- **Mail**: one of the first :data:`HEADER_LINES` lines starts with a header field that mails have
  (``Received:``, ``Subject:``, any ``X-...:``, ...), and no NUL byte stands before it. In the body of real
  mails NUL bytes do occur.
- Anything else is a :class:`Problem`.

In folders, names that start with a dot are left out (``.mh_sequences``, ``.DS_Store``), but not the
subfolders of a Maildir (``.Sent``). In a Maildir, which is a folder with ``cur`` and ``new``, its ``tmp`` and
the server's own files beside them are left out; in an MH folder, one with ``.mh_sequences``, the removed
mails ``,7`` and ``#7``. Of archives, files whose name starts with a dot and what a Maildir's ``tmp`` holds
are left out. Links to folders are not followed.

Nothing is written to disk, and no more than one mail is held in memory.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing

from tkit.corpus.archives import read_file
from tkit.corpus.raw import DAMAGE, Peeked, Problem, RawMessage, printable, what_broke
from tkit.corpus.registry import CORPORA, PublicCorpus, corpus_of
from tkit.errors import TkitError

__all__ = ["CORPORA", "STDIN", "Problem", "PublicCorpus", "RawMessage", "corpus_of", "read_raw"]

STDIN = "-"
"""The path that stands for standard input."""

_MH_REMOVED = re.compile(r"[,#]\d+")


def read_raw(
    paths: Iterable[str | os.PathLike[str]],
    *,
    problems: list[Problem],
    progress: Callable[[int, int | None], None] | None = None,
) -> Iterator[RawMessage]:
    """Read every mail of some files, folders and archives, one after the other.

    Parameters
    ----------
    paths : iterable of str or path
        Mail files, mboxes, folders (with their subfolders), Maildirs, MH folders, archives (tar, also
        compressed by gzip, bzip2 or xz, and ZIP), single compressed files, and ``"-"`` for standard input.
        The module's text says how each is told.
    problems : list of Problem
        What could not be read is appended here while the mails are read; bad input never raises.
    progress : callable, optional
        Called with the bytes of the input files consumed so far (of an archive its compressed bytes) and
        their total, which is None where standard input is among them.

    Yields
    ------
    RawMessage
        In the order of `paths`; in folders by name, in archives as stored. A mail that occurs twice is given
        twice.

    Raises
    ------
    TkitError
        `paths` is one path and not several.

    Notes
    -----
    A tar that breaks off gives the mails before the break, then a Problem; so does a ZIP that lost its
    directory, as far as the members' own headers give their sizes. To leave the iterator early, close it
    (``contextlib.closing``): its file is closed with it.

    Examples
    --------
    >>> problems = []
    >>> list(read_raw(["no such file.eml"], problems=problems)), problems
    ([], [Problem(where='no such file.eml', what='cannot be read: No such file or directory')])
    """
    if isinstance(paths, str | bytes | os.PathLike):
        raise TkitError(f"read_raw: paths is the single path {paths!r}; give a list of paths")
    return _read_all([os.fspath(path) for path in paths], problems, progress)


def _read_all(
    paths: list[str], problems: list[Problem], progress: Callable[[int, int | None], None] | None
) -> Iterator[RawMessage]:
    total = None
    if progress is not None and STDIN not in paths:
        total = sum(file.size or 0 for path in paths for file in _input_files(path, []))
    finished = 0
    for path in paths:
        for file in _input_files(path, problems):
            # Closed here and not by the garbage collector, so that leaving early leaves no open file.
            with closing(file.read_messages(problems)) as messages:
                for message in messages:
                    yield message
                    if progress is not None:
                        progress(finished + file.tell(), total)
                finished += file.tell() if file.size is None else file.size
            if progress is not None:
                progress(finished, total)


def _input_files(path: str, problems: list[Problem]) -> Iterator[_InputFile]:
    """Return the regular files of a path, folders walked, names sorted."""
    if path == STDIN:
        yield _InputFile(STDIN, None)
        return
    waiting = [path]
    anything = False
    while waiting:
        current = waiting.pop()
        what = ""
        try:
            status = os.stat(current)
            if stat.S_ISDIR(status.st_mode):
                if current == path or not os.path.islink(current):
                    waiting.extend(reversed(_folder_entries(current)))
                    continue
                what = "a link to a folder is not followed: name the folder itself"
            elif not stat.S_ISREG(status.st_mode):
                what = "neither a file nor a folder: pipe its content into standard input"
        except (OSError, ValueError) as error:
            what = what_broke(error)
        anything = True
        if what:
            problems.append(Problem(printable(current), what))
        else:
            yield _InputFile(current, status.st_size)
    if not anything:
        problems.append(Problem(printable(path), "empty folder: it contains no mail, mbox or archive"))


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
    except OSError:  # a link that leads to itself: its own problem, and not that of the folder
        return False


class _InputFile:
    """A file that the user named, or that stands in a folder so named; `size` is None for standard input."""

    def __init__(self, path: str, size: int | None) -> None:
        self.path = path
        self.size = size
        self.tell: Callable[[], int] = lambda: 0

    def read_messages(self, problems: list[Problem]) -> Generator[RawMessage, None, None]:
        where = printable(self.path)
        try:
            if self.path != STDIN:
                with open(self.path, "rb") as file:
                    self.tell = file.tell
                    yield from read_file(file, Peeked(file), where, self.size, problems)
            elif sys.stdin is None:
                problems.append(Problem(where, "standard input is closed: pipe a mail or an mbox into it"))
            else:
                stream = Peeked(sys.stdin.buffer)
                self.tell = stream.tell
                yield from read_file(None, stream, where, None, problems)
        except DAMAGE as error:
            problems.append(Problem(where, what_broke(error)))
