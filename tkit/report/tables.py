"""The tables of a study, for a terminal of 80 columns or for a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.table import Table

from tkit.report.draw import Grid, drawn, share_with_interval
from tkit.report.figures import LABELS, percent


def comparison_table(comparison: pd.DataFrame) -> Table:
    """Draw detectors side by side for a terminal of 80 columns.

    Parameters
    ----------
    comparison : DataFrame
        As :func:`tkit.evaluate.comparison` gives it.
    """
    return drawn(comparison_grid(comparison, wide=False))


def splits_table(splits: pd.DataFrame) -> Table:
    """Draw what one detector finds on each way to split, for a terminal of 80 columns.

    Parameters
    ----------
    splits : DataFrame
        As :class:`tkit.study.StudyResult` has it.
    """
    return drawn(splits_grid(splits, wide=False))


def differences_table(differences: pd.DataFrame) -> Table:
    """Draw how much more one detector finds than each other, for a terminal of 80 columns.

    Parameters
    ----------
    differences : DataFrame
        As :func:`tkit.evaluate.differences` gives it.
    """
    return drawn(differences_grid(differences))


def comparison_grid(comparison: pd.DataFrame, wide: bool) -> Grid:
    """Return the detectors side by side; `wide` adds what 80 columns cannot hold."""
    rates = {
        "trackers found": "tpr",
        "false alarms": "fpr",
        "found at 0.1 % false alarms": "tpr_at_fpr_0.001",
        "mails with a false alarm": "mail_false_alarms",
    }
    rows = []
    for row in comparison.to_dict("records"):
        cells = [_detector(row, "name", "vantage"), *(share_with_interval(row, rate) for rate in rates.values())]
        if wide:
            cells.append(f"{row['personalised_called']:,} of {row['personalised']:,}")
        rows.append(tuple(cells))
    columns = ("detector", *rates, *(("personalised pictures called",) if wide else ()))
    note = "Below each share its 95 % interval. A dash: the rule cannot be tuned to so few false alarms."
    return Grid("Detectors", columns, rows, len(columns) - 1, note)


def merit_grid(comparison: pd.DataFrame) -> Grid:
    """Return the other figures of merit of each detector that finds anything."""
    rates = {
        "found at 1 % false alarms": "tpr_at_fpr_0.01",
        "found at 0.1 % of mails": "tpr_at_mails_0.001",
        "found at 1 % of mails": "tpr_at_mails_0.01",
        "area up to 1 %": "partial_auc",
        "weighted: found": "tpr_weighted",
        "weighted: false alarms": "fpr_weighted",
        "calls that are right": "precision",
    }
    rows = [
        (_detector(row, "name", "vantage"), *(share_with_interval(row, rate) for rate in rates.values()))
        for row in comparison.to_dict("records")
        if row["tpr"] > 0
    ]
    base_rate = percent(comparison["base_rate"].iloc[0]) if len(comparison) else "-"
    note = (
        "Of mails: the share with good pictures that may lose one. The area is standardised by McClish, 50 % is chance."
        " Weighted: by the strata of the draw, an estimate for the corpora. Calls that are right: where"
        f" {base_rate} of trackers, content pictures and spacers together are trackers."
    )
    return Grid("Other figures of merit", ("detector", *rates), rows, len(rates), note)


def splits_grid(splits: pd.DataFrame, wide: bool) -> Grid:
    """Return one detector's rates on each way to split; `wide` adds what the split claims."""
    rates = {
        "found at 0.1 % false alarms": "tpr_at_fpr_0.001",
        "found at frozen threshold": "tpr",
        "false alarms there": "fpr",
    }
    if wide:
        rates = {
            "found at 1 %": "tpr_at_fpr_0.01",
            "found at 0.5 %": "tpr_at_fpr_0.005",
            **rates,
            "mails with a false alarm": "mail_false_alarms",
        }
    rows = []
    for row in splits.to_dict("records"):
        counts = f"{row['trackers']:,} and {row['negatives']:,} good"
        told = f"{row['split']}\n{row['claim']}" if wide else f"{row['split']}\n{counts}"
        rows.append((told, *((counts,) if wide else ()), *(share_with_interval(row, rate) for rate in rates.values())))
    columns = ("tested on", *(("trackers and good",) if wide else ()), *rates)
    note = (
        "Below each share its 95 % interval. The threshold is frozen on the training side; the false alarms say what its"
        " budget became. 0.1 % of fewer than 1,000 good pictures allows none."
    )
    return Grid("The best model on what is new to it", columns, rows, len(rates), note)


def differences_grid(differences: pd.DataFrame) -> Grid:
    """Return how much more one detector finds than each other."""
    rows = []
    for row in differences.to_dict("records"):
        points = (
            f"{100 * row['difference']:+.1f} points\n{100 * row['difference_low']:+.1f} to {100 * row['difference_high']:+.1f}"
        )
        told = "-" if pd.isna(row["difference"]) else points
        rows.append((_detector(row, "against", "against_vantage"), percent(row["fpr"]), told))
    name = f" of {differences['name'].iloc[0]}" if len(differences) else ""
    note = "Paired: both on the same resamples. A rule is met at the false alarms that it brings itself."
    return Grid(f"More trackers found{name}", ("than", "at false alarms", "difference"), rows, 2, note)


def slices_grid(slices: pd.DataFrame) -> Grid:
    """Return the rates of each slice; the first row of a cut names it."""
    rows = []
    before = ""
    for row in slices.to_dict("records"):
        few = f"\nfew {row['few']}" if row["few"] else ""
        found = _counted(row, "tpr", row["trackers"] - row["missed"], row["trackers"])
        alarms = _counted(row, "fpr", row["false_alarms"], row["negatives"])
        rows.append((row["slice"] if row["slice"] != before else "", f"{row['value']}{few}", found, alarms))
        before = row["slice"]
    note = "At the frozen threshold; each share with its 95 % interval, below it the counts."
    return Grid("Slices", ("cut by", "slice", "trackers found", "false alarms"), rows, 2, note)


def label_grid(rows: pd.DataFrame) -> Grid:
    """Count the labels of each corpus."""
    corpus = rows["corpus"].astype(str) if "corpus" in rows else pd.Series("all", index=rows.index)
    counts = pd.crosstab(corpus, rows["label"]).reindex(columns=list(LABELS), fill_value=0)
    counts["all"] = counts.sum(axis=1)
    if len(counts) > 1:
        counts.loc["all"] = counts.sum()
    cells = [(str(name), *(f"{count:,}" for count in row)) for name, row in zip(counts.index, counts.to_numpy(), strict=True)]
    columns = ("corpus", *LABELS.values(), "all")
    return Grid("References by label", columns, cells, len(columns) - 1)


def _detector(row: Mapping[Any, Any], name: str, vantage: str) -> str:
    return f"{row[name]}\n{', '.join(filter(None, (row[vantage], 'rule' if row.get('is_rule') else '')))}"


def _counted(row: Mapping[Any, Any], rate: str, part: float, whole: float) -> str:
    return f"{share_with_interval(row, rate, ', ')}\n{part:,} of {whole:,}" if whole else "-\nnone to judge"
