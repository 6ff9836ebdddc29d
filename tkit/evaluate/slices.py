"""The rates of parts of the test rows: where a detector is good and where it is not."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tkit.evaluate.evaluation import Evaluation
from tkit.features.sizes import declared_size

FEW = 30
"""With fewer trackers (or negatives) the true (or false) positive rate of a slice is marked as based on few."""

SPACER_HEAVY = 5
"""Number of tiny or hidden references in one document from which its mail counts as full of spacers."""


YEARS = (1995, 2100)
"""The first and the last year that a mail's date is believed in."""

RECENT = 2011
"""The year from which mail counts as recent: it divides the corpora of 2002 to 2010 from those of 2019 on."""


class Cut(NamedTuple):
    """One way to cut rows: the columns that it reads, and the function that names the slice of each row."""

    columns: tuple[str, ...]
    names: Callable[[pd.DataFrame], pd.Series]


def _column(name: str) -> Cut:
    return Cut((name,), lambda rows: rows[name].fillna("").astype(str).where(lambda text: text != "", "unknown"))


def _common(name: str) -> Cut:
    """Cut by the values of a column that have :data:`FEW` rows or more; all others are one slice."""

    def names(rows: pd.DataFrame) -> pd.Series:
        value = _column(name).names(rows)
        return value.where(value.map(value.value_counts()) >= FEW, "other")

    return Cut((name,), names)


def _least(name: str, least: float, yes: str, no: str) -> Cut:
    return Cut((name,), lambda rows: pd.Series(np.where(rows[name] >= least, yes, no), index=rows.index))


def _declared_size(rows: pd.DataFrame) -> pd.Series:
    return pd.Series(declared_size(rows), index=rows.index)


def _year(rows: pd.DataFrame) -> pd.Series:
    year = rows["date"].dt.year
    named: pd.Series = year.astype("Int64").astype(str).where(year.between(*YEARS), "unknown")
    return named


def _age(rows: pd.DataFrame) -> pd.Series:
    year = rows["date"].dt.year
    named = pd.Series(np.where(year < RECENT, f"before {RECENT}", f"{RECENT} on"), index=rows.index)
    return named.where(year.between(*YEARS), "unknown")


SLICES: Mapping[str, Cut] = {
    "carrier": _column("carrier"),
    "declared size": Cut(("sides_given", "width", "height", "tiny"), _declared_size),
    "provider": _least("provider_known", 1, "known", "not known"),
    "service": _common("provider"),
    "corpus": _column("corpus"),
    "year": Cut(("date",), _year),
    "language": _common("language"),
    "kind of mail": _column("kind"),
    "wanted or not": _column("wanted"),
    f"before {RECENT}, {RECENT} on": Cut(("date",), _age),
    "spacers in the mail": _least("tiny_others", SPACER_HEAVY, f"{SPACER_HEAVY} tiny others or more", "fewer"),
}
"""How rows are cut, by the name of the cut.

``declared size`` is one of :data:`tkit.features.sizes.DECLARED_SIZES`.
"""


def slices(evaluation: Evaluation) -> pd.DataFrame:
    """Return the rates at the verdict threshold for each slice of the headline rows.

    A cut whose columns the rows do not have is left out.

    Returns
    -------
    DataFrame
        ``slice``, ``value``; ``trackers``, ``missed``, ``negatives``, ``false_alarms``; ``tpr`` and ``fpr`` with ``_low`` and
        ``_high``, NaN if the slice has no such row; ``few``: which of ``trackers and negatives`` are fewer than
        :data:`FEW`, or "". In the order of :data:`SLICES`, the values of a slice by falling number of rows.
    """
    table: list[dict[str, Any]] = []
    rows = evaluation.rows
    for name, cut in SLICES.items():
        if all(column in rows for column in cut.columns):
            names = cut.names(rows)
            for value in names[evaluation.headline].value_counts().index:
                counted = evaluation.counted((names == value).to_numpy())
                few = [count for count in ("trackers", "negatives") if counted[count] < FEW]
                table.append({"slice": name, "value": value} | counted | {"few": " and ".join(few)})
    return pd.DataFrame(table)
