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

import bz2
import gzip
import lzma
import os
import re
import stat
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing
from functools import partial
from typing import IO, Any, NamedTuple, Protocol, Self, cast

from tkit.errors import TkitError

MAX_MESSAGE_BYTES = 100 * 2**20
"""A larger mail is skipped with a Problem and never read whole; mail servers refuse far smaller ones."""

HEADER_LINES = 50
"""A file without a known header field in so many leading lines is no mail."""

STDIN = "-"
"""The path that stands for standard input."""

_HEAD_BYTES = 2**16
_BLOCK_BYTES = 2**20
_TAR_BLOCK_BYTES = 2**15
# tarfile reads a long name or a pax header whole before it can be looked at; real ones are far below 1 MiB.
_MAX_TAR_HEADER_BYTES = 2**20

_FROM_LINE = re.compile(rb"From [^\r\n]*(?:\r*\n|\r|\Z)")
_MBOX_START = re.compile(rb"(?:\r?\n)*From ")
_MAIL_FIELD = re.compile(
    rb"(?:\A(?:\xef\xbb\xbf)?|[\r\n])(?:"
    rb"From|To|Cc|Bcc|Subject|Date|Sender|Reply-To|Message-ID|In-Reply-To|References|Received(?:-SPF)?|"
    rb"Return-Path|MIME-Version|Content-[a-z-]+|Resent-[a-z-]+|List-[a-z-]+|Delivered-To|Envelope-To|Apparently-To|"
    rb"Delivery-Date|Errors-To|Return-Receipt-To|Disposition-Notification-To|Precedence|Importance|Priority|"
    rb"Status|Organization|User-Agent|Authentication-Results|DKIM-Signature|DomainKey-Signature|ARC-[a-z-]+|"
    rb"X-[!-9;-~]+)[ \t]*:",
    re.IGNORECASE,
)
_MH_REMOVED = re.compile(r"[,#]\d+")
# <seconds>.<delivery>.<host>; in a streamed archive only such names tell a Maildir's tmp from another folder.
_MAILDIR_NAME = re.compile(r"\d+\.[^.]+\..+", re.DOTALL)
_LEADS_OUT = re.compile(r"[/\\]|[A-Za-z]:[/\\]|(?:.*[/\\])?\.\.(?:[/\\]|$)", re.DOTALL)

_TAR = "tar"
_ZIP = "ZIP"
_ARCHIVES = {
    b"PK\x03\x04": _ZIP,
    b"PK\x05\x06": _ZIP,
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
}
_NO_MAIL = {
    b"%PDF-": "a PDF document, not a mail",
    b"\x7fELF": "a program (ELF), not a mail",
    b"MZ\x90\x00": "a program (Windows), not a mail",
    b"\x89PNG\r\n": "a PNG picture, not a mail",
    b"\xff\xd8\xff": "a JPEG picture, not a mail",
    b"GIF8": "a GIF picture, not a mail",
    b"SQLite format 3\x00": "an SQLite database, not a mail",
    b"\xd0\xcf\x11\xe0": "an Outlook .msg or other OLE file: save the mail as .eml",
    b"!BDN": "an Outlook .pst or .ost store: convert it to mbox",
    b"\xff\xfe": "UTF-16 text: save the mail as it was received",
    b"\xfe\xff": "UTF-16 text: save the mail as it was received",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: unpack it",
    b"Rar!\x1a\x07": "a RAR archive: unpack it",
    b"\x28\xb5\x2f\xfd": "a Zstandard file: unpack it",
}
_ARCHIVE_STARTS = tuple(_ARCHIVES)
_NO_MAIL_STARTS = tuple(_NO_MAIL)

_NO_FILE = "a link, a device, a sparse file or the like: skipped"
_TOO_LARGE = "larger than the {} bytes that a mail may have: skipped; take out what it carries, or drop it"
# Whatever the standard library raises for bytes that are not what they say they are.
_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    OverflowError,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
)


