"""The bytes of a mail, and the kind of a file by its first bytes.

The kind of a file depends on its content, never on its suffix; :mod:`tkit.corpus.reading` lists the rules.
"""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from typing import NamedTuple, Protocol

from tkit.mail.headers import HEADER_LINES, known_field
from tkit.mail.outlook import OLE_MAGIC, is_msg

HEAD_BYTES = 2**16
"""Bytes at the start of a file by which its kind is recognised."""

PST_MAGIC = b"!BDN"
"""The first bytes of an Outlook store (MS-PST, section 2.2.2.6)."""

TAR = "tar"
ZIP = "ZIP"
_ARCHIVES = {
    b"PK\x03\x04": ZIP,
    b"PK\x05\x06": ZIP,
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
    PST_MAGIC: "an Outlook store (.pst, .ost) in an archive or on standard input: unpack it and name the file",
    b"\xff\xfe": "UTF-16 text: save the mail as it was received",
    b"\xfe\xff": "UTF-16 text: save the mail as it was received",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: unpack it",
    b"Rar!\x1a\x07": "a RAR archive: unpack it",
    b"\x28\xb5\x2f\xfd": "a Zstandard file: unpack it",
}
_ARCHIVE_STARTS = tuple(_ARCHIVES)
_NO_MAIL_STARTS = tuple(_NO_MAIL)

# Everything that the standard library raises for damaged archives and files.
DAMAGE = (
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
        ``"name.tar!box#3"``, ``"imaps://user@host/INBOX/;UID=17"``; the path as the caller gave it. Characters that
        cannot be printed are escaped.
    raw : bytes
        The mail as found, without a leading mbox ``From `` line.
    """

    where: str
    raw: bytes


class Problem(NamedTuple):
    """An input that could not be read as mail: where it is (as in :class:`RawMessage`), and what is wrong with it."""

    where: str
    what: str


class Note(NamedTuple):
    """What the reader of a mailbox should know, and is no fault: where (as in :class:`RawMessage`), and what."""

    where: str
    what: str


class Readable(Protocol):
    """The part of a stream that is used."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, and none at the end."""
        ...


class Peeked:
    """A stream whose first bytes can be inspected before they are read."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.head = stream.read(HEAD_BYTES)
        self._unread = self.head
        self._position = len(self.head)

    @property
    def is_whole(self) -> bool:
        """Whether `head` is the whole content of the stream."""
        return len(self.head) < HEAD_BYTES

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, the peeked ones first."""
        taken = self._unread[:size]
        self._unread = self._unread[size:]
        if len(taken) == size or self.is_whole:
            return taken
        block = self._stream.read(size - len(taken))
        self._position += len(block)
        return taken + block if taken else block

    def tell(self) -> int:
        """Return the number of bytes read from the underlying stream."""
        return self._position


def archive_kind(head: bytes) -> str:
    """Return the kind of archive or compression that a file starts with, ``""`` for none."""
    if head.startswith(_ARCHIVE_STARTS):
        return next(kind for magic, kind in _ARCHIVES.items() if head.startswith(magic))
    # A tar header always has NUL bytes in its first block, and a mail never has.
    if b"\0" not in head[: tarfile.BLOCKSIZE]:
        return ""
    if head[257:262] == b"ustar":
        return TAR
    try:
        tarfile.TarInfo.frombuf(head[: tarfile.BLOCKSIZE], tarfile.ENCODING, "surrogateescape")
    except tarfile.TarError:
        return ""
    return TAR


def why_no_mail(raw: bytes) -> str:
    """Return why bytes are not a mail, ``""`` if they are one; :mod:`tkit.corpus.reading` has the rule."""
    if not raw:
        return "empty: it contains no mail"
    if raw.startswith(_NO_MAIL_STARTS):
        return next(what for start, what in _NO_MAIL.items() if raw.startswith(start))
    if raw.startswith(OLE_MAGIC):
        return "" if is_msg(raw) else "an OLE file, such as a Word or Excel document, not a mail"
    field = known_field(raw)
    if raw.find(b"\0", 0, HEAD_BYTES if field is None else field) >= 0:
        return "binary data, not a mail"
    if field is None:
        return f"not a mail: no mail header in its first {HEADER_LINES} lines"
    return ""


def printable(name: str) -> str:
    """Return a name with the characters that cannot be printed escaped."""
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name)


def reason(error: Exception) -> str:
    """Return an exception's text, or its type if it has none."""
    return str(error) or type(error).__name__


def what_broke(error: Exception) -> str:
    """Return the text of a :class:`Problem` for one of the exceptions in :data:`DAMAGE`."""
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    return f"truncated or damaged ({reason(error)}): read up to the damage; get the file again"
