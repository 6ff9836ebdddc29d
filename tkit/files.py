"""Write files and folders that appear complete or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from tkit.errors import TkitError


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Yield a stream to write a file; the file appears, or is replaced, when the block has ended and all is on the disk.

    If the block raises, the file stays as it was. An existing file keeps its permissions; a new one gets those of the
    user's umask, so that what is written from a mailbox is no more readable than the user's other files.

    Raises
    ------
    TkitError
        If the file cannot be written.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except OSError as error:
        raise TkitError(f"{target}: cannot be written ({error.strerror}): choose another file") from None
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if target.is_file():
            os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
        os.replace(temporary, target)
    except OSError as error:
        raise TkitError(f"{target}: cannot be written ({error.strerror}): choose another file") from None
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: str | os.PathLike[str], replaces: Collection[str] | None = None) -> Iterator[Path]:
    """Yield an empty folder to write into; it becomes ``folder``, or replaces an older one, when the block has ended.

    If the block raises, or the new folder cannot be put in place, the older one stays.

    Parameters
    ----------
    folder : path
        Created with its parents.
    replaces : collection of str, optional
        Names of the entries that an older folder may have. A folder with any other entry is refused. Without `replaces`,
        any folder is replaced.

    Raises
    ------
    TkitError
        If the folder cannot be written, is not a folder, or has other entries.
    """
    target = Path(folder)
    try:
        names = {entry.name for entry in target.iterdir()} if target.exists() else set()
        others = [] if replaces is None else sorted(names.difference(replaces))
        if others:
            raise TkitError(f"{target}: contains other files, such as {others[0]}: choose another folder or empty it")
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as beside:
            new, old = Path(beside, "new"), Path(beside, "old")
            new.mkdir()
            yield new
            _exchange(target, new, old)
    except OSError as error:
        reason = error.strerror or error
        raise TkitError(f"{target}: cannot be written ({reason}): choose a folder that can be written") from error


def _exchange(target: Path, new: Path, old: Path) -> None:
    """Put the new folder in place of the target, which becomes the old one; undo this if it fails."""
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
