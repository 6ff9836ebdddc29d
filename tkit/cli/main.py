"""The command line: its verbs, and how errors reach the user. The verbs only read arguments and write results."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from rich.markup import escape

from tkit.cli import mails, scrubbing, study
from tkit.cli.corpus import corpus_app
from tkit.cli.dataset import dataset_app
from tkit.cli.lab import lab_app
from tkit.cli.labels import labels_app
from tkit.cli.lists import lists_app
from tkit.cli.progress import errors
from tkit.cli.templates import templates_app
from tkit.errors import TkitError
from tkit.version import __version__

app = typer.Typer(
    help="Find, measure and block email read trackers. Nothing that a mail refers to is ever loaded.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.add_typer(corpus_app, name="corpus")
app.add_typer(dataset_app, name="dataset")
app.add_typer(lab_app, name="lab")
app.add_typer(labels_app, name="labels")
app.add_typer(lists_app, name="lists")
app.add_typer(templates_app, name="templates")
for verb in (
    *(mails.references, mails.extract, mails.scan, scrubbing.scrub, scrubbing.milter, mails.audit, mails.campaigns),
    *(study.study, study.train, study.export, mails.compare),
):
    app.command()(verb)


def main() -> None:
    """Run the command line; errors that a user can act on are one line on standard error."""
    try:
        app()
    except TkitError as error:
        errors.print(f"[bold red]tkit:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)
    except BrokenPipeError:  # the reader of a pipe has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _version(value: bool) -> None:
    if value:
        print(f"tkit {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    pass
