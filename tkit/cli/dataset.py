"""The verbs of ``tkit dataset``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tkit.cli.progress import steps

dataset_app = typer.Typer(help="The published dataset: build, check and describe it.", no_args_is_help=True)

Folder = Annotated[Path | None, typer.Argument(file_okay=False, help="Dataset folder; default: the one that comes with tkit.")]


@dataset_app.command("build")
def dataset_build(
    shared: Annotated[Path, typer.Option(help="Folder with corpora/, gold/ and lists/.")] = Path("../shared"),
    output: Annotated[Path, typer.Option("--output", "-o", file_okay=False, help="Folder to write.")] = Path("data/dataset"),
    labels: Annotated[
        Path | None, typer.Option(help="Published dataset to take the labels from; then only corpora/ is needed.")
    ] = None,
    card: Annotated[Path | None, typer.Option(help="Also write the data card to this file.")] = None,
) -> None:
    """Build the published dataset from the archives of the corpora, the labels and the published lists.

    Corrections of labels are taken from corrections.csv beside the dataset's folder.

    Example: `tkit dataset build --shared ../shared -o data/dataset --card data/README.md`
    """
    from tkit.dataset import read
    from tkit.dataset.build import build, corrections_beside, rebuild
    from tkit.dataset.card import write_data_card

    with steps() as report:
        if labels is None:
            built = build(shared, output, report, corrections_beside(output))
        else:
            built = rebuild(shared / "corpora", read(labels), output, progress=report)
    if card:
        write_data_card(built, card)
    Console(highlight=False).print(
        f"{escape(str(output))}: {len(built.references):,} references, {len(built.labels):,} labels,"
        f" {built.description['components']} components"
    )


@dataset_app.command("verify")
def dataset_verify(
    folder: Folder = None,
    rebuild: Annotated[
        Path | None, typer.Option(help="Folder with corpora/ (and gold/, lists/): rebuild the files and compare them.")
    ] = None,
    card: Annotated[Path | None, typer.Option(help="Data card to compare with the files.")] = None,
) -> None:
    """Check a dataset: bytes, columns, keys, joins, splits, privacy, metadata; exit code 1 if a check fails.

    Example: `tkit dataset verify data/dataset --rebuild ../shared`
    """
    from tkit.dataset.reading import default_folder
    from tkit.dataset.verify import verify

    folder = folder or default_folder()
    with steps() as report:
        checks = verify(folder, rebuild, card, report)
    table = Table(title=escape(str(folder)), title_justify="left")
    for column in ("check", "", "found"):
        table.add_column(column, overflow="fold")
    for check in checks:
        table.add_row(check.name, "[green]holds[/]" if check.holds else "[bold red]fails[/]", escape(check.found))
    Console().print(table)
    if not all(check.holds for check in checks):
        raise typer.Exit(1)


@dataset_app.command("card")
def dataset_card(
    folder: Folder = None,
    output: Annotated[Path, typer.Option("--output", "-o", dir_okay=False, help="Markdown file to write.")] = Path(
        "data/README.md"
    ),
) -> None:
    """Write the data card of a dataset; all numbers come from its files.

    Example: `tkit dataset card data/dataset -o data/README.md`
    """
    from tkit.dataset import read
    from tkit.dataset.card import write_data_card
    from tkit.dataset.reading import default_folder

    write_data_card(read(folder or default_folder()), output)
