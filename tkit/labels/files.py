"""Label files: CSV files of labelled references, read and written with checks.

docs/labels.md describes the format. A reference is identified by its message and HTML part, and by either its ``index`` in
the message or its carrier and URL. A ``url_sha256`` can replace the URL, so that a file can be published without any text of
a mail.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from tkit.errors import TkitError
from tkit.features import KEY
from tkit.files import whole_file
from tkit.html.carriers import COARSE_CARRIER, NAMES
from tkit.url import clean

LABELS = ("T", "P", "C", "S", "U")
"""Open tracker, personalised picture, content, spacer, undecided."""

MAX_CELL = 65_536
"""Maximum number of characters in a cell; a URL in ordinary mail has a few thousand at most."""

NAMING = ("message_sha256", "part", "index", "carrier", "url", "url_sha256")
"""The columns that identify a reference."""

OTHER_CARRIER = "other"
"""What a label file may call every carrier that has no coarser name of its own."""

OF_ANNOTATOR = "label_"
"""Prefix of the column of an annotator's labels, before the annotator's name."""

_BY_INDEX = list(KEY)
_BY_URL = ["message_sha256", "part", "carrier", "url_sha256"]
_REQUIRED = ("message_sha256", "part", "label", "confidence")


class LabelProblem(NamedTuple):
    """What is wrong in a cell: its row as in a spreadsheet (the header is row 1), its column, and what to do."""

    row: int
    column: str
    what: str


class _Cell(NamedTuple):
    """The pattern of a column's cells, and what to do about a cell that does not match it."""

    pattern: re.Pattern[str]
    advice: str


_HASH = _Cell(re.compile("[0-9a-f]{64}"), "give a SHA-256 as 64 hexadecimal digits in lower case")
_NUMBER = _Cell(re.compile("0|[1-9][0-9]{0,8}"), "give a whole number from 0")
_COUNT = _Cell(re.compile("[1-9][0-9]{0,8}"), "give a whole number from 1")
_LABEL = _Cell(re.compile("[TPCSU]"), "give one of T P C S U")
_NO_LABEL = _Cell(re.compile("[TPCSU]?"), "give one of T P C S U, or nothing")
_CELLS: Mapping[str, _Cell] = {
    "message_sha256": _HASH,
    "part": _NUMBER,
    "index": _NUMBER,
    "carrier": _Cell(
        re.compile("|".join(sorted({*NAMES, *COARSE_CARRIER.values(), OTHER_CARRIER}))), "take a name of docs/labels.md"
    ),
    "url": _Cell(re.compile(".+", re.DOTALL), "give the URL as the mail has it"),
    "url_sha256": _HASH,
    "label": _LABEL,
    "first": _LABEL,
    "second": _NO_LABEL,
    "confidence": _Cell(re.compile("[123]"), "give 1 (guess), 2 (likely) or 3 (sure)"),
    "annotators": _NUMBER,
    "draw": _NUMBER,
    "stratum_size": _COUNT,
    "stratum_drawn": _COUNT,
    "cluster": _NUMBER,
    "cluster_size": _NUMBER,
    "full": _Cell(re.compile("[01]"), "give 1 if every reference of the message is labelled, else 0"),
    "old": _LABEL,
    "new": _NO_LABEL,
    "reason": _Cell(re.compile(".{0,300}"), "give one line of at most 300 characters"),
}
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_NUMBERS = frozenset(name for name, cell in _CELLS.items() if cell in (_NUMBER, _COUNT)) | {"confidence", "full"}


