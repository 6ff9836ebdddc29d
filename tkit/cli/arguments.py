"""Arguments that several verbs of the command line share, and how a wrong one is refused: exit code 2 before any work."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

MAX_SEED = (1 << 32) - 1
"""The largest that numpy and scikit-learn take."""


class Format(StrEnum):
    """How rows are written."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


class VantagePoint(StrEnum):
    """What the blocking point can see."""

    URL = "url"
    ELEMENT = "element"
    MESSAGE = "message"
    CAMPAIGN = "campaign"


class Unit(StrEnum):
    """What a budget of false alarms is a share of."""

    PICTURES = "pictures"
    MAILS = "mails"


class Cluster(StrEnum):
    """What the resamples of an interval draw whole."""

    SENDER = "sender_key"
    COMPONENT = "component"


Paths = Annotated[
    list[str],
    typer.Argument(help="Mail files, folders, Maildir, MH, mbox, archives (.tar.*, .zip) of these; - is standard input."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", dir_okay=False, help="File to write; standard output without it.")
]
NewFolder = Annotated[Path, typer.Option("--output", "-o", file_okay=False, help="Folder to write.")]
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="How to write the rows; without it as the file's name ends, else a table.")
]
Workers = Annotated[int, typer.Option(min=1, max=256, help="Processes to work in.")]
Model = Annotated[Path | None, typer.Option(file_okay=False, help="Bundle folder; the built-in one without it.")]
Vantage = Annotated[
    VantagePoint | None, typer.Option(help="What the blocking point sees: picks the built-in bundle (default: message).")
]
DatasetFolder = Annotated[Path, typer.Option(file_okay=False, help="Dataset folder.")]


def refuse(parameter: str, what: str) -> NoReturn:
    """End with exit code 2, naming the argument.

    Raises
    ------
    typer.BadParameter
        Always.
    """
    raise typer.BadParameter(what, param_hint=parameter)


def format_of(asked: Format | None, output: Path | None) -> Format:
    """Return the form that was asked for; without one that of the file's ending, else a table.

    Parquet is refused for standard output: it is no text, and pandas reads it from a file alone.
    """
    named = output.suffix.lower().removeprefix(".") if output else ""
    form = asked or (Format(named) if named in set(Format) else Format.TABLE)
    if form is Format.PARQUET and output is None:
        refuse("--format", "parquet needs a file: give -o FILE")
    return form
