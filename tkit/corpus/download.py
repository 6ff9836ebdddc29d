"""Public corpora fetched from their homes, checked, and written in the form that the dataset is made from.

GitHub gives a repository at a commit as one .tar.gz that it makes on demand. It does not promise the same bytes twice, so
what is checked is what is in it: the mails that messages.parquet lists are picked out by their hashes, and the digest over
those hashes is the registry's. Nothing of the download is written under a name that it gives itself: a corpus becomes one
archive, ``<name>.tar.xz``, of the wanted mails alone.
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
"""Called with what is being done, bytes done, and bytes in all, None where that is not known."""

ATTEMPTS = 5
"""How often a download is tried before it is given up; what came in one attempt is kept for the next."""

TIMEOUT = (10.0, 60.0)
"""Seconds to wait for a connection, and for the next bytes."""

_BLOCK_BYTES = 2**16
# A server may be busy or asleep; the rest of the 4xx and 5xx say that asking again is useless.
_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_WAIT, _LONGEST_WAIT = 5.0, 60.0
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]+/([0-9]{1,18}|\*)")
_WHOLE_NUMBER = re.compile("[0-9]{1,18}")
# An mbox's mail that was cut into a file of its own may have kept the blank line that ended it in the mbox.
_ENDINGS = (b"", b"\n", b"\r\n")


class Checked(NamedTuple):
    """What a corpus archive holds, held against the registry.

    Attributes
    ----------
    corpus : str
    found : int
        Wanted mails in it.
    missing, unknown : int
        Wanted mails that are not in it; different mails in it that are not wanted.
    sound : bool
        Whether its mails are exactly the registry's.
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
        Where ``<name>.tar.xz`` is written; a sound one that is there already is kept.
    cache : path, optional
        Where the download is kept, whole or in part; the user's cache folder without it.
    url : str, optional
        Another place to fetch the same archive from.
    progress : callable, optional
        See :data:`Progress`.
    pause : callable
        Waits for some seconds between two attempts.

    Returns
    -------
    Path
        The archive.

    Raises
    ------
    TkitError
        Where pooch is not installed; the download cannot be had; or it does not hold every wanted mail. Then nothing is
        written, and the download is dropped from the cache.
    """
    if digest_of(wanted) != corpus.messages_sha256:
        raise TkitError(f"{corpus.name}: messages.parquet does not list the mails of the registry: restore the dataset")
    target = folder / corpus.archive
    if target.is_file() and check(target, corpus, wanted, progress).sound:
        return target
    try:
        import pooch  # noqa: PLC0415  only this verb needs it
    except ImportError:
        raise TkitError("pooch is not installed, which fetches the corpora: pip install 'tkit[dataset]'") from None
    place = cache or Path(pooch.os_cache("tkit"))
    name = f"{corpus.name}-{corpus.commit[:12]}.tar.gz"
    downloader = Downloader(place / f"{name}.part", corpus.name, progress, pause)
    try:
        place.mkdir(parents=True, exist_ok=True)
        pooch.get_logger().setLevel(logging.WARNING)
        # No known hash: the archive's bytes are not pinned, its mails are.
        whole = Path(pooch.retrieve(url or corpus.url, known_hash=None, fname=name, path=place, downloader=downloader))
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".corpus-") as temporary:
            made = Path(temporary) / corpus.archive
            problem = _write(whole, made, corpus, wanted, progress)
            checked = check(made, corpus, wanted)
            if not checked.sound:
                whole.unlink()
                raise TkitError(
                    f"{url or corpus.url}: {checked.missing:,} of the {len(wanted):,} wanted mails are missing"
                    f"{problem}: the download is dropped; get it anew, or from where the corpus has moved"
                )
            os.replace(made, target)
    except OSError as error:
        raise TkitError(f"{error.filename or folder}: {error.strerror or error}: give a folder with room to write") from None
    return target


def check(archive: Path, corpus: PublicCorpus, wanted: Set[str], progress: Progress | None = None) -> Checked:
    """Hold an archive's mails against the registry.

    Raises
    ------
    TkitError
        Where there is no such file.
    """
    if not archive.is_file():
        raise TkitError(f"{archive}: no such archive: fetch it with `tkit corpus get {corpus.name}`")
    tell = _teller(f"{corpus.name}: checking", progress)
    hashes = {hashlib.sha256(raw.raw).hexdigest() for raw in read_raw([archive], problems=[], progress=tell)}
    return Checked(
        corpus.name,
        len(hashes & wanted),
        len(wanted - hashes),
        len(hashes - wanted),
        digest_of(hashes) == corpus.messages_sha256,
    )


class Downloader:
    """A downloader for pooch that goes on where a broken connection left off.

    Parameters
    ----------
    part : path
        Where the bytes are kept until all have come. Beside it ``<part>.etag`` holds the server's strong entity tag:
        without one nothing tells that the rest is of the same file, and the download begins anew (RFC 9110, 13.1.5).
    what : str
        Named in progress.
    progress : callable, optional
    pause : callable
        Waits for some seconds.
    """

    def __init__(self, part: Path, what: str, progress: Progress | None, pause: Callable[[float], None]) -> None:
        self._part = part
        self._tag = part.with_name(f"{part.name}.etag")
        self._what = what
        self._progress = progress
        self._pause = pause

    def __call__(self, url: str, output_file: Any, pooch: Any) -> None:
        """Fetch `url` into `output_file`, as pooch asks for it.

        Raises
        ------
        TkitError
            When the last attempt failed, or the server refuses.
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
                            f"{url}: {_words(error)}, {ATTEMPTS} times; what was downloaded is kept: run the command again later"
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
                raise _AttemptError("the server does not have the rest of what was begun", 0.0)
            if response.status_code in _TRY_AGAIN:
                after = response.headers.get("Retry-After", "")
                wait = float(after) if _WHOLE_NUMBER.fullmatch(after) else _WAIT
                raise _AttemptError(f"the server answers {response.status_code}", wait)
            if response.status_code not in (200, 206):
                raise TkitError(f"{url}: the server answers {response.status_code} {response.reason}: see if it has moved")
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
                    raise _AttemptError(f"{file.tell():,} of {total:,} bytes came", 2.0)

    def _total(self, response: requests.Response, start: int) -> int | None:
        if response.status_code == 206:
            given = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if given is None or int(given[1]) != start:
                self._part.unlink(missing_ok=True)
                raise _AttemptError("the server sends another part than was asked for", 2.0)
            return None if given[2] == "*" else int(given[2])
        length = response.headers.get("Content-Length", "")
        return int(length) if _WHOLE_NUMBER.fullmatch(length) else None