def read_labels(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a label file.

    Parameters
    ----------
    path : path
        CSV in the format of docs/labels.md: UTF-8, with or without a byte-order mark, comma-separated.

    Returns
    -------
    DataFrame
        One row per labelled reference, in the file's order, with the file's columns. ``part``, ``index``, ``confidence`` and
        other whole numbers are int64, all other columns text, ``""`` if absent. ``url`` is cleaned by
        :func:`tkit.url.clean`; ``url_sha256`` is added to it if the file has none.

    Raises
    ------
    TkitError
        If the file cannot be read as such a CSV, or a cell is not valid in its column; names file, row and column.
    """
    return read_table(path, _REQUIRED)


def check_labels(path: str | os.PathLike[str]) -> list[LabelProblem]:
    """Return all problems in the cells of a label file, in the order of its rows.

    Raises
    ------
    TkitError
        If the file cannot be read as CSV or lacks a column.
    """
    header, rows = _cells(Path(path), _REQUIRED)
    return list(_problems(header, rows))


def write_labels(path: str | os.PathLike[str], labels: pd.DataFrame) -> None:
    """Write a label file, whole or not at all, and flush it to disk.

    Parameters
    ----------
    path : path
    labels : DataFrame
        Columns as returned by :func:`read_labels`.

    Raises
    ------
    TkitError
        If :func:`read_labels` would refuse the file, or it cannot be written.
    """
    write_table(path, labels, _REQUIRED)


def url_sha256(url: str) -> str:
    """Return the hash that can replace a URL in a label file: the SHA-256 of the cleaned URL in UTF-8.

    >>> url_sha256(" http://a.example/o.gif ") == url_sha256("http://a.example/o.gif")
    True
    """
    return hashlib.sha256(clean(url).encode("utf-8", "surrogatepass")).hexdigest()


def key_of(*tables: pd.DataFrame) -> list[str]:
    """Return the columns by which all of the tables identify their references.

    Raises
    ------
    TkitError
        If they have no such columns in common.
    """
    for key in (_BY_INDEX, _BY_URL):
        if all(set(key) <= set(table) for table in tables):
            return key
    raise TkitError(
        "the files identify references differently: give all of them the column index, or all of them carrier and url"
        " (or url_sha256)"
    )


def keyed(table: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    """Return a table with the key as its index, carriers by their coarse names, and only the first row of each key."""
    names = table[list(key)].copy()
    if "carrier" in key:
        names["carrier"] = [COARSE_CARRIER.get(name, name) for name in names["carrier"]]
    indexed = table.set_axis(pd.MultiIndex.from_frame(names))
    first: pd.DataFrame = indexed[~indexed.index.duplicated()]
    return first


def carriers_as_in(names: Collection[str], carriers: Iterable[str]) -> list[str]:
    """Return carriers by the names that a label file gives them.

    Parameters
    ----------
    names : collection of str
        The names in the file's column ``carrier``.
    carriers : iterable of str
        Names of docs/design.md.

    Returns
    -------
    list of str
        For each carrier its own name if the file uses it, else its coarser one, else ``img`` for another attribute of an
        ``<img>``, else :data:`OTHER_CARRIER`.

    Examples
    --------
    >>> carriers_as_in(["img", "other", "link-icon"], ["img-src", "img-srcset", "link-icon", "link-preload"])
    ['img', 'img', 'link-icon', 'other']
    """
    own = {name: name for name in NAMES.intersection(names)}
    of_image = {name: "img" for name in NAMES if name.startswith("img-")}
    name_of = of_image | COARSE_CARRIER | own
    return [name_of.get(carrier, OTHER_CARRIER) for carrier in carriers]


def read_table(path: str | os.PathLike[str], required: Sequence[str]) -> pd.DataFrame:
    """Read a CSV with the columns of docs/labels.md, like :func:`read_labels` but with other required columns.

    Without a column ``part``, a reference is identified by its message, carrier and URL alone.
    """
    header, rows = _cells(Path(path), required)
    _require_sound(path, header, rows)
    table = pd.DataFrame(rows, columns=header, dtype="str")
    for name in _NUMBERS.intersection(header):
        table[name] = table[name].astype("int64")
    if "url" in table:
        table["url"] = table["url"].map(clean)
        if "url_sha256" not in table:
            table["url_sha256"] = pd.Series(map(url_sha256, table["url"]), dtype="str")
    return table


def write_table(path: str | os.PathLike[str], table: pd.DataFrame, required: Sequence[str]) -> None:
    """Write a CSV that :func:`read_table` reads, whole or not at all."""
    header = list(map(str, table))
    rows = [list(map(str, row)) for row in table.astype(object).where(table.notna(), "").to_numpy()]
    _require_columns(path, header, required)
    _require_sound(path, header, rows)
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([header, *rows])
    with whole_file(path) as stream:
        stream.write(text.getvalue().encode("utf-8"))


def _cells(path: Path, required: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Return a CSV's header and its rows, each as long as the header."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TkitError(f"{path}: cannot be read ({error.strerror}): give a label file") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TkitError(f"{path}: line {line}: byte {data[error.start]:#04x} is not UTF-8: save it as CSV in UTF-8") from None
    reader = csv.reader(io.StringIO(text.rstrip("\r\n"), newline=""), strict=True)
    try:
        header = next(reader, [])
        _require_columns(path, header, required)
        rows = []
        for number, cells in enumerate(reader, start=2):
            if len(cells) != len(header):
                raise TkitError(f"{path}: row {number}: {len(cells)} cells, but the header has {len(header)}: correct the row")
            rows.append(cells)
    except csv.Error as error:
        raise TkitError(f"{path}: line {reader.line_num}: {error}: correct the quotes, or shorten the cell") from None
    return header, rows


def _require_columns(path: str | os.PathLike[str], header: Sequence[str], required: Sequence[str]) -> None:
    if len(header) == 1 and re.search("[;\t]", header[0]):
        raise TkitError(f"{path}: row 1: one column {header[0][:80]!r}: separate the columns by commas")
    ambiguous = sorted({name for name in header if header.count(name) > 1 or not name.strip()})
    if ambiguous:
        raise TkitError(f"{path}: row 1: column {ambiguous[0]!r} is repeated or has no name: give each column its own name")
    missing = [name for name in required if name not in header]
    if "index" not in header and not ("carrier" in header and {"url", "url_sha256"} & set(header)):
        missing.append("index (or carrier and url)")
    if missing:
        raise TkitError(f"{path}: row 1: no column {', '.join(missing)}: docs/labels.md describes the format")


def _require_sound(path: str | os.PathLike[str], header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    problems = list(_problems(header, rows))
    if problems:
        row, column, what = problems[0]
        more = f" (and {len(problems) - 1} more: tkit labels check {path})" if len(problems) > 1 else ""
        raise TkitError(f"{path}: row {row}, column {column}: {what}{more}")


def _problems(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[LabelProblem]:
    checked = [(column, name, _CELLS[name]) for column, name in enumerate(header) if name in _CELLS]
    checked += [(column, name, _NO_LABEL) for column, name in enumerate(header) if name.startswith(OF_ANNOTATOR)]
    key_of_row = _key_reader(header)
    url, sha256 = (header.index(name) if name in header else -1 for name in ("url", "url_sha256"))
    seen: dict[tuple[str, ...], int] = {}
    for number, cells in enumerate(rows, start=2):
        for column, name, cell in checked:
            if not cell.pattern.fullmatch(cells[column]):
                yield LabelProblem(number, name, f"{_shown(cells[column])}: {cell.advice}")
        for name, value in zip(header, cells, strict=True):
            if len(value) > MAX_CELL:
                yield LabelProblem(number, name, f"{len(value):,} characters: give at most {MAX_CELL:,}")
            elif _UNWRITABLE.search(value):
                yield LabelProblem(number, name, f"{_shown(value)}: a NUL or half a character: remove it")
        if min(url, sha256) >= 0 and url_sha256(cells[url]) != cells[sha256]:
            yield LabelProblem(number, "url_sha256", "not the hash of the row's url: remove one of the two columns")
        key = key_of_row(cells)
        if seen.setdefault(key, number) != number:
            yield LabelProblem(number, "message_sha256", f"repeats the reference of row {seen[key]}: keep one of the two")


def _key_reader(header: Sequence[str]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """Return a function that returns the key of a row's reference."""
    if "index" in header:
        columns = [header.index(name) for name in _BY_INDEX]
        return lambda cells: tuple(cells[column] for column in columns)
    carrier, url = header.index("carrier"), header.index("url_sha256" if "url_sha256" in header else "url")
    columns = [header.index(name) for name in _BY_URL[:2] if name in header]
    return lambda cells: (
        *(cells[column] for column in columns),
        COARSE_CARRIER.get(cells[carrier], cells[carrier]),
        clean(cells[url]),
    )


def _shown(value: str) -> str:
    return repr(value if len(value) <= 40 else value[:37] + "...") if value else "empty"
