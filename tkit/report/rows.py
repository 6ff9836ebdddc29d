"""Verdicts, references and features as a table for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from rich.table import Table

from tkit.evaluate.percent import percent
from tkit.features import FEATURES
from tkit.report.draw import Grid, cut, drawn


def rows_table(rows: pd.DataFrame) -> Table:
    """Return verdicts, references or features as a table for a terminal of 80 columns, one row per reference.

    Parameters
    ----------
    rows : DataFrame
        Verdicts as :func:`tkit.verdicts.scan` yields them; references with ``local``, true for those that need no server;
        compared campaigns as :func:`tkit.cli.batch.campaign_rows` gives them; or the feature table, of which the features
        that are present and not 0 are shown. All have ``message_sha256``, ``part``, ``index``, ``carrier``, ``url`` and
        ``resolved_url``.
    """
    about: Callable[[Mapping[Any, Any]], str]
    if "verdict" in rows:
        title, heading, about = "Verdicts", "verdict, score, reasons", _verdict
    elif "evidence" in rows:
        title, heading, about = "Campaigns", "evidence, copies", _evidence
    elif "local" in rows:
        title, heading, about = "References", "", lambda row: "local" if row["local"] else ""
    else:
        title, heading, about = "Features", "features that are present and not 0", given_features
    cells = [
        (
            f"{row['message_sha256'][:8]}\n{row['part']}/{row['index']}",
            f"{cut(row['resolved_url'] or row['url'])}\n{row['carrier']}",
            about(row),
        )
        for row in rows.to_dict("records")
    ]
    return drawn(Grid(title, ("mail", "reference", heading), cells))


def _evidence(row: Mapping[Any, Any]) -> str:
    return (
        f"{row['evidence']}\nmailing {row['campaign']}: in {row['present']} of {row['copies']} copies,"
        f" {row['values']} URLs, {row['recipients']} recipients"
    )


def _verdict(row: Mapping[Any, Any]) -> str:
    score = row["score" if row["verdict"] == "tracker" else "individual_score"]  # the one that the reasons explain
    first = " ".join(filter(None, (row["verdict"], percent(score), row["provider"])))
    return f"{first}\n{'; '.join(row['reasons'])}"


def given_features(row: Mapping[Any, Any]) -> str:
    """Return the features of a row that are present and not 0, each with its value, as text."""
    present = (feature.name for feature in FEATURES if feature.name in row and row[feature.name] not in (0, feature.absent))
    return ", ".join(f"{name} {row[name]:g}" for name in present)
