"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tkit.errors import TkitError


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Give a stream to write a file by; the file is there, or replaced, only once all of it is on the disk.

    Where the block raises, the file stays what it was.

    Raises
    ------
    TkitError
        Where the file cannot be written.
    """
    target = Path(path)
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise TkitError(f"{target}: cannot be written ({error.strerror}): give another file") from None
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except OSError as error:
        raise TkitError(f"{target}: cannot be written ({error.strerror}): give another file") from None
    finally:
        Path(temporary).unlink(missing_ok=True)
