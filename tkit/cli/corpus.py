"""The verbs of ``tkit corpus``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tkit.cli.arguments import refuse
from tkit.cli.progress import errors, steps
from tkit.corpus import CORPORA, PublicCorpus
from tkit.corpus.registry import corpora_named
from tkit.errors import TkitError

corpus_app = typer.Typer(help="The public corpora: list, download and check them.", no_args_is_help=True)

Names = Annotated[list[str] | None, typer.Argument(help="Names of corpora; default: all.")]
Dataset = Annotated[
    Path | None, typer.Option(help="Dataset whose messages.parquet lists the mails; default: the one that comes with tkit.")
]


@corpus_app.command("list")
def corpus_list() -> None:
    """List the public corpora: contents, origin and terms.

    Example: `tkit corpus list`
    """
    table = Table(title="public corpora", title_justify="left")
    for column in ("name", "mails", "what", "from", "terms stated there"):
        table.add_column(column, overflow="fold", justify="right" if column == "mails" else "left")
    for corpus in CORPORA:
        table.add_row(corpus.name, f"{corpus.messages:,}", corpus.title, corpus.home, corpus.licence)
    Console().print(table)


@corpus_app.command("get")
def corpus_get(
    names: Names = None,
    output: Annotated[Path, typer.Option("--output", "-o", file_okay=False, help="Folder to write the archives to.")] = Path(
        "corpora"
    ),
    cache: Annotated[
        Path | None, typer.Option(help="Folder for downloads, including partial ones; default: the user's cache.")
    ] = None,
    dataset: Dataset = None,
) -> None:
    """Download public corpora at pinned commits, and keep the mails of the dataset.

    An interrupted download resumes when the command is run again.

    Example: `tkit corpus get nazario csdmc2010 -o corpora`
    """
    from tkit.corpus.download import get

    corpora = _corpora(names)
    wanted = _wanted(dataset)
    for corpus in corpora:
        with steps() as report:
            target = get(corpus, wanted[corpus.name], output, cache=cache, progress=report)
        errors.print(f"{escape(str(target))}: {corpus.messages:,} mails, as published", soft_wrap=True)


@corpus_app.command("verify")
def corpus_verify(
    names: Names = None,
    folder: Annotated[Path, typer.Option("--folder", "-f", file_okay=False, help="Folder with the archives.")] = Path(
        "corpora"
    ),
    dataset: Dataset = None,
) -> None:
    """Check that archives contain exactly the mails of the dataset; exit code 1 if one does not.

    Example: `tkit corpus verify --folder ../shared/corpora`
    """
    from tkit.corpus.download import check

    corpora = _corpora(names)
    wanted = _wanted(dataset)
    table = Table(title=escape(str(folder)), title_justify="left")
    for column in ("corpus", "", "mails", "missing", "unknown"):
        table.add_column(column, justify="left" if column in ("corpus", "") else "right")
    sound = True
    with steps() as report:
        for corpus in corpora:
            result = check(folder / corpus.archive, corpus, wanted[corpus.name], report)
            sound &= result.sound
            counts = (f"{count:,}" for count in (result.found, result.missing, result.unknown))
            table.add_row(corpus.name, "[green]holds[/]" if result.sound else "[bold red]fails[/]", *counts)
    Console().print(table)
    if not sound:
        raise typer.Exit(1)


def _corpora(names: list[str] | None) -> list[PublicCorpus]:
    try:
        return corpora_named(names)
    except TkitError as error:
        refuse("NAMES", str(error))


def _wanted(dataset: Path | None) -> dict[str, set[str]]:
    from tkit.dataset.reading import default_folder, messages_of_corpora

    return messages_of_corpora(dataset or default_folder())
