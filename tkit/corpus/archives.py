"""Read mails from archives: tar (also compressed with gzip, bzip2 or xz) and ZIP, as streams.

A compressed file without a tar inside is read as a single file. Archives in archives are not opened. Files whose name
starts with a dot, files in a Maildir's ``tmp``, links, and members with a path outside the archive are left out. Nothing
is written to disk, and only one mail is in memory at a time.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import IO, Any, Self, cast

from tkit.corpus import takeout
from tkit.corpus.mbox import read_mails
from tkit.corpus.pst import read_pst
from tkit.corpus.raw import (
    DAMAGE,
    PST_MAGIC,
    TAR,
    ZIP,
    Note,
    Peeked,
    Problem,
    RawMessage,
    Readable,
    archive_kind,
    printable,
    reason,
)

_TAR_BLOCK_BYTES = 2**15
# tarfile reads a long name or a pax header whole before it can be checked; real ones are far smaller than 1 MiB.
_MAX_TAR_HEADER_BYTES = 2**20
_XZ_MEMORY_BYTES = 2**28  # four times what the highest preset of xz needs
_XZ_BLOCK_BYTES, _XZ_MAGIC_BYTES = 2**16, 6
_SPARSE_GOES_ON = 504  # the byte in old GNU tar's sparse header that says that another header follows
# <seconds>.<delivery>.<host>: in a streamed archive, only such names distinguish a Maildir's tmp from other folders.
_MAILDIR_NAME = re.compile(r"\d+\.[^.]+\..+", re.DOTALL)
_OUTSIDE = re.compile(r"[/\\]|[A-Za-z]:[/\\]|(?:.*[/\\])?\.\.(?:[/\\]|$)", re.DOTALL)

_NO_FILE = "not a regular file (a link, a device, a sparse file): skipped"


def read_file(
    file: IO[bytes] | None, stream: Peeked, where: str, size: int | None, problems: list[Problem], notes: list[Note]
) -> Iterator[RawMessage]:
    """Read a file of any kind; `file` is the file under `stream` if it is seekable, else None."""
    kind = archive_kind(stream.head)
    if kind == ZIP and file is None:
        problems.append(Problem(where, "a ZIP archive on standard input: give its path instead"))
    elif kind == ZIP and file is not None:
        yield from _read_zip(file, where, problems, notes)
    elif kind in _DECOMPRESSORS:
        with _DECOMPRESSORS[kind](stream) as decompressed:
            content = Peeked(decompressed)
            if archive_kind(content.head) == TAR:
                yield from _read_tar(content, where, problems, notes)
            else:
                yield from read_mails(content, where, None, problems)
    elif file is not None and stream.head.startswith(PST_MAGIC):
        yield from read_pst(file, where, problems, notes)
    elif kind == TAR:
        yield from _read_tar(stream, where, problems, notes)
    else:
        yield from read_mails(stream, where, size, problems)


class _XzInput(io.RawIOBase):
    """A decompressed xz file, as ``lzma.LZMAFile``, which however takes as much memory as the file demands, up to 4 GiB."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._decompressor = self._for_a_stream()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._decompressed(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _for_a_stream(self) -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)

    def _decompressed(self, most: int) -> bytes:
        data = b""
        while not data:
            block = b""
            if self._decompressor.eof:
                block = self._decompressor.unused_data
                while len(block) < _XZ_MAGIC_BYTES and (more := self._stream.read(_XZ_BLOCK_BYTES)):
                    block += more
                if archive_kind(block) != "xz":  # padding, or foreign data after the end
                    break
                self._decompressor = self._for_a_stream()
            elif self._decompressor.needs_input:
                block = self._stream.read(_XZ_BLOCK_BYTES)
                if not block:
                    raise EOFError("it ends inside the compressed data")
            data = self._decompressor.decompress(block, most)
        return data


# All three only call read() of the stream.
_DECOMPRESSORS: dict[str, Callable[[Any], AbstractContextManager[Readable]]] = {
    "gzip": lambda stream: gzip.GzipFile(fileobj=stream, mode="rb"),
    "bzip2": bz2.BZ2File,
    "xz": lambda stream: io.BufferedReader(_XzInput(stream), _XZ_BLOCK_BYTES),
}


class _TarInput:
    """The stream that ``tarfile`` reads; a second read after the end raises EOFError.

    ``tarfile`` skips a member by reading as many blocks as its declared size has, even after the end of the file.
    """

    def __init__(self, stream: Peeked) -> None:
        self._stream = stream
        self._at_end = False

    def read(self, size: int, /) -> bytes:
        if self._at_end:
            raise EOFError("it ends inside a member")
        block = self._stream.read(size)
        self._at_end = not block
        return block


