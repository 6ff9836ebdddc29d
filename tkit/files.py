"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tkit.errors import TkitError


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Give a stream to write a file by; the file is there, or replaced, only once all of it is on the disk.

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
