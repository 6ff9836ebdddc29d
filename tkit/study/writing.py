"""A study written into a folder."""

from __future__ import annotations

from pathlib import Path

from tkit.report.draw import write
from tkit.report.study import Details, write_study
from tkit.study.result import StudyResult

ERROR_COLUMNS = (
    *("error", "label", "confidence", "score", "threshold", "message_sha256", "part", "index", "carrier", "corpus"),
    *("host_domain", "reasons"),
)
"""The first columns of errors.csv; nearest training rows, other columns of the labels, and features follow."""


def write_results(folder: Path, result: StudyResult) -> None:
    """Write the tables as CSV files, ``report.html`` with its ``figures/``, and ``bundle/``.

    Parameters
    ----------
    folder : Path
        Created with its parents; files of the same names are replaced.
    result : StudyResult

    Raises
    ------
    TkitError
        If the folder cannot be written.
    """
    errors = result.errors.assign(reasons=result.errors["reasons"].map("; ".join))
    first = [column for column in ERROR_COLUMNS if column in errors]
    tables = {
        name: getattr(result, name)
        for name in ("comparison", "differences", "splits", "verdicts", "populations", "slices", "over_time")
    }
    tables["errors"] = errors[[*first, *(column for column in errors if column not in first)]]
    write(folder, {f"{name}.csv": table.to_csv(index=False) for name, table in tables.items()})
    details = Details(
        answer=result.summary,
        splits=result.splits,
        differences=result.differences,
        verdicts=result.verdicts,
        populations=result.populations,
        slices=result.slices,
        over_time=result.over_time,
        errors=result.errors,
    )
    write_study(folder, result.comparison, result.evaluations, result.facts, result.bundle, details)
    result.bundle.save(folder / "bundle")
