"""Verdicts, references and features as a table for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tkit.evaluate.percent import percent
from tkit.features import FEATURES
from tkit.report.draw import Grid, cut, drawn, plain
from tkit.verdicts.provenance import first_rows

_LOADED_BY = {"outlook": "loaded by Outlook alone", "noscript": "loaded where no scripts run"}


def rows_table(rows: pd.DataFrame) -> Group:
    """Return verdicts, references or features for a terminal: for each mail its name and a row per reference.

    Parameters
    ----------
    rows : DataFrame
        Verdicts as :func:`tkit.verdicts.scan` yields them; references with ``local``, true for those that need no server;
        compared campaigns as :func:`tkit.cli.batch.campaign_rows` gives them; or the feature table, of which the features
        that are present and not 0 are shown. All have ``message_sha256``, ``part``, ``index``, ``carrier``, ``url`` and
        ``resolved_url``. A mail is named by the columns of :data:`tkit.verdicts.PROVENANCE` if they are there, else by the
        beginning of its ``message_sha256``.
    """
    about: Callable[[Mapping[Any, Any]], str]
    if "verdict" in rows:
        title, heading, about = "Verdicts", "verdict, score, reasons", _verdict
    elif "evidence" in rows:
        title, heading, about = "Campaigns", "evidence, copies", _evidence
    elif "local" in rows:
        title, heading, about = "References", "kind", _kind
    else:
        title, heading, about = "Features", "features that are present and not 0", given_features
    parts: list[RenderableType] = [_halves(title, ("reference", heading))]
    for row, is_first in zip(rows.to_dict("records"), first_rows(rows).tolist(), strict=True):
        if is_first:
            mail = _halves()
            parts += [Text(plain(_mail(row)), "bold", overflow="fold"), mail, ""]
        reference = f"{cut(row['resolved_url'] or row['url'])}\n{row['carrier']}, part {row['part']}, number {row['index']}"
        mail.add_row(*(Text(plain(cell)) for cell in (reference, about(row))))
    return Group(*parts)


def summary_table(counts: Mapping[str, int], unread: Iterable[tuple[str, int, Sequence[str]]]) -> Group:
    """Return counts as a table, and below it why mails could not be read fully, see :func:`unread_words`."""
    rows = [(what, f"{count:,}") for what, count in counts.items()]
    return Group(drawn(Grid("Summary", ("", "number"), rows, 1)), Text(unread_words(unread)))


def unread_words(unread: Iterable[tuple[str, int, Sequence[str]]]) -> str:
    """Return in words why mails could not be read fully: one line per reason, with the number of mails and the first ones."""
    return "\n".join(
        f"not read fully, {why}: {mails:,} {'mail' if mails == 1 else 'mails'}, such as {', '.join(map(plain, examples))}"
        for why, mails, examples in unread
    )


def _halves(title: str = "", headings: tuple[str, str] | None = None) -> Table:
    """Return an empty table of two columns, which are as wide in every other one."""
    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD if headings else None, expand=True)
    table.show_header = headings is not None
    table.padding = (0, 1) if headings else (0, 2)
    for heading in headings or ("", ""):
        table.add_column(Text(heading), ratio=1, overflow="fold")
    return table


def _mail(row: Mapping[Any, Any]) -> str:
    """Return the name of a row's mail: place, its sender's domain, its day, and who is to receive a read receipt."""
    name = (row["where"], row["from_domain"], row["date"].partition("T")[0]) if "where" in row else (row["message_sha256"][:8],)
    receipt = f"asks for a read receipt to {row['receipt_to']}" if row.get("receipt_to") else ""
    return " · ".join(filter(None, (*name, receipt)))


def _kind(row: Mapping[Any, Any]) -> str:
    return "local" if row["local"] else _programs(row)


def _programs(row: Mapping[Any, Any]) -> str:
    """Return the programs that load a reference, if not all do."""
    return _LOADED_BY.get(row.get("loaded_by", ""), "")


def _evidence(row: Mapping[Any, Any]) -> str:
    return (
        f"{row['evidence']}\nmailing {row['campaign']}: in {row['present']} of {row['copies']} copies,"
        f" {row['values']} URLs, {row['recipients']} recipients"
    )


def _verdict(row: Mapping[Any, Any]) -> str:
    score = row["score" if row["verdict"] == "tracker" else "individual_score"]  # the one that the reasons explain
    first = " ".join(filter(None, (row["verdict"], percent(score), row["provider"])))
    return "\n".join(filter(None, (first, _programs(row), "; ".join(row["reasons"]))))


def given_features(row: Mapping[Any, Any]) -> str:
    """Return the features of a row that are present and not 0, each with its value, as text."""
    present = (feature.name for feature in FEATURES if feature.name in row and row[feature.name] not in (0, feature.absent))
    return ", ".join(f"{name} {row[name]:g}" for name in present)
