"""The errors of a detector as a list of items that open one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tkit.evaluate.percent import percent
from tkit.report.draw import escaped, paragraph
from tkit.report.figures import LABELS
from tkit.report.rows import given_features
from tkit.url import host_of, registrable_domain, unwrap

MOST_ERRORS = 100
"""Errors that a page shows at most; the rest is counted."""

CONFIDENCE = {1: "a guess", 2: "likely", 3: "sure"}
"""The confidence of a label in words."""

_ERRORS = {"miss": "missed", "false alarm": "false positive"}


def errors_html(errors: pd.DataFrame, name: str) -> str:
    """Return the errors as HTML. Each is one line that opens to show reasons, nearest training rows and features.

    Parameters
    ----------
    errors : DataFrame
        As :meth:`tkit.evaluate.Evaluation.errors` gives them.
    name : str
        The detector's name.
    """
    text = f"{len(errors):,} references judged wrongly by {name}, the farthest from the threshold first."
    if "reasons" in errors:
        text += " Open one to see why. The reasons come from the exported detector, which was trained on these references."
    if "near_1" in errors:
        text += " The nearest rows are training rows of the model that judged the reference."
    shown = "\n".join(_error(row) for row in errors.head(MOST_ERRORS).to_dict("records"))
    left = len(errors) - MOST_ERRORS
    more = f'<p class="note">and {left:,} more, in errors.csv</p>' if left > 0 else ""
    return f"{paragraph(text)}\n{shown}{more}"


def _error(row: Mapping[Any, Any]) -> str:
    head = (
        f"<b>{escaped(_ERRORS[row['error']])}</b> {escaped(LABELS[row['label']])}, {escaped(_domain(row))}"
        f" <small>{escaped(str(row.get('carrier', '')))}, score {escaped(percent(row['score']))},"
        f" threshold {escaped(percent(row['threshold']))}</small>"
    )
    details = {
        "label": f"{LABELS[row['label']]}, {CONFIDENCE.get(row['confidence'], str(row['confidence']))}",
        "reasons": "; ".join(row["reasons"]) if "reasons" in row else "",
        "nearest training rows": "; ".join(_near(row)),
        "reference": f"{row['message_sha256']}/{row['part']}/{row['index']}"
        + (f", {row['corpus']}" if "corpus" in row else ""),
        "features present and not 0": given_features(row),
    }
    listed = "".join(f"<dt>{escaped(what)}</dt><dd>{escaped(value)}</dd>" for what, value in details.items() if value)
    return f"<details><summary>{head}</summary><dl>{listed}</dl></details>"


def _near(row: Mapping[Any, Any]) -> list[str]:
    neighbours = []
    number = 1
    while isinstance(row.get(f"near_{number}"), str):
        label, confidence, distance = (row[f"near_{number}_{what}"] for what in ("label", "confidence", "distance"))
        neighbours.append(f"{LABELS[label]} ({CONFIDENCE[confidence]}) at distance {distance:.1f}, {row[f'near_{number}']}")
        number += 1
    return neighbours


def _domain(row: Mapping[Any, Any]) -> str:
    """Return the registrable domain of the host; the dataset has it instead of a URL."""
    if "host_domain" in row:
        return str(row["host_domain"]) or "(no registered domain)"
    return registrable_domain(host_of(unwrap(row["resolved_url"]))) if "resolved_url" in row else ""