class RawMessage(NamedTuple):
    """The bytes of one mail and where they were found.

    Attributes
    ----------
    where : str
        ``"a.eml"``, ``"box.mbox#17"`` (its 17th mail, counted from 1), ``"archive.tar.xz!member"``,
        ``"name.tar!box#3"``; the path is as it was given. Characters that cannot be printed are escaped.
    raw : bytes
        The mail as found, without a leading mbox ``From `` line.
    """

    where: str
    raw: bytes


class Problem(NamedTuple):
    """What could not be read as mail: where (as in :class:`RawMessage`), and what is wrong with it."""

    where: str
    what: str


class PublicCorpus(NamedTuple):
    """A public collection of mails and the archive that was made of it.

    Attributes
    ----------
    name : str
        Short name, the value of the column ``corpus``.
    title : str
        What it holds.
    repository, commit, folder : str
        Where it was taken from: GitHub ``owner/name``, the (abbreviated) hash of the commit, the folder;
        ``""`` where that is not known.
    licence : str
        The terms stated there.
    years : tuple of int
        First and last year of its mails.
    messages : int
        Number of mails that :func:`read_raw` finds in the archive.
    archive, archive_sha256 : str
        File name and SHA-256 (hex) of the archive.
    """

    name: str
    title: str
    repository: str
    commit: str
    folder: str
    licence: str
    years: tuple[int, int]
    messages: int
    archive: str
    archive_sha256: str


CORPORA: tuple[PublicCorpus, ...] = (
    PublicCorpus(
        name="csdmc2010",
        title="CSDMC2010 spam corpus, mails of 2004 to 2011 that SpamAssassin's corpus does not have",
        repository="WoodProgrammer/spam_filter",
        commit="92b9c55",
        folder="",
        licence="copyright stays with the senders of the mails",
        years=(2004, 2011),
        messages=3887,
        archive="csdmc2010.tar.xz",
        archive_sha256="ff9bb051ae5f0973b3b1379391537a63416c21888f64035a935e4fafbdf3295e",
    ),
    PublicCorpus(
        name="nazario",
        title="Nazario phishing corpus, three mboxes cut into single mails",
        repository="shaeferd/Phishing-Detection",
        commit="",
        folder="",
        licence="none stated",
        years=(2004, 2005),
        messages=1308,
        archive="nazario.tar.xz",
        archive_sha256="4b3a6d5bc405d60e4a5234fff61a012c26b1dd47b5e7557740d38353e8350bd8",
    ),
    PublicCorpus(
        name="phishing_pot",
        title="phishing_pot, spam, phishing and marketing caught by honey pots, recipients redacted",
        repository="rf-peixoto/phishing_pot",
        commit="8e207b5f465b",
        folder="email",
        licence="CC BY-NC 4.0",
        years=(2019, 2025),
        messages=5843,
        archive="phishing_pot.tar.xz",
        archive_sha256="09d9d2ac9e6e4d722a1880cefc48f2ca374db6d34461c220fca67bdd5769c497",
    ),
    PublicCorpus(
        name="spamassassin",
        title="SpamAssassin public corpus, easy ham, hard ham and spam",
        repository="johnmyleswhite/ML_for_Hackers",
        commit="4aa136e17eef",
        folder="03-Classification/data",
        licence="free to use; copyright stays with the senders of the mails",
        years=(2002, 2003),
        messages=6294,
        archive="spamassassin.tar.xz",
        archive_sha256="93b033d409e218fa6b14c7d6817d3a8e7aaf099f6e10b40ba86dbc490bf39182",
    ),
    PublicCorpus(
        name="trec07p",
        title="TREC 2007 public spam corpus, a part rich in mails with pictures",
        repository="Santi1503/machineLearning-dataScience",
        commit="a63dafbbdd11",
        folder="datasets/trec07p/data",
        licence="agreement of TREC; none stated in the repository",
        years=(2007, 2007),
        messages=10656,
        archive="trec07p.tar.xz",
        archive_sha256="353bb97751467a03fff109026d49cf88cfe8b37f4be6f3007e5b8100fd8d813a",
    ),
)
"""The public corpora that tkit is measured on, by name."""