class _AttemptError(Exception):
    """An attempt that failed in a way that another may not; `wait` in seconds."""

    def __init__(self, what: str, wait: float) -> None:
        super().__init__(what)
        self.wait = wait


def _words(error: Exception) -> str:
    """Name what went wrong, without the addresses in memory that urllib3 writes."""
    return str(error) if isinstance(error, _AttemptError) else f"the connection failed ({type(error).__name__})"


def _write(whole: Path, made: Path, corpus: PublicCorpus, wanted: Set[str], progress: Progress | None) -> str:
    """Write the wanted mails of a repository's archive; give the last thing that could not be read, as words."""
    problems: list[Problem] = []
    tell = _teller(f"{corpus.name}: picking", progress)
    with lzma.open(made, "wb", preset=1) as compressed, tarfile.open(fileobj=compressed, mode="w|") as archive:
        for raw in read_raw([whole], problems=problems, progress=tell):
            name = _name_in_corpus(raw.where, corpus)
            if name and (mail := _wanted_form(raw.raw, wanted)):
                member = tarfile.TarInfo(f"{corpus.name}/{name}")
                member.size = len(mail)
                archive.addfile(member, io.BytesIO(mail))
    return next((f" ({problem.what})" for problem in reversed(problems) if "!" not in problem.where), "")


def _name_in_corpus(where: str, corpus: PublicCorpus) -> str:
    """Return a mail's path below the corpus's folder, ``""`` where it is not in there.

    GitHub puts everything into one folder, whose name is not pinned.
    """
    path = where.partition("!")[2].partition("/")[2]
    prefix = f"{corpus.folder}/" if corpus.folder else ""
    return path.removeprefix(prefix) if path.startswith(prefix) else ""


def _wanted_form(raw: bytes, wanted: Set[str]) -> bytes:
    """Return the mail as it is wanted, with one of :data:`_ENDINGS`; nothing where it is not."""
    so_far = hashlib.sha256(raw)
    for ending in _ENDINGS:
        digest = so_far.copy()
        digest.update(ending)
        if digest.hexdigest() in wanted:
            return raw + ending
    return b""


def _teller(what: str, progress: Progress | None) -> Callable[[int, int | None], None] | None:
    return None if progress is None else lambda done, total: progress(what, done, total)
