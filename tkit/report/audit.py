"""The tables and the page of an audit."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from tkit.evaluate.percent import percent
from tkit.report.draw import Grid, drawn, figure_html, grid_html, page, paragraph, plain, section, share_with_interval, write
from tkit.report.figures import DARK, LIGHT, audit_figure, svg
from tkit.verdicts import Audit

MOST_ROWS = {"terminal": 20, "page": 100}
"""Rows that a table shows at most; the rest is counted below it."""


def audit_tables(audit: Audit) -> list[Table]:
    """Return an audit as tables for a terminal of 80 columns, one for each of its frames that has rows."""
    return [drawn(grid) for grid in _audit_grids(audit, MOST_ROWS["terminal"])]


def write_audit(folder_or_file: str | os.PathLike[str], audit: Audit) -> Path:
    """Write the page of an audit.

    Parameters
    ----------
    folder_or_file : path
        A file if it ends in ``.html``; else a folder for ``report.html``, created with its parents.
    audit : Audit
        See :func:`tkit.verdicts.audit`.

    Returns
    -------
    Path
        Of the page, which shows senders and hosts as registrable domains, and no address and no URL.

    Raises
    ------
    TkitError
        If it cannot be written.
    """
    path = Path(folder_or_file)
    folder, name = (path.parent, path.name) if path.suffix == ".html" else (path, "report.html")
    grids = _audit_grids(audit, MOST_ROWS["page"])
    totals = {row["what"]: row for row in audit.totals.to_dict("records")}
    tracked, alone = totals["with trackers"], totals["with personalised pictures alone"]
    shares = [share_with_interval(row, "share", ", 95% interval ") for row in (tracked, alone)]
    lead = (
        f"{tracked['count']:,} of {totals['mails']['count']:,} mails ({shares[0]}) report to a server when they are opened,"
        f" by trackers, which nobody is meant to see. {alone['count']:,} more ({shares[1]}) report it only by personalised"
        " pictures, which are there to be looked at. Blocking remote pictures prevents both."
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
    return write(folder, {name: page("Who tracks this mailbox", sections)})


def _audit_grids(audit: Audit, most: int) -> list[Grid]:
    """Return the totals and every other frame that has rows."""
    totals = [
        (
            row["what"],
            row["of"],
            f"{row['count']:,}",
            share_with_interval(row, "share") if row["of"] else "",
        )
        for row in audit.totals.to_dict("records")
    ]
    grids = [
        Grid("Mailbox", ("", "of", "number", "share"), totals, 2, _unread_note(audit)),
        _counted(
            "Senders", audit.senders, ["sender", "provider", "mails", "tracked", "share", "trackers", "personalised"], most
        ),
        _counted("Providers", audit.providers, ["provider", "trackers", "mails", "senders"], most),
        _counted(f"Over time, by {audit.period}", audit.over_time, ["period", "mails", "tracked", "share"], most * 5),
        _counted("Trackers by carrier", audit.carriers, ["carrier", "trackers", "share"], most),
        _counted("Trackers by declared size", audit.sizes, ["size", "trackers", "share"], most),
        _counted("Who receives the recipient's address", audit.addresses, ["domain", "mails", "senders"], most),
    ]
    return [grid for grid in grids if grid.rows]


def _unread_note(audit: Audit) -> str:
    """Return in words why mails could not be read fully, and which are the first."""
    return "; ".join(
        f"not read fully, {why}: {mails:,} {'mail' if mails == 1 else 'mails'}, such as {plain(first)}"
        for why, mails, first in audit.unread.itertuples(index=False)
    )


_EMPTY = {"sender": "(no sender)", "provider": "(unknown)", "domain": "(no host)"}
_TEXTS = ("sender", "provider", "period", "carrier", "size", "domain")


def _counted(title: str, frame: pd.DataFrame, columns: list[str], most: int) -> Grid:
    def cell(row: Mapping[Any, Any], column: str) -> str:
        if column in _TEXTS:
            return str(row[column]) or ("" if column != columns[0] else _EMPTY[column])
        if column == "share":
            return share_with_interval(row, column) if "low" in row else percent(row[column])
        return f"{row[column]:,}"

    rows = [tuple(cell(row, column) for column in columns) for row in frame.head(most).to_dict("records")]
    numeric = len([column for column in columns if column not in _TEXTS])
    left = len(frame) - len(rows)
    return Grid(title, tuple(columns), rows, numeric, f"and {left:,} more" if left else "")