_ARCHIVE_CORPUS = {corpus.archive: corpus.name for corpus in CORPORA}
_IN_CORPUS_ARCHIVE = re.compile(r"(?:^|[/\\])(" + "|".join(map(re.escape, _ARCHIVE_CORPUS)) + ")!")


def corpus_of(where: str) -> str:
    """Name the public corpus that a mail is from.

    Parameters
    ----------
    where : str
        As in :class:`RawMessage`.

    Returns
    -------
    str
        The name in :data:`CORPORA` where the archive is named as a public corpus's archive is, else ``""``.
        The archive's bytes are not looked at.

    Examples
    --------
    >>> corpus_of("corpora/trec07p.tar.xz!trec07p/inmail.1"), corpus_of("mine.mbox#3")
    ('trec07p', '')
    """
    found = _IN_CORPUS_ARCHIVE.search(where)
    return _ARCHIVE_CORPUS[found.group(1)] if found else ""


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
    """Give the regular files of a path, folders walked, names sorted."""
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
                what = "neither a file nor a folder: pipe its content to standard input"
        except (OSError, ValueError) as error:
            what = _what_broke(error)
        anything = True
        if what:
            problems.append(Problem(_printable(current), what))
        else:
            yield _InputFile(current, status.st_size)
    if not anything:
        problems.append(Problem(_printable(path), "empty folder: no mail, mbox or archive in it"))


def _folder_entries(folder: str) -> list[str]:
    with os.scandir(folder) as scan:
        entries = sorted(scan, key=lambda entry: entry.name)
    names = [entry.name for entry in entries]
    folders = {entry.name for entry in entries if entry.is_dir()}
    if {"cur", "new"} <= folders:
        names = [name for name in names if name in folders and name != "tmp"]
    else:
        mh_folder = ".mh_sequences" in names
        names = [name for name in names if not name.startswith(".") and not (mh_folder and _MH_REMOVED.fullmatch(name))]
    return [os.path.join(folder, name) for name in names]


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Peeked:
    """A stream whose first bytes can be looked at before they are read."""

    def __init__(self, stream: _Readable) -> None:
        self._stream = stream
        self.head = stream.read(_HEAD_BYTES)
        self._unread = self.head
        self._position = len(self.head)

    @property
    def is_whole(self) -> bool:
        """Whether `head` is all that the stream holds."""
        return len(self.head) < _HEAD_BYTES

    def read(self, size: int, /) -> bytes:
        taken = self._unread[:size]
        self._unread = self._unread[size:]
        if len(taken) == size or self.is_whole:
            return taken
        block = self._stream.read(size - len(taken))
        self._position += len(block)
        return taken + block if taken else block

    def tell(self) -> int:
        return self._position


class _InputFile:
    """A file that the user named, or that stands in a folder so named; `size` is None for standard input."""

    def __init__(self, path: str, size: int | None) -> None:
        self.path = path
        self.size = size
        self.tell: Callable[[], int] = lambda: 0

    def read_messages(self, problems: list[Problem]) -> Generator[RawMessage, None, None]:
        where = _printable(self.path)
        try:
            if self.path != STDIN:
                with open(self.path, "rb") as file:
                    self.tell = file.tell
                    yield from _read_file(file, _Peeked(file), where, self.size, problems)
            elif sys.stdin is None:
                problems.append(Problem(where, "standard input is closed: pipe a mail or an mbox to it"))
            else:
                stream = _Peeked(sys.stdin.buffer)
                self.tell = stream.tell
                yield from _read_file(None, stream, where, None, problems)
        except _DAMAGE as error:
            problems.append(Problem(where, _what_broke(error)))


