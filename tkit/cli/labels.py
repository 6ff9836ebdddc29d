"""The verbs of ``tkit labels``: check, merge, compare, correct and audit label files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from tkit.cli.arguments import MAX_SEED, DatasetFolder, VantagePoint
from tkit.cli.progress import errors
from tkit.errors import TkitError

if TYPE_CHECKING:
    import pandas as pd

labels_app = typer.Typer(help="Label files; docs/labels.md describes their format.", no_args_is_help=True)
_console = Console(highlight=False)

LabelFiles = Annotated[list[Path], typer.Argument(help="Label files, one per annotator, named after the annotator.")]
NewFile = Annotated[Path, typer.Option("--output", "-o", dir_okay=False, help="File to write.")]


@labels_app.command()
def check(files: Annotated[list[Path], typer.Argument(help="Label files.")]) -> None:
    """Check label files, and print every fault with row and column.

    Example: `tkit labels check labels.csv`
    """
    from tkit.labels import LABELS, read_labels
    from tkit.labels.files import check_labels

    wrong = False
    for file in files:
        problems = check_labels(file)
        for row, column, what in problems:
            _console.print(escape(f"{file}: row {row}, column {column}: {what}"), soft_wrap=True)
        if problems:
            wrong = True
        else:
            labels = read_labels(file)
            counts = ", ".join(f"{label} {(labels['label'] == label).sum():,}" for label in LABELS)
            _console.print(f"{escape(str(file))}: {len(labels):,} labels ({counts})", soft_wrap=True)
    if wrong:
        raise typer.Exit(1)


@labels_app.command()
def merge(
    files: LabelFiles,
    output: NewFile,
    majority: Annotated[bool, typer.Option(help="Where annotators differ, take the majority instead of U.")] = False,
    adjudicate: Annotated[
        Path | None, typer.Option(help="File to write the references that annotators differ on, to be decided.")
    ] = None,
) -> None:
    """Merge the label files of several annotators into one; where they differ, the label is U.

    The file of --adjudicate is a corrections file: fill in new and reason, then run `tkit labels correct`.

    Example: `tkit labels merge ann.csv ben.csv -o labels.csv --adjudicate open.csv`
    """
    from tkit.labels import write_labels
    from tkit.labels.agreement import merge_labels, to_adjudicate
    from tkit.labels.corrections import REQUIRED
    from tkit.labels.files import write_table

    merged = merge_labels(_by_annotator(files), majority)
    differing = to_adjudicate(merged)
    write_labels(output, merged)
    if adjudicate:
        write_table(adjudicate, differing, REQUIRED)
    _console.print(f"{escape(str(output))}: {len(merged):,} labels, {len(differing):,} of them differ", soft_wrap=True)


@labels_app.command()
def agreement(
    files: LabelFiles,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Seed of the bootstrap.")] = 0,
    output: Annotated[Path | None, typer.Option("--output", "-o", dir_okay=False, help="Also write a CSV file.")] = None,
) -> None:
    """Measure how well annotators agree: raw, Cohen's kappa per pair, Krippendorff's alpha of all.

    One file is enough if it contains the labels of several annotators: first and second, or a merged file.

    Example: `tkit labels agreement ann.csv ben.csv`
    """
    from tkit.labels import read_labels
    from tkit.labels.agreement import agreement as measure
    from tkit.labels.agreement import merge_labels

    merged = read_labels(files[0]) if len(files) == 1 else merge_labels(_by_annotator(files))
    measured = measure(merged, seed)
    table = Table(title="Agreement")
    for heading in ("annotators", "classes", "measure"):
        table.add_column(heading)
    for heading in ("value", "95% interval", "references"):
        table.add_column(heading, justify="right")
    for row in measured.to_dict("records"):
        cells = (escape(row["annotators"]), row["classes"], row["measure"], f"{row['value']:.3f}")
        table.add_row(*cells, f"{row['low']:.3f} to {row['high']:.3f}", f"{row['references']:,}")
    _console.print(table)
    if output:
        _write_csv(output, measured)


@labels_app.command()
def correct(
    labels: Annotated[Path, typer.Argument(help="Label file.")],
    corrections: Annotated[Path, typer.Argument(help="Corrections file, with a reason in each row.")],
    output: NewFile,
) -> None:
    """Apply corrections to a label file; its labels must equal the old labels in the corrections.

    Example: `tkit labels correct labels.csv corrections.csv -o corrected.csv`
    """
    from tkit.labels import read_labels, write_labels
    from tkit.labels.corrections import apply_corrections, read_corrections

    wanted = read_corrections(corrections)
    corrected = apply_corrections(read_labels(labels), wanted, corrections)
    write_labels(output, corrected)
    _console.print(f"{escape(str(output))}: {len(corrected):,} labels, {len(wanted):,} corrected", soft_wrap=True)


@labels_app.command()
def audit(
    output: NewFile,
    dataset: DatasetFolder = Path("data/dataset"),
    vantage: Annotated[VantagePoint, typer.Option(help="Features that the model may use.")] = VantagePoint.MESSAGE,
    folds: Annotated[int, typer.Option(min=2, max=50, help="Folds of the cross-validation.")] = 10,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Seed of folds and model.")] = 0,
    top: Annotated[int, typer.Option(min=0, help="Number of labels to show.")] = 20,
) -> None:
    """List the labels that out-of-fold predictions contradict, the most doubtful first.

    Example: `tkit labels audit -o doubtful.csv`
    """
    from tkit.dataset import read
    from tkit.study.noise import audit_labels

    rows = read(dataset).rows()
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("folds", total=folds)
        labels = audit_labels(
            rows, vantage.value, folds, seed, lambda done, total: bar.update(task, completed=done, total=total)
        )
    _write_csv(output, labels)
    table = Table(title=f"The {min(top, len(labels))} most doubtful of {len(labels):,} labels")
    for heading in ("mail", "reference", "label", "confidence", "model: tracker"):
        table.add_column(heading)
    for row in labels.head(top).to_dict("records"):
        reference = f"{row['part']}/{row['index']} {row['carrier']} {row['host_domain']}"
        cells = (row["message_sha256"][:8], escape(reference), row["label"], str(row["confidence"]))
        table.add_row(*cells, f"{row['score']:.1%}")
    _console.print(table)
    doubtful = labels["issue"].sum()
    _console.print(f"confident learning considers {doubtful} wrong; all are in {escape(str(output))}", soft_wrap=True)


def _by_annotator(files: Sequence[Path]) -> dict[str, pd.DataFrame]:
    from tkit.labels import read_labels

    by_annotator: dict[str, pd.DataFrame] = {}
    for file in files:
        if file.stem in by_annotator:
            raise TkitError(f"{file}: a second file of the annotator {file.stem!r}: give each file its own name")
        by_annotator[file.stem] = read_labels(file)
    return by_annotator


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    from tkit.report.writers import open_writer

    with open_writer("csv", path) as writer:
        writer.write(table)
