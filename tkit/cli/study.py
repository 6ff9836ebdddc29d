"""The verbs that make detectors: study, train and export."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from tkit.cli.arguments import MAX_SEED, Cluster, DatasetFolder, NewFolder, Unit, VantagePoint, Workers, refuse
from tkit.cli.progress import errors, steps
from tkit.errors import TkitError


def read_share(text: str) -> float:
    """Read a share: ``0.001`` or ``0.1%``."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise typer.BadParameter(f"{text!r}: give a share such as 0.1% or 0.001")
    return value


MaxFalseAlarms = Annotated[
    float, typer.Option(parser=read_share, metavar="SHARE", help="Budget of false alarms, such as 0.1%.")
]
BudgetUnit = Annotated[
    Unit, typer.Option("--budget-unit", help="What that is a share of: good pictures, or mails that have one.")
]


def study(
    dataset: DatasetFolder = Path("data/dataset"),
    output: NewFolder = Path("out/study"),
    folds: Annotated[int, typer.Option(min=2, max=50, help="Folds of the cross-validations.")] = 10,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Seed of folds, models and resamples.")] = 0,
    max_false_alarms: MaxFalseAlarms = "0.1%",  # type: ignore[assignment]
    budget_unit: BudgetUnit = Unit.PICTURES,
    cluster: Annotated[Cluster, typer.Option(help="What the intervals' resamples draw whole.")] = Cluster.SENDER,
    quick: Annotated[bool, typer.Option("--quick", help="The boosting model on unseen kits alone: a first look.")] = False,
    gate: Annotated[Path | None, typer.Option(help="File of floors: fail where a key figure is below its own.")] = None,
    pin: Annotated[Path | None, typer.Option(help="File of floors to write; refuses to lower one.")] = None,
    allow_lower: Annotated[bool, typer.Option("--allow-lower", help="Let --pin lower floors.")] = False,
    workers: Workers = 2,
) -> None:
    """Compare rules and models on the dataset and write the best as a bundle: the main job.

    Writes comparison.csv, differences.csv, splits.csv, slices.csv, over_time.csv, errors.csv, figures, report.html and
    bundle/.

    Example: `tkit study --dataset data/dataset -o out/study`
    """
    from tkit.dataset import read
    from tkit.report import comparison_table, differences_table, splits_table
    from tkit.study import run_study
    from tkit.study.gate import check, read_floors, told
    from tkit.study.gate import pin as pin_floors

    if allow_lower and pin is None:
        refuse("--allow-lower", "there is nothing to lower: give --pin FILE too")
    for file in (gate, pin if pin is not None and pin.exists() else None):
        if file is not None:
            read_floors(file)  # refused now, not after minutes
    with steps() as tell:
        done = run_study(
            read(dataset),
            output,
            folds=folds,
            seed=seed,
            max_false_alarms=max_false_alarms,
            unit=budget_unit.value,
            cluster=cluster.value,
            quick=quick,
            date=_today(),
            workers=workers,
            progress=tell,
        )
    console = Console(highlight=False)
    for line in done.summary:
        console.print(line, soft_wrap=True)
    console.print(comparison_table(done.comparison))
    console.print(splits_table(done.splits))
    # The lists are many; the page and differences.csv have them.
    console.print(differences_table(done.differences[~done.differences["against"].str.startswith("list: ")]))
    errors.print(f"page: {escape(str(output / 'report.html'))}", soft_wrap=True)
    if pin is not None:
        for fell in pin_floors(pin, done.figures, done.inputs, command=done.command, allow_lower=allow_lower):
            errors.print(f"[yellow]lowered[/] {escape(fell)}")
    if gate is not None:
        failed = check(gate, done.figures, done.inputs)
        if failed:
            raise TkitError(told(failed))
        errors.print(f"gate: every floor of {escape(str(gate))} holds", soft_wrap=True)


def train(
    output: Annotated[Path, typer.Option("--output", "-o", file_okay=False, help="Bundle folder to write.")],
    dataset: DatasetFolder = Path("data/dataset"),
    vantage: Annotated[VantagePoint, typer.Option(help="Features the detector may use.")] = VantagePoint.MESSAGE,
    max_false_alarms: MaxFalseAlarms = "0.1%",  # type: ignore[assignment]
    budget_unit: BudgetUnit = Unit.PICTURES,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Seed of folds and model.")] = 0,
    workers: Workers = 2,
) -> None:
    """Train one detector on the whole dataset and write it as a bundle.

    Example: `tkit train --vantage element -o my-bundle`
    """
    from tkit.dataset import read
    from tkit.study import train_bundle

    with steps() as tell:
        bundle = train_bundle(
            read(dataset),
            vantage.value,
            max_false_alarms=max_false_alarms,
            unit=budget_unit.value,
            seed=seed,
            date=_today(),
            workers=workers,
            progress=tell,
        )
    bundle.save(output)
    errors.print(f"bundle: {escape(str(output))}", soft_wrap=True)


def export(
    bundle: Annotated[str, typer.Argument(help="Bundle folder, or `default:url`, `default:element`, `default:message`.")],
    to: Annotated[str, typer.Option(help="Targets, parted by commas.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", file_okay=False, help="Folder to write; a folder in it for each target.")
    ],
    dataset: Annotated[
        Path | None,
        typer.Option(
            file_okay=False, help="Dataset folder, to compare the decisions on; data/dataset without it, where that is there."
        ),
    ] = None,
) -> None:
    """Write a detector for other tools, and say what each loses.

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
        refuse("BUNDLE", f"no built-in bundle {bundle!r}: take one of {', '.join(f'default:{one}' for one in MAIL_VANTAGES)}")
    loaded = Bundle.load(bundle) if vantage == bundle else default_bundle(vantage)
    usual = Path("data/dataset")
    place = dataset or (usual if (usual / "dataset.json").exists() else None)
    with steps() as tell:
        losses = run_export(loaded, targets, output, None if place is None else read(place), progress=tell)
    for loss in losses:
        Console().print(Markdown(loss.to_markdown()))


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
