"""The verbs of ``tkit lists``: list, download and check published tracker lists."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tkit.cli.arguments import refuse
from tkit.cli.progress import errors

if TYPE_CHECKING:
    from tkit.lists.sources import ListSource

lists_app = typer.Typer(help="Published tracker lists, to measure against.", no_args_is_help=True)

Folder = Annotated[
    Path | None, typer.Option(file_okay=False, help="Folder of your copies; default: $TKIT_LISTS, else the user's cache.")
]
Names = Annotated[list[str] | None, typer.Argument(help="Lists; default: all.")]


@lists_app.command("list")
def list_(
    folder: Folder = None,
    format: Annotated[str, typer.Option("--format", help="table, jsonl or csv.")] = "table",
) -> None:
    """List the known lists: rules, how many are applied and why others are not, licence, whether you have a copy.

    Example: `tkit lists list --folder lists/`
    """
    from tkit.lists.sources import lists_folder, overview
    from tkit.report.writers import open_writer

    if format not in ("table", "jsonl", "csv"):
        refuse("--format", "give table, jsonl or csv")
    lists = overview(folder or lists_folder())
    with open_writer(format, None) as writer:
        writer.write(
            lists[["name", "kind", "rules", "applied", "rewritten", "why", "copy", "licence"]] if format == "table" else lists
        )


@lists_app.command()
def get(names: Names = None, folder: Folder = None) -> None:
    """Download lists at the commits that tkit was measured with, and check that their rules are the same.

    Example: `tkit lists get mailtrackerblocker simplify`
    """
    from tkit.errors import TkitError
    from tkit.lists.download import get as download
    from tkit.lists.download import url_of
    from tkit.lists.sources import lists_folder

    failed = 0
    for source in _chosen(names):
        if not names and not url_of(source):
            errors.print(f"{source.name}: nothing to download: {source.path} of {source.project}", soft_wrap=True, markup=False)
            continue
        try:
            path = download(source, folder or lists_folder())
        except TkitError as error:
            failed += 1
            errors.print(str(error), style="red", soft_wrap=True, markup=False)
        else:
            errors.print(f"{path} ({source.licence})", soft_wrap=True, markup=False)
    if failed:
        raise typer.Exit(1)


@lists_app.command()
def verify(names: Names = None, folder: Folder = None) -> None:
    """Check that your copies have the rules that tkit was measured with; exit code 1 if one does not.

    Example: `tkit lists verify --folder lists/`
    """
    from tkit.lists.download import verify as same
    from tkit.lists.sources import lists_folder

    wrong = 0
    folder = folder or lists_folder()
    for source in _chosen(names):
        state = "as measured" if same(source, folder) else ("other rules" if (folder / source.file).is_file() else "missing")
        wrong += state != "as measured"
        print(f"{source.name}: {state}")
    if wrong:
        raise typer.Exit(1)


def _chosen(names: list[str] | None) -> list[ListSource]:
    from tkit.lists.sources import REGISTRY

    known = {source.name: source for source in REGISTRY}
    for name in names or ():
        if name not in known:
            refuse("NAMES", f"no list {name!r}: take one of {', '.join(known)}")
    return [known[name] for name in names or known]