def _read_file(
    file: IO[bytes] | None, stream: _Peeked, where: str, size: int | None, problems: list[Problem]
) -> Iterator[RawMessage]:
    """Read a file of any kind; `file` is what `stream` reads from where that can be searched."""
    kind = _archive_kind(stream.head)
    if kind == _ZIP and file is None:
        problems.append(Problem(where, "a ZIP archive on standard input: name it as a file"))
    elif kind == _ZIP and file is not None:
        yield from _read_zip(file, where, problems)
    elif kind in _DECOMPRESSORS:
        with _DECOMPRESSORS[kind](stream) as decompressed:
            content = _Peeked(decompressed)
            if _archive_kind(content.head) == _TAR:
                yield from _read_tar(content, where, problems)
            else:
                yield from _read_mails(content, where, None, problems)
    elif kind == _TAR:
        yield from _read_tar(stream, where, problems)
    else:
        yield from _read_mails(stream, where, size, problems)


# All three need nothing of the stream but read().
_DECOMPRESSORS: dict[str, Callable[[Any], AbstractContextManager[_Readable]]] = {
    "gzip": lambda stream: gzip.GzipFile(fileobj=stream, mode="rb"),
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}


def _archive_kind(head: bytes) -> str:
    if head.startswith(_ARCHIVE_STARTS):
        return next(kind for magic, kind in _ARCHIVES.items() if head.startswith(magic))
    # Every tar header has NUL bytes in its first block, and no mail has.
    if b"\0" not in head[: tarfile.BLOCKSIZE]:
        return ""
    if head[257:262] == b"ustar":
        return _TAR
    try:
        tarfile.TarInfo.frombuf(head[: tarfile.BLOCKSIZE], tarfile.ENCODING, "surrogateescape")
    except tarfile.TarError:
        return ""
    return _TAR


def _read_mails(stream: _Peeked, where: str, size: int | None, problems: list[Problem]) -> Iterator[RawMessage]:
    """Read what is no archive: one mail, or an mbox."""
    kind = _archive_kind(stream.head)
    if kind:
        problems.append(Problem(where, f"an archive ({kind}) in an archive is not opened: unpack it"))
    elif _MBOX_START.match(stream.head):
        yield from _read_mbox(stream, where, problems)
    elif what := _why_no_mail(stream.head):
        problems.append(Problem(where, what))
    elif size is not None and size > MAX_MESSAGE_BYTES:
        problems.append(Problem(where, _TOO_LARGE.format(MAX_MESSAGE_BYTES)))
    else:
        raw = stream.read(MAX_MESSAGE_BYTES + 1)
        if len(raw) > MAX_MESSAGE_BYTES:
            problems.append(Problem(where, _TOO_LARGE.format(MAX_MESSAGE_BYTES)))
        else:
            yield RawMessage(where, raw)


def _why_no_mail(raw: bytes) -> str:
    """Say why bytes are no mail, ``""`` where they are one; the module's text has the rule."""
    if not raw:
        return "empty: no mail in it"
    if raw.startswith(_NO_MAIL_STARTS):
        return next(what for start, what in _NO_MAIL.items() if raw.startswith(start))
    field = _MAIL_FIELD.search(raw, 0, _HEAD_BYTES)
    if raw.find(b"\0", 0, field.start() if field else _HEAD_BYTES) >= 0:
        return "binary data, not a mail"
    # The match begins with the line end before the field.
    if field is None or raw.count(b"\n", 0, field.end()) >= HEADER_LINES:
        return f"not a mail: no mail header in its first {HEADER_LINES} lines"
    return ""


def _read_mbox(stream: _Peeked, where: str, problems: list[Problem]) -> Iterator[RawMessage]:
    for number, (piece, is_last) in enumerate(_split_mbox(stream), 1):
        single = is_last and number == 1
        label = where if single else f"{where}#{number}"
        if piece is None:
            problems.append(Problem(label, _TOO_LARGE.format(MAX_MESSAGE_BYTES)))
            continue
        raw = piece
        while line := _FROM_LINE.match(raw):
            raw = raw[line.end() :]
        if is_last and not single:
            raw = _without_blank_line(raw)
        if what := _why_no_mail(raw):
            problems.append(Problem(label, what))
        else:
            yield RawMessage(label, raw)


