"""Rows of results as a table, JSON lines, CSV or Parquet; a file appears only when it is complete."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from tkit.errors import TkitError


class Writer(ABC):
    """Takes frames of the same columns, one after the other."""

    discarded = False

    def discard(self) -> None:
        """Say that nothing worth a file was written."""
        self.discarded = True

    @abstractmethod
    def write(self, frame: pd.DataFrame) -> None:
        """Write the rows of one frame."""

    def close(self) -> None:  # noqa: B027  most writers hold nothing back
        """Write what is held back."""


class JsonLinesWriter(Writer):
    """One JSON object a row; lists stay lists, floats are written so that they read back equal."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, frame: pd.DataFrame) -> None:
        """Write the rows of one frame."""
        for row in frame.to_dict("records"):
            self._stream.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


class CsvWriter(Writer):
    """RFC 4180 with a header; lists are joined by ``"; "``."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._header = True

    def write(self, frame: pd.DataFrame) -> None:
        """Write the rows of one frame."""
        text = _flat(frame).to_csv(index=False, header=self._header, lineterminator="\r\n")
        self._stream.write(text.encode("utf-8", "replace"))
        self._header = False


class ParquetWriter(Writer):
    """One row group a frame; lists stay lists."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._writer: Any = None

    def write(self, frame: pd.DataFrame) -> None:
        """Write the rows of one frame."""
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        if self._writer is None:
            self._schema = pa.schema([_storable(field) for field in table.schema])
            self._writer = pq.ParquetWriter(self._stream, self._schema, compression="zstd")
        self._writer.write_table(table.cast(self._schema))

    def close(self) -> None:
        """Write the file's end."""
        if self._writer is not None:
            self._writer.close()


class TableWriter(Writer):
    """For people: a table a frame, as wide as the terminal."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, frame: pd.DataFrame) -> None:
        """Write the rows of one frame."""
        from tkit.report import rows_table  # noqa: PLC0415  drawing is not needed to write data

        if len(frame):
            wide = self._stream is sys.stdout.buffer and sys.stdout.isatty()
            console = Console(width=None if wide else 120, force_terminal=wide)
            with console.capture() as captured:
                console.print(rows_table(frame))
            self._stream.write(captured.get().encode("utf-8", "replace"))


_WRITERS: dict[str, Any] = {
    "jsonl": JsonLinesWriter,
    "csv": CsvWriter,
    "parquet": ParquetWriter,
    "table": TableWriter,
}


@contextmanager
def open_writer(form: str, path: Path | None) -> Iterator[Writer]:
    """Give a writer of a form (table, jsonl, csv, parquet) to a file, or to standard output where ``path`` is None.

    The file is written beside its place and moved there at the end, so that one broken off never looks complete.

    Raises
    ------
    TkitError
        Where the file cannot be written.
    """
    if path is None:
        writer: Writer = _WRITERS[form](sys.stdout.buffer)
        yield writer
        writer.close()
        sys.stdout.buffer.flush()
        return
    with new_file(path, lambda: not writer.discarded) as stream:
        writer = _WRITERS[form](stream)
        try:
            yield writer
        finally:
            writer.close()


@contextmanager
def new_file(path: Path, keep: Callable[[], bool] = lambda: True) -> Iterator[IO[bytes]]:
    """Give a file to write, which takes its place only when it is whole and ``keep`` says so.

    Raises
    ------
    TkitError
        Where the file cannot be written.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise TkitError(f"{path}: cannot be written ({error.strerror}): give another file") from None
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        if keep():
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
    except OSError as error:
        raise TkitError(f"{path}: cannot be written ({error.strerror}): give another file") from None
    finally:
        Path(temporary).unlink(missing_ok=True)


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    lists = [str(name) for name in frame if len(frame) and isinstance(frame[name].iloc[0], list)]
    return frame.assign(**{name: frame[name].map("; ".join) for name in lists})


def _storable(field: Any) -> Any:
    """Give a type to a column whose first frame had no value to tell it by."""
    if pa.types.is_null(field.type):
        return pa.field(field.name, pa.string())
    if pa.types.is_list(field.type) and pa.types.is_null(field.type.value_type):
        return pa.field(field.name, pa.list_(pa.string()))
    return field
