"""The tables of a study, for a terminal of 80 columns or for a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from rich.table import Table

from tkit.bundle import VERDICTS
from tkit.evaluate import COUNTS
from tkit.evaluate.percent import percent
from tkit.labels.headline import VISIBLE
from tkit.report.draw import Grid, drawn, share_with_interval
from tkit.report.figures import LABELS


def comparison_table(comparison: pd.DataFrame) -> Table:
    """Return detectors side by side as a table for a terminal of 80 columns.

    Parameters
    ----------
    comparison : DataFrame
        As :func:`tkit.evaluate.comparison` gives it.
    """
    return drawn(comparison_grid(comparison, wide=False))


def splits_table(splits: pd.DataFrame) -> Table:
    """Return the rates of one detector on every split as a table for a terminal of 80 columns.

    Parameters
    ----------
    splits : DataFrame
        As :class:`tkit.study.StudyResult` has it.
    """
    return drawn(splits_grid(splits, wide=False))


def differences_table(differences: pd.DataFrame) -> Table:
    """Return the recall that one detector gains over the others as a table for a terminal of 80 columns.

    Parameters
    ----------
    differences : DataFrame
        As :func:`tkit.evaluate.differences` gives it.
    """
    return drawn(differences_grid(differences))


def verdicts_table(verdicts: pd.DataFrame) -> Table:
    """Return the verdicts on all mail by label as a table for a terminal of 80 columns.

    Parameters
    ----------
    verdicts : DataFrame
        As :class:`tkit.study.StudyResult` has it.
    """
    return drawn(verdicts_grid(verdicts[verdicts["corpus"] == "all"]))


def comparison_grid(comparison: pd.DataFrame, wide: bool) -> Grid:
    """Return the detectors side by side; `wide` adds a column that does not fit in 80 characters."""
    rates = {
        "recall": "tpr",
        "false positives": "fpr",
        "recall at 0.1% false positives": "tpr_at_fpr_0.001",
        "mails with a false positive": "mail_false_alarms",
    }
    rows = []
    for row in comparison.to_dict("records"):
        cells = [_detector(row, "name", "vantage"), *(share_with_interval(row, rate) for rate in rates.values())]
        if wide:
            cells.append(f"{row['personalised_called']:,} of {row['personalised']:,}")
        rows.append(tuple(cells))
    columns = ("detector", *rates, *(("personalised pictures flagged",) if wide else ()))
    note = "Each share with its 95% interval. A dash: the rule always has more false positives."
    return Grid("Detectors", columns, rows, len(columns) - 1, note)


def merit_grid(comparison: pd.DataFrame) -> Grid:
    """Return further figures of merit of each detector that finds anything."""
    rates = {
        "recall at 1% false positives": "tpr_at_fpr_0.01",
        "recall at 0.1% of mails": "tpr_at_mails_0.001",
        "recall at 1% of mails": "tpr_at_mails_0.01",
        "partial area up to 1%": "partial_auc",
        "weighted recall": "tpr_weighted",
        "weighted false positives": "fpr_weighted",
        "precision": "precision",
    }
    rows = [
        (_detector(row, "name", "vantage"), *(share_with_interval(row, rate) for rate in rates.values()))
        for row in comparison.to_dict("records")
        if row["tpr"] > 0
    ]
    base_rate = percent(comparison["base_rate"].iloc[0]) if len(comparison) else "-"
    note = (
        "Recall at a share of mails: at most that share of the mails loses a picture that a person should see. The partial"
        " area under the ROC curve is standardised after McClish; chance is 50%. Weighted rates estimate the rates in the"
        f" corpora from the sampling strata. Precision assumes that {base_rate} of trackers, content, spacers and visible"
        " personalised pictures are trackers."
    )
    return Grid("Other figures of merit", ("detector", *rates), rows, len(rates), note)


def splits_grid(splits: pd.DataFrame, wide: bool) -> Grid:
    """Return one detector's rates on every split; `wide` adds the claims and more rates."""
    rates = {
        "recall at 0.1% false positives": "tpr_at_fpr_0.001",
        "recall at frozen threshold": "tpr",
        "false positives there": "fpr",
    }
    if wide:
        rates = {
            "recall at 1%": "tpr_at_fpr_0.01",
            "recall at 0.5%": "tpr_at_fpr_0.005",
            **rates,
            "mails with a false positive": "mail_false_alarms",
        }
    rows = []
    for row in splits.to_dict("records"):
        counts = f"{row['trackers']:,} and {row['negatives']:,} negatives"
        split = f"{row['split']}\n{row['claim'] if wide else counts}"
        rows.append((split, *((counts,) if wide else ()), *(share_with_interval(row, rate) for rate in rates.values())))
    columns = ("tested on", *(("trackers and negatives",) if wide else ()), *rates)
    note = (
        "Each share with its 95% interval. Negatives are the pictures that a person should see. The threshold is chosen on the"
        " training side and frozen; the false positives are those of the test side. At 0.1%, fewer than 1,000"
        " negatives allow none."
    )
    return Grid("The best model on unseen data", columns, rows, len(rates), note)