def _without_blank_line(raw: bytes) -> bytes:
    for blank_line in (b"\r\n", b"\n"):
        if raw.endswith(b"\n" + blank_line):
            return raw[: -len(blank_line)]
    return raw


def _split_mbox(stream: _Peeked) -> Iterator[tuple[bytes | None, bool]]:
    """Cut an mbox before its ``From `` lines.

    Yields each mail with its ``From `` line and without the blank line that ends it (the last one with it),
    None for a mail that is too large; and whether it is the last.
    """
    separator = b"\nFrom "
    if stream.is_whole and separator not in stream.head:
        yield stream.head, True
        return
    pending = bytearray(stream.read(_BLOCK_BYTES).lstrip(b"\r\n"))
    searched = 0
    too_large = False
    while True:
        start = 0
        while (found := pending.find(separator, searched)) >= 0:
            searched = found + 1
            if pending[found - 1 : found] == b"\n":
                end = found
            elif pending[found - 2 : found] == b"\n\r":
                end = found - 1
            else:
                continue
            too_large = too_large or end - start > MAX_MESSAGE_BYTES
            yield None if too_large else bytes(pending[start:end]), False
            start = found + 1
            too_large = False
        del pending[:start]
        if len(pending) > MAX_MESSAGE_BYTES:
            too_large = True
            # The blank line and the beginning of a separator may stand at the end of this block.
            del pending[: -len(separator) - 2]
        searched = max(0, len(pending) - len(separator) + 1)
        block = stream.read(_BLOCK_BYTES)
        if not block:
            break
        pending += block
    yield None if too_large else bytes(pending), True


class _TarInput:
    """What ``tarfile`` reads from; a second read behind the end raises EOFError.

    ``tarfile`` skips a member's data by reading on as often as its size says, even when nothing comes.
    """

    def __init__(self, stream: _Peeked) -> None:
        self._stream = stream
        self._at_end = False

    def read(self, size: int, /) -> bytes:
        if self._at_end:
            raise EOFError("it ends within a member")
        block = self._stream.read(size)
        self._at_end = not block
        return block


