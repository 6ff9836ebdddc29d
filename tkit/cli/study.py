"""The verbs that produce detectors: study, train and export."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from tkit.cli.arguments import MAX_SEED, Cluster, DatasetFolder, NewFolder, Unit, VantagePoint, Workers, refuse
from tkit.cli.progress import errors, steps
from tkit.cli.reading import reading
from tkit.errors import TkitError

if TYPE_CHECKING:
    from tkit.dataset import Dataset


def read_share(text: str) -> float:
    """Return the share that a text gives: ``0.001`` or ``0.1%``."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise typer.BadParameter(f"{text!r}: give a share such as 0.1% or 0.001")
    return value


MaxFalseAlarms = Annotated[
    float, typer.Option(parser=read_share, metavar="SHARE", help="Maximum false positive rate, such as 0.1%.")
]
BudgetUnit = Annotated[
    Unit, typer.Option("--budget-unit", help="Unit of that rate: pictures that a person should see, or mails with one.")
]


def study(
    dataset: DatasetFolder = Path("data/dataset"),
    output: NewFolder = Path("out/study"),
    folds: Annotated[int, typer.Option(min=2, max=50, help="Folds of the cross-validations.")] = 10,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Seed of folds, models and resamples.")] = 0,
    max_false_alarms: MaxFalseAlarms = "0.1%",  # type: ignore[assignment]
    budget_unit: BudgetUnit = Unit.PICTURES,
    cluster: Annotated[
        Cluster, typer.Option(help="Groups of rows that the resamples of the intervals draw whole.")
    ] = Cluster.COMPONENT,
    quick: Annotated[bool, typer.Option("--quick", help="Only the boosting model on unseen kits: a first look.")] = False,
    gate: Annotated[Path | None, typer.Option(help="File of floors: fail if a key figure is below its floor.")] = None,
    pin: Annotated[Path | None, typer.Option(help="File of floors to write; existing floors are not lowered.")] = None,
    allow_lower: Annotated[bool, typer.Option("--allow-lower", help="Let --pin lower floors.")] = False,
    workers: Workers = 2,
) -> None:
    """Compare rules and models on the dataset, and write the results and the best model.

    Writes comparison.csv, differences.csv, splits.csv, verdicts.csv, slices.csv, over_time.csv, errors.csv, figures,
    report.html and bundle/.

    Example: `tkit study --dataset data/dataset -o out/study`
    """
    from tkit.dataset import read
    from tkit.report.tables import comparison_table, differences_table, splits_table, verdicts_table
    from tkit.study import run_study, write_results
    from tkit.study.gate import check, failure, read_floors
    from tkit.study.gate import pin as pin_floors

    if allow_lower and pin is None:
        refuse("--allow-lower", "nothing to lower: give --pin FILE too")
    for file in (gate, pin if pin is not None and pin.exists() else None):
        if file is not None:
            read_floors(file)  # to fail now, not after minutes
    with steps() as report:
        result = run_study(
            read(dataset),
            folds=folds,
            seed=seed,
            max_false_alarms=max_false_alarms,
            unit=budget_unit.value,
            cluster=cluster.value,
            quick=quick,
            date=_today(),
            workers=workers,
            progress=report,
        )
    write_results(output, result)
    console = Console(highlight=False)
    for line in result.summary:
        console.print(line, soft_wrap=True)
    console.print(comparison_table(result.comparison))
    console.print(splits_table(result.splits))
    console.print(verdicts_table(result.verdicts))
    # Without the many published lists, which are in the page and in differences.csv.
    console.print(differences_table(result.differences[~result.differences["against"].str.startswith("list: ")]))
    errors.print(f"page: {escape(str(output / 'report.html'))}", soft_wrap=True)
    if pin is not None:
        for floor in pin_floors(pin, result.figures, result.inputs, command=result.command, allow_lower=allow_lower):
            errors.print(f"[yellow]lowered[/] {escape(floor)}")
    if gate is not None:
        failed = check(gate, result.figures, result.inputs)
        if failed:
            raise TkitError(failure(failed))
        errors.print(f"gate: all floors of {escape(str(gate))} hold", soft_wrap=True)


