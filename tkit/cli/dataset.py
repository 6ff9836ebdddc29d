"""The verbs of ``tkit dataset``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tkit.cli.progress import steps

app = typer.Typer(help="The published dataset: made, checked, described.", no_args_is_help=True)

Folder = Annotated[
    Path | None, typer.Argument(file_okay=False, help="Dataset folder; the one that comes with tkit without it.")
]


@app.command("build")
def dataset_build(
    shared: Annotated[Path, typer.Option(help="Folder with corpora/, gold/ and lists/.")] = Path("../shared"),
    output: Annotated[Path, typer.Option("--output", "-o", file_okay=False, help="Folder to write.")] = Path("data/dataset"),
    labels: Annotated[
        Path | None, typer.Option(help="A published dataset to take the labels from; then only corpora/ is needed.")
    ] = None,
    card: Annotated[Path | None, typer.Option(help="File to write the data card to as well.")] = None,
) -> None:
    """Make the published dataset from the corpora's archives, the labels and the published lists.

    Corrections of labels are taken from corrections.csv beside the dataset's folder.

    Example: `tkit dataset build --shared ../shared -o data/dataset --card data/README.md`
    """
    from tkit.dataset import read
    from tkit.dataset.build import build, corrections_beside, rebuild
    from tkit.dataset.card import write_data_card

    with steps() as tell:
        if labels is None:
            made = build(shared, output, tell, corrections_beside(output))
        else:
            made = rebuild(shared / "corpora", read(labels), output, progress=tell)
    if card:
        write_data_card(made, card)
    Console(highlight=False).print(
        f"{escape(str(output))}: {len(made.references):,} references, {len(made.labels):,} labels,"
        f" {made.description['components']} components"
    )


@app.command("verify")
def dataset_verify(
    folder: Folder = None,
    rebuild: Annotated[
        Path | None, typer.Option(help="Folder with corpora/ (and gold/, lists/): make the files anew and compare them.")
    ] = None,
    card: Annotated[Path | None, typer.Option(help="Data card to hold against the files.")] = None,
) -> None:
    """Check everything of a dataset: bytes, columns, keys, joins, splits, privacy, metadata; ends with 1 where one fails.

    Example: `tkit dataset verify data/dataset --rebuild ../shared`
    """
    from tkit.dataset.reading import default_folder
    from tkit.dataset.verify import verify

    place = folder or default_folder()
    with steps() as tell:
        checks = verify(place, rebuild, card, tell)
    table = Table(title=escape(str(place)), title_justify="left")
    for column in ("check", "", "found"):
        table.add_column(column, overflow="fold")
    for check in checks:
        table.add_row(check.name, "[green]holds[/]" if check.holds else "[bold red]fails[/]", escape(check.found))
    Console().print(table)
    if not all(check.holds for check in checks):
        raise typer.Exit(1)


@app.command("card")
def dataset_card(
    folder: Folder = None,
    output: Annotated[Path, typer.Option("--output", "-o", dir_okay=False, help="Markdown file to write.")] = Path(
        "data/README.md"
    ),
) -> None:
    """Write the data card of a dataset, every number from its files.

    Example: `tkit dataset card data/dataset -o data/README.md`
    """
    from tkit.dataset import read
    from tkit.dataset.card import write_data_card
    from tkit.dataset.reading import default_folder

    write_data_card(read(folder or default_folder()), output)
