"""Arguments that several verbs share, and how a wrong one is refused: exit code 2 before any work."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

MAX_SEED = (1 << 32) - 1
"""The largest seed that numpy and scikit-learn accept."""


class Format(StrEnum):
    """Format of rows."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


class AuditFormat(StrEnum):
    """Format of an audit."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


class VantagePoint(StrEnum):
    """What the blocking point can see."""

    URL = "url"
    ELEMENT = "element"
    MESSAGE = "message"
    CAMPAIGN = "campaign"


class MailVantagePoint(StrEnum):
    """What a blocking point can see that has one mail at a time."""

    URL = "url"
    ELEMENT = "element"
    MESSAGE = "message"


class Unit(StrEnum):
    """Unit of a maximum false positive rate."""

    PICTURES = "pictures"
    MAILS = "mails"


class Personalised(StrEnum):
    """What happens to personalised pictures."""

    KEEP = "keep"
    DROP = "drop"


class Cluster(StrEnum):
    """Groups of rows that the resamples of an interval draw whole."""

    SENDER = "sender_key"
    COMPONENT = "component"


Paths = Annotated[
    list[str],
    typer.Argument(
        help="Mail files, folders, Maildir, MH, mbox, archives (.tar.*, .zip) of these, a Thunderbird profile, a Google "
        "Takeout, an Outlook store (.pst), imaps://USER@HOST/FOLDER; - is standard input. docs/mailboxes.md says more."
    ),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", dir_okay=False, help="File to write; default: standard output.")]
NewFolder = Annotated[Path, typer.Option("--output", "-o", file_okay=False, help="Folder to write.")]
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="Format of the rows; default: by the ending of the file name, else a table.")
]
Workers = Annotated[int, typer.Option(min=1, max=256, help="Number of processes.")]
Model = Annotated[Path | None, typer.Option(file_okay=False, help="Bundle folder; default: the built-in bundle.")]
Vantage = Annotated[
    VantagePoint | None, typer.Option(help="What the blocking point sees; selects the built-in bundle (default: message).")
]
MailVantage = Annotated[
    MailVantagePoint | None, typer.Option(help="What the blocking point sees; selects the built-in bundle (default: message).")
]
Copies = Annotated[
    bool,
    typer.Option(
        "--copies",
        help="Compare the copies of each mailing among these mails (several addresses, a team, forwards), and judge with them.",
    ),
]
DatasetFolder = Annotated[Path, typer.Option(file_okay=False, help="Dataset folder.")]


def refuse(parameter: str, what: str) -> NoReturn:
    """End with exit code 2 and a message that names the argument.

    Raises
    ------
    typer.BadParameter
        Always.
    """
    raise typer.BadParameter(what, param_hint=parameter)


def format_of(option: Format | None, output: Path | None) -> Format:
    """Return the format of the option, else by the ending of the file name, else a table.

    Raises
    ------
    typer.BadParameter
        For Parquet on standard output, which pandas cannot read.
    """
    ending = output.suffix.lower().removeprefix(".") if output else ""
    form = option or (Format(ending) if ending in set(Format) else Format.TABLE)
    if form is Format.PARQUET and output is None:
        refuse("--format", "parquet needs a file: give -o FILE")
    return form
