"""Files and folders that appear whole or not at all."""

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
    """Return a stream to write a file by; the file is there, or replaced, only once all of it is on the disk.

    Where the block raises, the file stays what it was. A file that is there keeps its permissions; a new one gets those that
    the user's umask leaves it, so that what is written from a mailbox is no more open than the user's other files.

    Raises
    ------
    TkitError
        Where the file cannot be written.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except OSError as error:
        raise TkitError(f"{target}: cannot be written ({error.strerror}): give another file") from None
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if target.is_file():
            os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
        os.replace(temporary, target)
    except OSError as error:
        raise TkitError(f"{target}: cannot be written ({error.strerror}): give another file") from None
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: str | os.PathLike[str], replaces: Collection[str] | None = None) -> Iterator[Path]:
    """Return an empty folder to write into; it takes its place, or an older folder's, only once the block has ended.

    Where the block raises, what stood there stays. Where the new folder cannot take its place, the older one comes back.

    Parameters
    ----------
    folder : path
        Made with its parents.
    replaces : collection of str, optional
        Names of the files that an older folder may hold; one with any other file is refused. Without it, any folder is
        replaced.

    Raises
    ------
    TkitError
        Where the folder cannot be written, something else than a folder stands there, or it holds other files.
    """
    target = Path(folder)
    try:
        others = sorted({entry.name for entry in target.iterdir()}.difference(replaces or ())) if target.exists() else []
        if replaces is not None and others:
            raise TkitError(f"{target}: holds other files, such as {others[0]}: choose another folder or empty it")
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as beside:
            new, old = Path(beside, "new"), Path(beside, "old")
            new.mkdir()
            yield new
            if target.exists():
                target.rename(old)
            try:
                new.rename(target)
            except OSError:
                if old.exists():
                    old.rename(target)
                raise
    except OSError as error:
        raise TkitError(
            f"{target}: cannot be written ({error.strerror or error}): choose a folder that can be written"
        ) from error
