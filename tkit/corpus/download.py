"""Download the public corpora, check them, and write them as the archives that the dataset is made from.

GitHub makes the .tar.gz of a repository on demand and does not promise the same bytes twice. Therefore its content is
checked: the mails that messages.parquet lists are selected by their hashes, and the digest of those hashes must be the one
in the registry. No file name in the download becomes a path on disk: a corpus becomes one archive, ``<name>.tar.xz``, of
the wanted mails alone.
"""

from __future__ import annotations

import hashlib
import io
import logging
import lzma
import os
import re
import tarfile
import tempfile
import time
from collections.abc import Callable, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tkit.corpus.raw import Problem
from tkit.corpus.reading import read_raw
from tkit.corpus.registry import PublicCorpus, digest_of
from tkit.errors import TkitError
from tkit.version import __version__

if TYPE_CHECKING:
    import requests

Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, the bytes done, and all bytes (None if unknown)."""

ATTEMPTS = 5
"""Number of attempts before a download fails; what one attempt downloaded is kept for the next."""

TIMEOUT = (10.0, 60.0)
"""Timeouts in seconds for the connection and for the next bytes."""

_BLOCK_BYTES = 2**16
# The server may be busy or starting; after any other 4xx or 5xx, another attempt is useless.
_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_WAIT, _LONGEST_WAIT = 5.0, 60.0
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]+/([0-9]{1,18}|\*)")
_WHOLE_NUMBER = re.compile("[0-9]{1,18}")
# A mail that was extracted from an mbox may have kept the blank line that ended it there.
_ENDINGS = (b"", b"\n", b"\r\n")


class Checked(NamedTuple):
    """A corpus archive compared with the registry.

    Attributes
    ----------
    corpus : str
    found : int
        Number of wanted mails in it.
    missing, unknown : int
        Number of wanted mails that are not in it, and of distinct mails in it that are not wanted.
    sound : bool
        Whether its mails are exactly those of the registry.
    """

    corpus: str
    found: int
    missing: int
    unknown: int
    sound: bool


def get(
    corpus: PublicCorpus,
    wanted: Set[str],
    folder: Path,
    *,
    cache: Path | None = None,
    url: str | None = None,
    progress: Progress | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Path:
    """Download a public corpus and write its wanted mails as one archive.

    Parameters
    ----------
    corpus : PublicCorpus
        From :data:`tkit.corpus.CORPORA`.
    wanted : set of str
        ``message_sha256`` of its mails, from messages.parquet.
    folder : path
        Where ``<name>.tar.xz`` is written; an existing valid archive is kept.
    cache : path, optional
        Where the download is kept, complete or in part; by default the user's cache folder.
    url : str, optional
        Another source of the same archive.
    progress : callable, optional
        See :data:`Progress`.
    pause : callable
        Called with the seconds to wait between two attempts.

    Returns
    -------
    Path
        The archive.

    Raises
    ------
    TkitError
        If pooch is not installed, the download fails, or it does not contain every wanted mail. In the last case nothing
        is written, and the download is deleted from the cache.
    """
    if digest_of(wanted) != corpus.messages_sha256:
        raise TkitError(f"{corpus.name}: messages.parquet does not list the mails of the registry: restore the dataset")
    target = folder / corpus.archive
    if target.is_file() and check(target, corpus, wanted, progress).sound:
        return target
    try:
        import pooch  # noqa: PLC0415  only this verb needs it
    except ImportError:
        raise TkitError("pooch, which downloads the corpora, is not installed: pip install 'tkit[dataset]'") from None
    cache = cache or Path(pooch.os_cache("tkit"))
    name = f"{corpus.name}-{corpus.commit[:12] or 'HEAD'}.tar.gz"
    downloader = Downloader(cache / f"{name}.part", corpus.name, progress, pause)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        pooch.get_logger().setLevel(logging.WARNING)
        # No known hash, because the archive's bytes are not fixed. Its mails are.
        whole = Path(pooch.retrieve(url or corpus.url, known_hash=None, fname=name, path=cache, downloader=downloader))
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".corpus-") as temporary:
            made = Path(temporary) / corpus.archive
            problem = _write(whole, made, corpus, wanted, progress)
            checked = check(made, corpus, wanted)
            if not checked.sound:
                whole.unlink()
                raise TkitError(
                    f"{url or corpus.url}: {checked.missing:,} of the {len(wanted):,} wanted mails are missing"
                    f"{problem}: the download was deleted; try again, or use the URL to which the corpus has moved"
                )
            os.replace(made, target)
    except OSError as error:
        raise TkitError(
            f"{error.filename or folder}: {error.strerror or error}: choose a folder that can be written and has enough space"
        ) from None
    return target


def check(archive: Path, corpus: PublicCorpus, wanted: Set[str], progress: Progress | None = None) -> Checked:
    """Compare an archive's mails with the registry.

    Raises
    ------
    TkitError
        If there is no such file.
    """
    if not archive.is_file():
        raise TkitError(f"{archive}: no such archive: download it with `tkit corpus get {corpus.name}`")
    report = _reporter(f"{corpus.name}: checking", progress)
    hashes = {hashlib.sha256(raw.raw).hexdigest() for raw in read_raw([archive], problems=[], progress=report)}
    return Checked(
        corpus.name,
        len(hashes & wanted),
        len(wanted - hashes),
        len(hashes - wanted),
        digest_of(hashes) == corpus.messages_sha256,
    )


class Downloader:
    """A downloader for pooch that resumes after a broken connection.

    Parameters
    ----------
    part : path
        Where the bytes are kept until the download is complete. ``<part>.etag`` beside it contains the server's strong
        entity tag. Without a tag it is not certain that the rest belongs to the same file, and the download starts again
        (RFC 9110, 13.1.5).
    what : str
        Name of the download in progress reports.
    progress : callable, optional
    pause : callable
        Called with the seconds to wait.
    """

    def __init__(self, part: Path, what: str, progress: Progress | None, pause: Callable[[float], None]) -> None:
        self._part = part
        self._tag = part.with_name(f"{part.name}.etag")
        self._what = what
        self._progress = progress
        self._pause = pause

    def __call__(self, url: str, output_file: Any, pooch: Any) -> None:
        """Download `url` to `output_file`; pooch calls this.

        Raises
        ------
        TkitError
            If the last attempt fails, or the server refuses.
        """
        import requests  # noqa: PLC0415  only this verb needs it

        with requests.Session() as session:
            session.headers["User-Agent"] = f"tkit/{__version__}"
            session.headers["Accept-Encoding"] = "identity"
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    self._attempt(session, url)
                    break
                except (requests.RequestException, _AttemptError) as error:
                    if attempt == ATTEMPTS:
                        raise TkitError(
                            f"{url}: {_description(error)}, {ATTEMPTS} times; what was downloaded is kept:"
                            " run the command again later"
                        ) from None
                    self._pause(min(error.wait if isinstance(error, _AttemptError) else 2.0**attempt, _LONGEST_WAIT))
        os.replace(self._part, output_file)
        self._tag.unlink(missing_ok=True)

    def _attempt(self, session: requests.Session, url: str) -> None:
        had = self._part.stat().st_size if self._part.is_file() else 0
        tag = self._tag.read_text("utf-8") if self._tag.is_file() else ""
        headers = {"Range": f"bytes={had}-", "If-Range": tag} if had and tag else {}
        with session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code == 416:
                self._part.unlink(missing_ok=True)
                raise _AttemptError("the server cannot continue the download", 0.0)
            if response.status_code in _TRY_AGAIN:
                after = response.headers.get("Retry-After", "")
                wait = float(after) if _WHOLE_NUMBER.fullmatch(after) else _WAIT
                raise _AttemptError(f"the server answers {response.status_code}", wait)
            if response.status_code not in (200, 206):
                raise TkitError(
                    f"{url}: the server answers {response.status_code} {response.reason}: check whether the corpus has moved"
                )
            start = had if response.status_code == 206 else 0
            total = self._total(response, start)
            self._tag.unlink(missing_ok=True)
            with self._part.open("r+b" if start else "wb") as file:
                file.seek(start)
                file.truncate()
                etag = response.headers.get("ETag", "")
                if etag.startswith('"'):
                    self._tag.write_text(etag, "utf-8")
                for block in response.iter_content(_BLOCK_BYTES):
                    file.write(block)
                    if self._progress:
                        self._progress(f"{self._what}: downloading", file.tell(), total)
                if total is not None and file.tell() != total:
                    raise _AttemptError(f"{file.tell():,} of {total:,} bytes received", 2.0)

    def _total(self, response: requests.Response, start: int) -> int | None:
        if response.status_code == 206:
            content_range = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if content_range is None or int(content_range[1]) != start:
                self._part.unlink(missing_ok=True)
                raise _AttemptError("the server sent a different part than requested", 2.0)
            return None if content_range[2] == "*" else int(content_range[2])
        length = response.headers.get("Content-Length", "")
        return int(length) if _WHOLE_NUMBER.fullmatch(length) else None


class _AttemptError(Exception):
    """A failed attempt after which another may succeed; `wait` in seconds."""

    def __init__(self, what: str, wait: float) -> None:
        super().__init__(what)
        self.wait = wait


def _description(error: Exception) -> str:
    """Return what went wrong, without the memory addresses in the messages of urllib3."""
    return str(error) if isinstance(error, _AttemptError) else f"the connection failed ({type(error).__name__})"


def _write(whole: Path, made: Path, corpus: PublicCorpus, wanted: Set[str], progress: Progress | None) -> str:
    """Write the wanted mails of a repository's archive; return the last problem with the archive itself, ``""`` if none."""
    problems: list[Problem] = []
    report = _reporter(f"{corpus.name}: selecting", progress)
    with lzma.open(made, "wb", preset=1) as compressed, tarfile.open(fileobj=compressed, mode="w|") as archive:
        for raw in read_raw([whole], problems=problems, progress=report):
            name = _name_in_archive(raw.where, corpus)
            if name and (mail := _wanted_form(raw.raw, wanted)):
                member = tarfile.TarInfo(name)
                member.size = len(mail)
                archive.addfile(member, io.BytesIO(mail))
    return next((f" ({problem.what})" for problem in reversed(problems) if "!" not in problem.where), "")


def _name_in_archive(where: str, corpus: PublicCorpus) -> str:
    """Return a mail's path in the corpus's archive, ``""`` if it is in none of the corpus's folders.

    GitHub puts everything into one top folder, whose name can change.
    """
    path = where.partition("!")[2].partition("/")[2]
    for source, target in corpus.folders.items():
        prefix = f"{source}/" if source else ""
        if path.startswith(prefix):
            return f"{target}/{path.removeprefix(prefix)}"
    return ""


def _wanted_form(raw: bytes, wanted: Set[str]) -> bytes:
    """Return the mail with the one of :data:`_ENDINGS` that makes it a wanted one; ``b""`` if there is none."""
    so_far = hashlib.sha256(raw)
    for ending in _ENDINGS:
        digest = so_far.copy()
        digest.update(ending)
        if digest.hexdigest() in wanted:
            return raw + ending
    return b""


def _reporter(what: str, progress: Progress | None) -> Callable[[int, int | None], None] | None:
    return None if progress is None else lambda done, total: progress(what, done, total)
