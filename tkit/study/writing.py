"""The files that a study leaves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tkit.report import Details, write_study
from tkit.report.draw import write

if TYPE_CHECKING:
    from tkit.study.result import StudyResult

ERROR_COLUMNS = (
    *("error", "label", "confidence", "score", "threshold", "message_sha256", "part", "index", "carrier", "corpus"),
    *("host_domain", "reasons"),
)
"""What errors.csv begins with; the nearest training rows, the other columns of the labels and the features follow."""


def write_results(folder: Path, result: StudyResult, told: Mapping[str, str]) -> None:
    """Write the tables as CSV files, the page with its figures, and the bundle.

    Parameters
    ----------
    folder : Path
        Made with its parents; files of equal names are replaced.
    result : StudyResult
    told : mapping of str to str
        The facts of :func:`tkit.report.write_study`.
    """
    errors = result.errors.assign(reasons=result.errors["reasons"].map("; ".join))
    first = [column for column in ERROR_COLUMNS if column in errors]
    tables = {name: getattr(result, name) for name in ("comparison", "differences", "splits", "slices", "over_time")}
    tables["errors"] = errors[[*first, *(column for column in errors if column not in first)]]
    write(folder, {f"{name}.csv": table.to_csv(index=False) for name, table in tables.items()})
    details = Details(
        answer=result.summary,
        splits=result.splits,
        differences=result.differences,
        slices=result.slices,
        over_time=result.over_time,
        errors=result.errors,
    )
    write_study(folder, result.comparison, result.evaluations, told, result.bundle, details)
    result.bundle.save(folder / "bundle")
