"""Rows of results as a table, JSON lines, CSV or Parquet; a file appears only when it is complete."""

from __future__ import annotations

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from math import isnan
from pathlib import Path
from typing import IO, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from tkit.files import whole_file


class Writer(ABC):
    """Writes frames of the same columns, one after the other."""

    discarded = False

    def discard(self) -> None:
        """Leave no file, because nothing was found to write."""
        self.discarded = True

    @abstractmethod
    def write(self, frame: pd.DataFrame) -> None:
        """Write the rows of one frame."""

    def summarise(self, counts: Mapping[str, int], unread: Sequence[tuple[str, int, Sequence[str]]]) -> None:  # noqa: B027
        """End a table for people with a summary, see :func:`tkit.report.rows.summary_table`; data has none."""

    def close(self) -> None:  # noqa: B027  most writers buffer nothing
        """Write what is buffered."""


class JsonLinesWriter(Writer):
    """One JSON object per row. Lists stay lists, floats read back equal, and NaN becomes null."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, frame: pd.DataFrame) -> None:
        """Write the rows of one frame."""
        for row in frame.to_dict("records"):
            values = {name: None if isinstance(value, float) and isnan(value) else value for name, value in row.items()}
            self._stream.write(json.dumps(values, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


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
    """One row group per frame; lists stay lists."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._writer: Any = None
        self._without_rows: Any = None

    def write(self, frame: pd.DataFrame) -> None:
        """Write the rows of one frame; one without rows waits for the end, since it does not say what its lists contain."""
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        if len(frame):
            self._append(table)
        else:
            self._without_rows = table

    def _append(self, table: Any) -> None:
        if self._writer is None:
            self._schema = pa.schema([_storable(field) for field in table.schema])
            self._writer = pq.ParquetWriter(self._stream, self._schema, compression="zstd")
        self._writer.write_table(table.cast(self._schema))

    def close(self) -> None:
        """Write the footer of the file."""
        if self._writer is None and self._without_rows is not None:
            self._append(self._without_rows)
        if self._writer is not None:
            self._writer.close()


class TableWriter(Writer):
    """For people: one table per frame, as wide as the terminal."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, frame: pd.DataFrame) -> None:
        """Write the rows of one frame."""
        from tkit.report.rows import rows_table  # noqa: PLC0415  drawing is not needed to write data

        if len(frame):
            self._print(rows_table(frame) if "message_sha256" in frame else _plain_table(frame))

    def summarise(self, counts: Mapping[str, int], unread: Sequence[tuple[str, int, Sequence[str]]]) -> None:
        """End the table with a summary."""
        from tkit.report.rows import summary_table  # noqa: PLC0415

        self._print(summary_table(counts, unread))

    def _print(self, *parts: RenderableType) -> None:
        wide = self._stream is sys.stdout.buffer and sys.stdout.isatty()
        console = Console(width=None if wide else 120, force_terminal=wide)
        with console.capture() as captured:
            console.print(*parts)
        self._stream.write(captured.get().encode("utf-8", "replace"))


_WRITERS: dict[str, Any] = {
    "jsonl": JsonLinesWriter,
    "csv": CsvWriter,
    "parquet": ParquetWriter,
    "table": TableWriter,
}


@contextmanager
def open_writer(form: str, path: Path | None) -> Iterator[Writer]:
    """Yield a writer of a form (table, jsonl, csv, parquet) to a file, or to standard output if ``path`` is None.

    The file appears only when it is complete.

    Raises
    ------
    TkitError
        If the file cannot be written.
    """
    if path is None:
        writer: Writer = _WRITERS[form](sys.stdout.buffer)
        yield writer
        writer.close()
        sys.stdout.buffer.flush()
        return
    with suppress(_DiscardedError), whole_file(path) as stream:
        writer = _WRITERS[form](stream)
        try:
            yield writer
        finally:
            writer.close()
        if writer.discarded:
            raise _DiscardedError


class _DiscardedError(Exception):
    """Ends the writing of a file that is not wanted."""


def _plain_table(frame: pd.DataFrame) -> Table:
    """Return rows other than references as a table: numbers to the right, absent values empty."""
    table = Table()
    for name in frame:
        number = pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name])
        table.add_column(str(name), justify="right" if number else "left", overflow="fold")
    for row in _flat(frame).itertuples(index=False):
        table.add_row(*("" if value is None or value != value else escape(str(value)) for value in row))  # noqa: PLR0124 - NaN
    return table


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    lists = [str(name) for name in frame if len(frame) and isinstance(frame[name].iloc[0], list)]
    return frame.assign(**{name: frame[name].map("; ".join) for name in lists})


def _storable(field: Any) -> Any:
    """Return the field with a storable type: text, if its column has no value in the first frame."""
    if pa.types.is_null(field.type):
        return pa.field(field.name, pa.string())
    if pa.types.is_list(field.type) and pa.types.is_null(field.type.value_type):
        return pa.field(field.name, pa.list_(pa.string()))
    return field
