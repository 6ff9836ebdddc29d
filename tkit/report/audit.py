"""The tables and the page of an audit."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from io import StringIO
from math import isnan
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from rich.console import Console
from rich.table import Table

from tkit.errors import TkitError
from tkit.evaluate.percent import percent
from tkit.report.draw import Grid, drawn, figure_html, grid_html, page, paragraph, section, share_with_interval, write
from tkit.report.figures import DARK, LIGHT, audit_figure, svg
from tkit.report.rows import unread_words
from tkit.verdicts import Audit

MOST_ROWS = {"terminal": 20, "page": 100}
"""Rows that a table shows at most; the rest is counted below it."""
_EXAMPLES = {"terminal": (1, 30), "page": (3, 80)}
"""Example mails of a server that are shown, and the characters of each: its end, which tells it from others."""


def audit_tables(audit: Audit) -> list[Table]:
    """Return an audit as tables for a terminal of 80 columns, one for each of its frames that has rows."""
    return [drawn(grid) for grid in _audit_grids(audit, "terminal")]


def write_audit(folder_or_file: str | os.PathLike[str], audit: Audit, form: str = "html") -> Path:
    """Write an audit into a file.

    Parameters
    ----------
    folder_or_file : path
        A file; for the page, if it does not end in ``.html``, a folder for ``report.html``. Folders are created.
    audit : Audit
        See :func:`tkit.verdicts.audit`.
    form : {"html", "json", "csv", "table"}
        See :func:`audit_text`.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    TkitError
        If it cannot be written, or for another form.
    """
    path = Path(folder_or_file)
    if form == "html" and path.suffix != ".html":
        path /= "report.html"
    return write(path.parent, {path.name: audit_text(audit, form)})


def audit_text(audit: Audit, form: str) -> str:
    """Return an audit as a text.

    Parameters
    ----------
    audit : Audit
    form : {"html", "json", "csv", "table"}
        ``html``: a page. It names the hosts of servers and the places of example mails, but no address and no URL.
        ``json``: one object with the attributes of :class:`tkit.verdicts.Audit`; a frame is a list of objects, NaN is null.
        ``csv``: one row per row of each frame. ``table`` is the name of the frame, ``name`` the value of its first column;
        the other columns are those of all frames, empty in the rows of a frame that has no such column. ``table``: the tables
        for a terminal, 120 columns wide.

    Raises
    ------
    TkitError
        For another form.
    """
    if form not in _FORMS:
        raise TkitError(f"format {form!r}: take one of {', '.join(_FORMS)}")
    return _FORMS[form](audit)


def _json(audit: Audit) -> str:
    values = {name: _records(value) if _is_frame(value) else value for name, value in _attributes(audit)}
    return json.dumps(values, ensure_ascii=False, indent=1) + "\n"


def _records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    texts = frame.assign(start=[start.isoformat() for start in frame["start"]]) if "start" in frame else frame
    return [
        {name: None if isinstance(value, float) and isnan(value) else value for name, value in row.items()}
        for row in texts.to_dict("records")
    ]


def _csv(audit: Audit) -> str:
    frames = []
    for table, frame in _attributes(audit):
        if _is_frame(frame):
            named = frame.rename(columns={frame.columns[0]: "name"}).convert_dtypes()
            named.insert(0, "table", table)
            frames.append(named)
    rows = pd.concat(frames, ignore_index=True)
    rows["examples"] = rows["examples"].map("; ".join, na_action="ignore")
    return str(rows.to_csv(index=False, lineterminator="\r\n"))


def _attributes(audit: Audit) -> list[tuple[str, Any]]:
    return [(field.name, getattr(audit, field.name)) for field in fields(audit)]


def _is_frame(value: object) -> bool:
    return isinstance(value, pd.DataFrame)


def _tables(audit: Audit) -> str:
    text = StringIO()
    console = Console(width=120, force_terminal=False, file=text)
    for table in audit_tables(audit):
        console.print(table)
    return text.getvalue()


def _page(audit: Audit) -> str:
    grids = _audit_grids(audit, "page")
    totals = {row["what"]: row for row in audit.totals.to_dict("records")}
    tracked, alone = totals["with trackers"], totals["with personalised pictures alone"]
    shares = [share_with_interval(row, "share", ", 95% interval ") for row in (tracked, alone)]
    outlook, noscript = (totals[f"with trackers {which} alone"]["count"] for which in ("for Outlook", "in noscript"))
    said, choice = (totals[f"with trackers and {which}"]["count"] for which in ("saying so", "offering a choice"))
    receipts = totals["asking for a read receipt"]["count"]
    lead = (
        f"{tracked['count']:,} of {totals['mails']['count']:,} mails ({shares[0]}) report to a server when they are opened,"
        f" by trackers, which nobody is meant to see. {alone['count']:,} more ({shares[1]}) report it only by personalised"
        " pictures, which are there to be looked at. Blocking remote pictures prevents both."
        f" Of the mails with trackers, {outlook:,} report by them only in Outlook for Windows, and {noscript:,} only in"
        " programs that run no scripts."
        f" {said:,} of the mails with trackers say that they track, and {choice:,} offer to turn it off. {receipts:,} mails ask"
        " for a read receipt by a header field, which the mail program answers."
    )
    method = (
        f"The detector {audit.detector} judged every remote reference at the vantage point {audit.vantage}. A reference is a"
        f" tracker if its score for that is at least {audit.threshold:.4g}, and personalised if it is no tracker and its score"
        f" for being individual is at least {audit.individual_threshold:.4g}. Shares have 95% Wilson intervals."
        " Each copy of a mail counts as a separate mail. Neither the audit nor this page loads anything that a mail refers to."
    )
    caption = (
        "Above: share of mails with a tracker. Below: number of mails. The first and last 1% of the mails are not"
        " drawn, because wrong dates would stretch the scale."
    )
    figure = figure_html(svg(audit_figure(audit, LIGHT)), svg(audit_figure(audit, DARK)), caption)
    sections = [
        section("Summary", paragraph(lead), grid_html(grids[0])),
        section("Over time", figure),
        section("Details", *(grid_html(grid) for grid in grids[1:])),
        section("Method", paragraph(method)),
    ]
    return page("Who tracks this mailbox", sections)


_FORMS: Mapping[str, Callable[[Audit], str]] = {"html": _page, "json": _json, "csv": _csv, "table": _tables}


def _audit_grids(audit: Audit, place: Literal["terminal", "page"]) -> list[Grid]:
    """Return the totals and every other frame that has rows."""
    most = MOST_ROWS[place]
    totals = [
        (
            row["what"],
            row["of"],
            f"{row['count']:,}",
            share_with_interval(row, "share") if row["of"] else "",
        )
        for row in audit.totals.to_dict("records")
    ]
    note = unread_words(audit.unread[["why", "mails", "examples"]].itertuples(index=False, name=None))
    grids = [
        Grid("Mailbox", ("", "of", "number", "share"), totals, 2, note),
        _senders(audit.senders, most),
        _servers(audit.servers, most, *_EXAMPLES[place]),
        _counted("Providers", audit.providers, ["provider", "trackers", "mails", "senders"], most),
        _counted(f"Over time, by {audit.period}", audit.over_time, ["period", "mails", "tracked", "share"], most * 5),
        _counted("Trackers by carrier", audit.carriers, ["carrier", "trackers", "share"], most),
        _counted("Trackers by declared size", audit.sizes, ["size", "trackers", "share"], most),
        _counted("Trackers by the programs that load them", audit.loaded_by, ["loaded_by", "trackers", "share"], most),
        _counted("Who receives the recipient's address", audit.addresses, ["domain", "mails", "senders"], most),
        _counted("Who asks for a receipt by header", audit.receipts, ["sender", "receiver", "kind", "header", "mails"], most),
    ]
    return [grid for grid in grids if grid.rows]


_EMPTY = {"sender": "(no sender)", "provider": "(unknown)", "domain": "(no host)"}
_TEXTS = ("sender", "receiver", "kind", "header", "provider", "period", "carrier", "size", "loaded_by", "domain")


def _counted(title: str, frame: pd.DataFrame, columns: list[str], most: int) -> Grid:
    def cell(row: Mapping[Any, Any], column: str) -> str:
        if column in _TEXTS:
            return str(row[column]) or ("" if column != columns[0] else _EMPTY[column])
        if column == "share":
            return share_with_interval(row, column) if "low" in row else percent(row[column])
        return f"{row[column]:,}"

    rows = [tuple(cell(row, column) for column in columns) for row in frame.head(most).to_dict("records")]
    numeric = len([column for column in columns if column not in _TEXTS])
    return Grid(title, tuple(columns), rows, numeric, _left_out(frame, most))


def _senders(senders: pd.DataFrame, most: int) -> Grid:
    """Return the senders; the provider of each is in small print below it."""
    columns = ("sender, provider", "mails", "tracked", "share", "say so", "trackers", "personalised")
    rows = [
        (
            _stacked(row["sender"] or _EMPTY["sender"], row["provider"]),
            f"{row['mails']:,}",
            f"{row['tracked']:,}",
            percent(row["share"]),
            f"{row['said']:,}",
            f"{row['trackers']:,}",
            f"{row['personalised']:,}",
        )
        for row in senders.head(most).to_dict("records")
    ]
    return Grid("Senders", columns, rows, len(columns) - 1, _left_out(senders, most))


def _servers(servers: pd.DataFrame, most: int, examples: int, length: int) -> Grid:
    """Return the servers that receive reports; service and example mails of each are in small print below it."""
    numbers = ("trackers", "personalised", "mails", "senders")
    rows = [
        (
            _stacked(
                row["host"] or _EMPTY["domain"],
                row["service"],
                *(_end(where, length) for where in row["examples"][:examples]),
            ),
            *(f"{row[number]:,}" for number in numbers),
        )
        for row in servers.head(most).to_dict("records")
    ]
    return Grid(
        "Servers that receive the reports",
        ("host, service, first mails", *numbers),
        rows,
        len(numbers),
        _left_out(servers, most),
    )


def _end(text: str, length: int) -> str:
    """Return the last characters of a text."""
    return text if len(text) <= length else f"…{text[-length + 1 :]}"


def _stacked(*lines: str) -> str:
    return "\n".join(filter(None, lines))


def _left_out(frame: pd.DataFrame, most: int) -> str:
    return f"and {len(frame) - most:,} more" if len(frame) > most else ""