class _StrictMember(tarfile.TarInfo):
    """A tar member with a sound header: ``tarfile`` silently takes a broken one for the archive's end."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        member = super().frombuf(buf, encoding, errors)
        if member.size > _MAX_TAR_HEADER_BYTES and member.type in (
            tarfile.XHDTYPE,
            tarfile.XGLTYPE,
            tarfile.SOLARIS_XHDTYPE,
            tarfile.GNUTYPE_LONGNAME,
            tarfile.GNUTYPE_LONGLINK,
        ):
            raise tarfile.ReadError(f"a header of {member.size} bytes")
        return member

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile_)
        except tarfile.HeaderError as error:
            if isinstance(error, tarfile.EOFHeaderError):  # type: ignore[attr-defined]
                raise
            raise tarfile.ReadError(f"{error}, and no end-of-archive mark") from None


def _read_tar(stream: _Peeked, where: str, problems: list[Problem]) -> Iterator[RawMessage]:
    anything = False
    with tarfile.open(
        fileobj=cast("IO[bytes]", _TarInput(stream)),
        mode="r|",
        bufsize=_TAR_BLOCK_BYTES,
        tarinfo=_StrictMember,
    ) as archive:
        while (member := archive.next()) is not None:
            # tarfile keeps every member it has seen, which a large archive has millions of.
            archive.members.clear()  # type: ignore[attr-defined]
            if member.isdir():
                continue
            anything = True
            label = f"{where}!{_printable(member.name)}"
            if what := _why_skip(member.name):
                problems.append(Problem(label, what))
            elif not member.isreg() or member.issparse():
                problems.append(Problem(label, _NO_FILE))
            elif not _is_left_out(member.name) and (content := archive.extractfile(member)) is not None:
                with content:
                    yield from _read_mails(_Peeked(content), label, member.size, problems)
    if not anything:
        problems.append(Problem(where, "empty archive: no file in it"))


def _read_zip(file: IO[bytes], where: str, problems: list[Problem]) -> Iterator[RawMessage]:
    broken = ""
    try:
        archive = zipfile.ZipFile(file)
    except _DAMAGE as error:
        broken = f"truncated or damaged ({_reason(error)}): members may be missing; get the file again"
    if broken:
        for member in _zip_members_without_directory(file):
            yield from _read_zip_member(partial(zipfile.ZipExtFile, file, "r"), member, where, problems)
        problems.append(Problem(where, broken))
        return
    with archive:
        members = [member for member in archive.infolist() if not _is_folder(member)]
        for member in members:
            yield from _read_zip_member(archive.open, member, where, problems)
    if not members:
        problems.append(Problem(where, "empty archive: no file in it"))


def _read_zip_member(
    opener: Callable[[zipfile.ZipInfo], AbstractContextManager[_Readable]],
    member: zipfile.ZipInfo,
    where: str,
    problems: list[Problem],
) -> Iterator[RawMessage]:
    label = f"{where}!{_printable(member.filename)}"
    unix_mode = member.external_attr >> 16
    if what := _why_skip(member.filename):
        problems.append(Problem(label, what))
    elif stat.S_IFMT(unix_mode) not in (0, stat.S_IFREG):
        problems.append(Problem(label, _NO_FILE))
    elif member.flag_bits & 1:
        problems.append(Problem(label, "encrypted: unpack the archive with its password"))
    elif not _is_left_out(member.filename):
        try:
            with opener(member) as content:
                yield from _read_mails(_Peeked(content), label, member.file_size, problems)
        except _DAMAGE as error:
            problems.append(Problem(label, f"damaged member ({_reason(error)}): skipped; get the archive again"))


def _zip_members_without_directory(file: IO[bytes]) -> Iterator[zipfile.ZipInfo]:
    """Walk a broken-off ZIP archive by its local headers (APPNOTE.TXT 4.3.7).

    `file` stands at a member's data when the member is given. Ends at the first member whose header does not
    give its size, as in a ZIP that was written to a pipe.
    """
    header = struct.Struct("<4s5H3I2H")
    file.seek(0)
    while len(block := file.read(header.size)) == header.size:
        magic, _, flags, method, _, _, crc, stored, size, name_bytes, extra_bytes = header.unpack(block)
        if magic != b"PK\x03\x04" or flags & 8:
            return
        name = file.read(name_bytes).decode("utf-8" if flags & 0x800 else "cp437", "replace")
        member = zipfile.ZipInfo(name or "?")
        member.flag_bits, member.compress_type, member.CRC = flags, method, crc
        member.compress_size, member.file_size = stored, size
        data = file.seek(extra_bytes, os.SEEK_CUR)
        if not _is_folder(member):
            yield member
        file.seek(data + stored)


def _is_folder(member: zipfile.ZipInfo) -> bool:
    # ZipInfo.is_dir() fails for an empty name.
    return member.filename.endswith("/")


def _why_skip(name: str) -> str:
    if _LEADS_OUT.match(name):
        return "a member whose name leads out of the archive (absolute, or with '..'): skipped"
    return ""


def _is_left_out(name: str) -> bool:
    folder, _, base = name.rpartition("/")
    in_tmp = folder == "tmp" or folder.endswith("/tmp")
    return base.startswith(".") or (in_tmp and _MAILDIR_NAME.fullmatch(base) is not None)


def _printable(name: str) -> str:
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _what_broke(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    return f"truncated or damaged ({_reason(error)}): read up to the break; get the file again"