def train(
    output: Annotated[Path, typer.Option("--output", "-o", file_okay=False, help="Bundle folder to write.")],
    paths: Annotated[list[str] | None, typer.Argument(help="Your own mails, with --labels.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Your own label file (CSV) of these mails.")] = None,
    with_dataset: Annotated[bool, typer.Option("--with-dataset", help="Train on the dataset beside your own labels.")] = False,
    dataset: DatasetFolder = Path("data/dataset"),
    vantage: Annotated[VantagePoint, typer.Option(help="Features that the detector may use.")] = VantagePoint.MESSAGE,
    max_false_alarms: MaxFalseAlarms = "0.1%",  # type: ignore[assignment]
    budget_unit: BudgetUnit = Unit.PICTURES,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Seed of folds and model.")] = 0,
    workers: Workers = 2,
) -> None:
    """Train one detector and write it as a bundle: on the dataset, or on your own labels.

    With your own labels it is compared with the built-in detector, on mails that neither was trained on.

    Example: `tkit train --vantage element -o my-bundle`, or `tkit train ~/Maildir --labels mine.csv --with-dataset -o mine`
    """
    from tkit.dataset import read
    from tkit.study import train_bundle

    if bool(paths) != bool(labels):
        refuse("--labels", "own mails and --labels belong together: give both or neither")
    if paths and labels:
        _train_own(output, paths, labels, read(dataset), with_dataset, vantage, max_false_alarms, budget_unit, seed, workers)
        return
    if with_dataset:
        refuse("--with-dataset", "the dataset is what it is trained on anyway: leave it out, or give mails and --labels")
    with steps() as report:
        bundle = train_bundle(
            read(dataset),
            vantage.value,
            max_false_alarms=max_false_alarms,
            unit=budget_unit.value,
            seed=seed,
            date=_today(),
            workers=workers,
            progress=report,
        )
    bundle.save(output)
    errors.print(f"bundle: {escape(str(output))}", soft_wrap=True)


def _train_own(
    output: Path,
    paths: list[str],
    labels: Path,
    dataset: Dataset,
    with_dataset: bool,
    vantage: VantagePoint,
    max_false_alarms: float,
    unit: Unit,
    seed: int,
    workers: int,
) -> None:
    from tkit.evaluate import comparison, differences
    from tkit.labels import read_labels
    from tkit.mail import Message
    from tkit.report.tables import comparison_table, differences_table
    from tkit.study.own import read_own, train_own

    with reading(paths) as mails:
        own = read_own((Message.from_bytes(mail.raw) for mail in mails), read_labels(labels))
    if own.lost:
        errors.print(f"[yellow]{own.lost:,} labels have no reference in these mails[/]", soft_wrap=True)
    with steps() as report:
        result = train_own(
            own,
            dataset=dataset,
            with_dataset=with_dataset,
            vantage=vantage.value,
            max_false_alarms=max_false_alarms,
            unit=unit.value,
            seed=seed,
            date=_today(),
            workers=workers,
            progress=report,
        )
    result.bundle.save(output)
    if result.known:
        errors.print(
            f"[yellow]{result.known:,} labels are of mails that the built-in detector was trained on: they are trained on and"
            " not tested[/]",
            soft_wrap=True,
        )
    evaluations = [result.trained, result.built_in]
    console = Console(highlight=False)
    console.print(comparison_table(comparison(evaluations)))
    console.print(differences_table(differences(result.trained, [result.built_in], max_false_alarms)))
    errors.print(f"bundle: {escape(str(output))}", soft_wrap=True)


def export(
    bundle: Annotated[str, typer.Argument(help="Bundle folder, or `default:url`, `default:element`, `default:message`.")],
    to: Annotated[str, typer.Option(help="Comma-separated targets, such as javascript,rspamd; docs/export.md lists all.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", file_okay=False, help="Folder to write, with one folder per target.")
    ],
    dataset: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Dataset folder to compare the decisions on; default: data/dataset, if it exists."),
    ] = None,
) -> None:
    """Write a detector for other tools, and report how the decisions differ there.

    Example: `tkit export default:element --to javascript -o out/export`
    """
    from rich.markdown import Markdown

    from tkit.bundle import Bundle, default_bundle
    from tkit.dataset import read
    from tkit.export import export as run_export
    from tkit.export.base import TARGETS
    from tkit.features import MAIL_VANTAGES

    targets = [name.strip() for name in to.split(",")]
    for name in targets:
        if name not in TARGETS:
            refuse("--to", f"no export target {name!r}: take one of {', '.join(TARGETS)}")
    vantage = bundle.removeprefix("default:")
    if vantage != bundle and vantage not in MAIL_VANTAGES:
        refuse("BUNDLE", f"no built-in bundle {bundle!r}: take one of {', '.join(f'default:{name}' for name in MAIL_VANTAGES)}")
    loaded = Bundle.load(bundle) if vantage == bundle else default_bundle(vantage)
    default = Path("data/dataset")
    folder = dataset or (default if (default / "dataset.json").exists() else None)
    with steps() as report:
        losses = run_export(loaded, targets, output, None if folder is None else read(folder), progress=report)
    for loss in losses:
        Console().print(Markdown(loss.to_markdown()))


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
