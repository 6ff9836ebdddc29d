"""Read mail files and write them without their trackers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tkit.corpus import STDIN, Problem, read_raw
from tkit.corpus.mailbox_url import is_mailbox_url
from tkit.errors import TkitError
from tkit.files import whole_file
from tkit.scrubbing.mails import Personalised, Scrubbed, scrub

if TYPE_CHECKING:
    from tkit.bundle import Bundle


class ScrubbedFile(NamedTuple):
    """One file: its path, and the result of :func:`tkit.scrubbing.scrub`; None if it is not a mail, see ``problem``."""

    where: str
    done: Scrubbed | None
    problem: str


def read_mail(path: str) -> bytes:
    """Return the one mail in a file, byte for byte, with its mbox ``From `` line; ``-`` is standard input.

    Raises
    ------
    TkitError
        If the file cannot be read, or contains no mail or more than one.
    """
    problems: list[Problem] = []
    if path == STDIN:
        raw = sys.stdin.buffer.read()
        if not raw.strip():
            raise TkitError("standard input: empty: pipe one mail into it")
        return raw
    if is_mailbox_url(path):
        raise TkitError("a mail on a server is not changed: save it as a file and scrub that")
    if os.path.isdir(path):
        raise TkitError(f"{path}: a folder: give -o FOLDER to write its mails without their trackers to")
    mails = list(islice(read_raw([path], problems=problems), 2))
    if problems and not mails:
        raise TkitError(f"{problems[0].where}: {problems[0].what}")
    raw = Path(path).read_bytes()
    if len(mails) != 1 or len(mails[0].raw) < len(raw.strip()):
        raise TkitError(f"{path}: an mbox or archive, not one mail: split it into mail files first")
    return raw


def scrub_file(
    path: str,
    output: Path | None,
    bundle: Bundle,
    *,
    replace: bool = False,
    personalised: Personalised = "keep",
    headers: bool = False,
) -> Scrubbed:
    """Scrub the one mail in a file and write it to ``output``, or to standard output if there is none.

    Raises
    ------
    TkitError
        See :func:`read_mail`; or if the output cannot be written, in which case nothing is left half-written.
    """
    done = scrub(read_mail(path), bundle, replace=replace, personalised=personalised, headers=headers)
    if output is None:
        sys.stdout.buffer.write(done.raw)
        sys.stdout.buffer.flush()
    else:
        with whole_file(output) as stream:
            stream.write(done.raw)
    return done


def scrub_folder(
    folder: Path,
    output: Path,
    bundle: Bundle,
    *,
    replace: bool = False,
    personalised: Personalised = "keep",
    headers: bool = False,
) -> Iterator[tuple[int, int, ScrubbedFile]]:
    """Scrub every mail file of a folder, such as a Maildir, into another folder under the same names.

    Yields
    ------
    (number, count, ScrubbedFile)
        After each file: its number from 1, the number of files, and the result.

    Raises
    ------
    TkitError
        If the output folder is inside the input folder or cannot be written.
    """
    if output.resolve().is_relative_to(folder.resolve()):
        raise TkitError(f"{output}: is inside the folder that is read: give another folder")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for number, path in enumerate(files, 1):
        target = output / path.relative_to(folder)
        try:
            raw = read_mail(str(path))
        except TkitError as error:
            yield number, len(files), ScrubbedFile(str(path), None, str(error))
            continue
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TkitError(f"{target.parent}: cannot be made ({error.strerror}): give another folder") from None
        done = scrub(raw, bundle, replace=replace, personalised=personalised, headers=headers)
        with whole_file(target) as stream:
            stream.write(done.raw)
        yield number, len(files), ScrubbedFile(str(path), done, "")