class _StrictMember(tarfile.TarInfo):
    """A tar member with a valid header; ``tarfile`` silently takes an invalid one for the end of the archive."""

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

    # ``tarfile`` keeps the whole map of a sparse file, however long it is. Sparse files are skipped, so no map is read.

    def _proc_sparse(self, archive: Any) -> tarfile.TarInfo:
        """Skip the headers of a sparse file of old GNU tar; called by ``tarfile``."""
        source = archive.fileobj
        is_extended = self._sparse_structs[1]  # type: ignore[attr-defined]
        while is_extended:
            block = source.read(tarfile.BLOCKSIZE)
            if len(block) < tarfile.BLOCKSIZE:
                raise tarfile.ReadError("it ends inside a header")
            is_extended = block[_SPARSE_GOES_ON]
        self.sparse = b""
        self.offset_data = source.tell()
        archive.offset = self.offset_data + self._block(self.size)  # type: ignore[attr-defined]
        return self

    def _proc_gnusparse_10(self, member: tarfile.TarInfo, *_: object) -> None:
        """Mark a sparse file of pax without reading its map; called by ``tarfile``."""
        member.sparse = b""


def _read_tar(stream: Peeked, where: str, problems: list[Problem], notes: list[Note]) -> Iterator[RawMessage]:
    is_empty = True
    members = _Members(where)
    with tarfile.open(
        fileobj=cast("IO[bytes]", _TarInput(stream)),
        mode="r|",
        bufsize=_TAR_BLOCK_BYTES,
        tarinfo=_StrictMember,
    ) as archive:
        while (member := archive.next()) is not None:
            # tarfile keeps every member it has seen, and a large archive has millions.
            archive.members.clear()  # type: ignore[attr-defined]
            if member.isdir():
                continue
            is_empty = False
            label = f"{where}!{printable(member.name)}"
            if not members.takes(member.name):
                continue
            if what := _why_skip(member.name):
                problems.append(Problem(label, what))
            elif not member.isreg() or member.issparse():
                problems.append(Problem(label, _NO_FILE))
            elif not _is_left_out(member.name) and (content := archive.extractfile(member)) is not None:
                with content:
                    yield from read_mails(Peeked(content), label, member.size, problems)
    members.report(problems, notes)
    if is_empty:
        problems.append(Problem(where, "empty archive: it contains no file"))


def _read_zip(file: IO[bytes], where: str, problems: list[Problem], notes: list[Note]) -> Iterator[RawMessage]:
    broken = ""
    try:
        archive = zipfile.ZipFile(file)
    except DAMAGE as error:
        broken = f"truncated or damaged ({reason(error)}): members may be missing; get the file again"
    if broken:
        for member in _zip_members_without_directory(file):
            yield from _read_zip_member(partial(zipfile.ZipExtFile, file, "r"), member, where, problems)
        problems.append(Problem(where, broken))
        return
    with archive:
        members = [member for member in archive.infolist() if not _is_folder(member)]
        taken = _Members(where)
        for member in members:
            if taken.takes(member.filename):
                yield from _read_zip_member(archive.open, member, where, problems)
        taken.report(problems, notes)
    if not members:
        problems.append(Problem(where, "empty archive: it contains no file"))


class _Members:
    """The members of an archive, of which only the mboxes are read if it is a Google Takeout."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._taken = self._left_out = 0

    def takes(self, name: str) -> bool:
        """Return whether a member is to be read."""
        if takeout.is_member(name):
            if not takeout.holds_mails(name):
                self._left_out += 1
                return False
            self._taken += 1
        return True

    def report(self, problems: list[Problem], notes: list[Note]) -> None:
        """Say what was left out."""
        if self._left_out and not self._taken:
            problems.append(Problem(self._where, takeout.NO_MAIL))
        elif self._left_out:
            notes.append(Note(self._where, takeout.left_out(self._left_out)))


def _read_zip_member(
    opener: Callable[[zipfile.ZipInfo], AbstractContextManager[Readable]],
    member: zipfile.ZipInfo,
    where: str,
    problems: list[Problem],
) -> Iterator[RawMessage]:
    label = f"{where}!{printable(member.filename)}"
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
                yield from read_mails(Peeked(content), label, member.file_size, problems)
        except (*DAMAGE, MemoryError) as error:  # a member compressed with LZMA can demand any amount of memory
            problems.append(Problem(label, f"damaged member ({reason(error)}): skipped; get the archive again"))


def _zip_members_without_directory(file: IO[bytes]) -> Iterator[zipfile.ZipInfo]:
    """Yield the members of a truncated ZIP archive by their local headers (APPNOTE.TXT 4.3.7).

    When a member is yielded, `file` is at the start of its data. Stops at the first member whose header does not contain
    its size, as in a ZIP that was written to a pipe.
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
    if _OUTSIDE.match(name):
        return "a member with a path outside the archive (absolute, or with '..'): skipped"
    return ""


def _is_left_out(name: str) -> bool:
    folder, _, base = name.rpartition("/")
    in_tmp = folder == "tmp" or folder.endswith("/tmp")
    return base.startswith(".") or (in_tmp and _MAILDIR_NAME.fullmatch(base) is not None)