def differences_grid(differences: pd.DataFrame) -> Grid:
    """Return the recall that one detector gains over each other one, in percentage points."""
    rows = []
    for row in differences.to_dict("records"):
        points = (
            f"{100 * row['difference']:+.1f} points\n{100 * row['difference_low']:+.1f} to {100 * row['difference_high']:+.1f}"
        )
        difference = "-" if pd.isna(row["difference"]) else points
        rows.append((_detector(row, "against", "against_vantage"), percent(row["fpr"]), difference))
    name = f" by {differences['name'].iloc[0]}" if len(differences) else ""
    note = "Paired: both on the same resamples. A rule is compared at its own false positive rate."
    return Grid(f"Recall gained{name}", ("over", "at false positives", "difference"), rows, 2, note)


def verdicts_grid(verdicts: pd.DataFrame) -> Grid:
    """Return the number of each verdict by label, for all mail and each corpus; the first row of a corpus names it."""
    columns = ("rows", *VERDICTS[::-1])
    rows = []
    before = ""
    for row in verdicts.to_dict("records"):
        label = f"{LABELS[row['label'][0]]}{row['label'][1:]}"
        shares = [f"{row[column]:,}\n{percent(row[column] / row['rows'])}" for column in columns[1:]]
        rows.append((row["corpus"] if row["corpus"] != before else "", label, f"{row['rows']:,}", *shares))
        before = row["corpus"]
    note = (
        "At frozen thresholds. A tracker is dropped, a personalised picture is reported and kept unless asked otherwise."
        f" Visible: a declared side of {VISIBLE} px or more."
    )
    return Grid("Verdicts by label", ("corpus", "label", *columns), rows, len(columns), note)


def populations_grid(populations: pd.DataFrame, population: str) -> Grid:
    """Return the rates of every detector on one kind of mail, counted by rows, mails and components.

    Parameters
    ----------
    populations : DataFrame
        As :func:`tkit.evaluate.by_population` gives it.
    population : str
        One of its kinds of mail.
    """
    of_kind = populations[populations["population"] == population]
    rows = []
    for (name, vantage), counted in of_kind.groupby(["name", "vantage"], sort=False):
        by_count = counted.set_index("count").to_dict("index")
        cells = [share_with_interval(by_count[count], rate) for rate in ("tpr", "fpr") for count in COUNTS]
        rows.append((f"{name}\n{vantage}", *cells))
    columns = ("detector", *(f"{rate}, by {count}" for rate in ("recall", "false positives") for count in COUNTS))
    first = of_kind.groupby("count")[["trackers", "negatives"]].first()
    numbers = {
        kind: f"{by['rows']:,} of {by['mails']:,} mails and {by['components']:,} components"
        for kind, by in first.to_dict().items()
    }
    note = (
        f"{numbers['trackers']} are trackers, {numbers['negatives']} are pictures that a person should see. At the chosen"
        " threshold, each share with its 95% interval, bootstrap over components. By mails: every tracker of the mail is"
        " flagged; at least one picture of it that a person should see is. By components: the mean of their rates, so that"
        " each counts once."
    )
    return Grid(population.capitalize(), columns, rows, len(columns) - 1, note)


def slices_grid(slices: pd.DataFrame) -> Grid:
    """Return the rates of each slice; the first row of each kind of slice names the kind."""
    rows = []
    before = ""
    for row in slices.to_dict("records"):
        few = f"\nfew {row['few']}" if row["few"] else ""
        recall = _counted(row, "tpr", row["trackers"] - row["missed"], row["trackers"])
        false_positives = _counted(row, "fpr", row["false_alarms"], row["negatives"])
        rows.append((row["slice"] if row["slice"] != before else "", f"{row['value']}{few}", recall, false_positives))
        before = row["slice"]
    note = "At the frozen threshold; each share with its 95% interval and its counts."
    return Grid("Slices", ("by", "slice", "recall", "false positives"), rows, 2, note)


def label_grid(rows: pd.DataFrame) -> Grid:
    """Return the number of labels of each corpus."""
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
    return f"{share_with_interval(row, rate, ', ')}\n{part:,} of {whole:,}" if whole else "-\nnone"
