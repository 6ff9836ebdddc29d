"""The command line: one verb a function of the package, and nothing but reading arguments and writing results."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tkit.cli import corpus as corpus_verbs
from tkit.cli import dataset as dataset_verbs
from tkit.cli import study as study_verbs
from tkit.cli.arguments import (
    MAX_SEED,
    Cluster,
    Format,
    FormatOption,
    Model,
    Output,
    Paths,
    Vantage,
    VantagePoint,
    Workers,
    format_of,
    refuse,
)
from tkit.cli.labels import labels_app
from tkit.cli.lists import lists_app
from tkit.cli.progress import errors as _errors
from tkit.cli.progress import steps as _steps
from tkit.cli.templates import templates_app
from tkit.corpus import Problem, RawMessage, read_raw
from tkit.errors import TkitError
from tkit.version import __version__

if TYPE_CHECKING:
    import pandas as pd

    from tkit.bundle import Bundle
    from tkit.scrubbing import Scrubbed

app = typer.Typer(
    help="Find, measure and block e-mail read trackers. Nothing that a mail refers to is ever loaded.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.add_typer(corpus_verbs.app, name="corpus")
app.add_typer(dataset_verbs.app, name="dataset")
app.add_typer(labels_app, name="labels")
app.add_typer(lists_app, name="lists")
app.add_typer(templates_app, name="templates")


def main() -> None:
    """Run the command line; errors that a user can act on come as one line on standard error."""
    try:
        app()
    except TkitError as error:
        _errors.print(f"[bold red]tkit:[/] {_escape(str(error))}", soft_wrap=True)
        sys.exit(1)
    except BrokenPipeError:  # the reader of a pipe has seen enough
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


@app.command()
def references(paths: Paths, format: FormatOption = None, output: Output = None, workers: Workers = 1) -> None:
    """List every reference that the mails' HTML makes to something to load, as written.

    Example: `tkit references mails/ --format jsonl -o references.jsonl`
    """
    from tkit.cli.batch import reference_rows

    _run(paths, reference_rows, format, output, workers)


@app.command()
def extract(
    paths: Paths,
    output: Annotated[Path, typer.Option("--output", "-o", dir_okay=False, help="Parquet file to write.")],
    workers: Workers = 1,
) -> None:
    """Compute the feature table: one row a remote reference, one column a feature.

    Example: `tkit extract archive.tar.xz -o features.parquet --workers 2`
    """
    from tkit.cli.batch import feature_rows

    _run(paths, feature_rows, Format.PARQUET, output, workers)


@app.command()
def scan(
    paths: Paths,
    model: Model = None,
    vantage: Vantage = None,
    format: FormatOption = None,
    output: Output = None,
    workers: Workers = 1,
) -> None:
    """Judge every remote reference: tracker or clean, with a score and the reasons.

    Example: `tkit scan ~/Maildir --format jsonl -o verdicts.jsonl`
    """
    from tkit.cli.batch import verdict_rows

    _run(paths, partial(verdict_rows, bundle=_bundle(model, vantage)), format, output, workers)


@app.command()
def scrub(
    path: Annotated[str, typer.Argument(metavar="IN", help="A mail file, or a folder of them; - is standard input.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File (for a folder: folder) to write; standard output without it.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Put a transparent inline picture in each one's place.")] = False,
    model: Model = None,
    vantage: Vantage = None,
) -> None:
    """Take the trackers out of a mail; every other byte stays as it was.

    What was done is told on standard error.

    Example: `tkit scrub in.eml -o out.eml`
    """
    from tkit.scrubbing.files import scrub_file, scrub_folder

    bundle = _bundle(model, vantage)
    if not Path(path).is_dir() or output is None:
        _tell_scrubbed(path, scrub_file(path, output, bundle, replace=replace))
        return
    mails = [0]
    with _steps() as tell:
        for number, count, file in scrub_folder(Path(path), output, bundle, replace=replace):
            tell("mails", number, count)
            mails[0] += file.done is not None
            if file.done is None:
                _errors.print(f"[yellow]{_escape(file.problem)}[/]", soft_wrap=True)
            else:
                _tell_scrubbed(file.where, file.done)
    _require_mail(mails)


def _tell_scrubbed(where: str, done: Scrubbed) -> None:
    _errors.print(f"{_escape(where)}: {done.summary}", soft_wrap=True)
    for tracker in done.removed:
        said = f" ({'; '.join(tracker.reasons)})" if tracker.reasons else ""
        _errors.print(f"  {tracker.carrier} {_escape(tracker.url[:200])}{_escape(said)}", soft_wrap=True)
    for left in done.skipped:
        url = _escape(left.tracker.url[:200])
        _errors.print(f"  [yellow]left in[/]: {left.tracker.carrier} {url} ({_escape(left.why)})", soft_wrap=True)
    for note in done.notes:
        _errors.print(f"  {_escape(note)}", soft_wrap=True)


@app.command()
def milter(
    listen: Annotated[str, typer.Option(help="Where to wait for the mail server: inet:PORT@HOST or unix:PATH.")] = (
        "inet:8894@127.0.0.1"
    ),
    replace: Annotated[bool, typer.Option("--replace", help="Put a transparent inline picture in each one's place.")] = False,
    model: Model = None,
    vantage: Vantage = None,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Mails that are looked into at the same time.")] = 2,
    timeout: Annotated[float, typer.Option(min=1, max=3600, help="Seconds for one mail; then it passes as it is.")] = 60.0,
    max_size: Annotated[int, typer.Option(min=1, max=1 << 31, help="Bytes; a larger mail passes as it is.")] = 64 << 20,
) -> None:
    """Serve Postfix or Sendmail: trackers are taken out of every mail that passes.

    On any fault the mail passes unchanged. What was done is counted on standard error, without an address.

    Example: `tkit milter --listen inet:8894@127.0.0.1`
    """
    from tkit.scrubbing.milter import listening_place, serve

    try:
        listening_place(listen)
    except TkitError as error:
        refuse("--listen", str(error))
    _bundle(model, vantage)  # refused now, not with the first mail
    serve(
        listen,
        model=model,
        vantage=(vantage or VantagePoint.MESSAGE).value,
        replace=replace,
        workers=workers,
        timeout=timeout,
        max_size=max_size,
    )


@app.command()
def audit(
    paths: Paths,
    model: Model = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Page to write as well: FILE.html, or a folder for report.html.")
    ] = None,
) -> None:
    """Tell who tracks a mailbox: how many mails, which senders and services, since when.

    Example: `tkit audit ~/mail.mbox -o audit.html`
    """
    from tkit.mail import Message
    from tkit.report import audit_tables, write_audit
    from tkit.verdicts import audit as run_audit

    bundle = _bundle(model, None)
    with _reading(paths) as (raws, count):
        found = run_audit((Message.from_bytes(raw.raw) for raw in raws), bundle)
    _require_mail(count)
    for table in audit_tables(found):
        Console().print(table)
    if output:
        _errors.print(f"page: {_escape(str(write_audit(output, found)))}", soft_wrap=True)


@app.command()
def campaigns(
    paths: Paths,
    features: Annotated[
        bool, typer.Option("--features", help="Write the features of the vantage point campaign, to join to those of extract.")
    ] = False,
    format: FormatOption = None,
    output: Output = None,
) -> None:
    """Compare the copies of every mailing: which references are individual to the recipient.

    All mails are read before the first row is written.

    Example: `tkit campaigns archive.tar.xz --format parquet -o campaigns.parquet`
    """
    from tkit.cli.batch import campaign_rows
    from tkit.report.writers import open_writer

    form = format_of(format, output)
    with _reading(paths) as (raws, count):
        found = campaign_rows(raws, features)
    _require_mail(count)
    with open_writer(form, output) as writer:
        writer.write(found)


for verb in (study_verbs.study, study_verbs.train, study_verbs.export):
    app.command()(verb)


@app.command()
def compare(
    paths: Annotated[list[str] | None, typer.Argument(help="Mails with the labelled messages; without, the dataset.")] = None,
    detector: Annotated[
        list[str] | None,
        typer.Option("--detector", "-d", help="[NAME=]list file, bundle folder, program, rule:1x1, peer:trocker, ..."),
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="Label file (CSV); needed with mails.")] = None,
    require: Annotated[list[str] | None, typer.Option(help='What must hold, such as "fpr<=0.1%" or "mine: tpr>=0.97".')] = None,
    dataset: Annotated[Path, typer.Option(file_okay=False, help="Dataset folder, to compare on without mails.")] = Path(
        "data/dataset"
    ),
    lists: Annotated[Path | None, typer.Option(help="Folder of published lists, see `tkit lists`.")] = None,
    cluster: Annotated[Cluster, typer.Option(help="What is drawn for the intervals.")] = Cluster.COMPONENT,
    format: Annotated[Format, typer.Option("--format", help="How to write the figures.")] = Format.TABLE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="CSV file for the references judged otherwise.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Seed of the resamples.")] = 0,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that a program may do nothing.")] = 60.0,
) -> None:
    """Compare detectors on labelled mail, or on the dataset: rates with intervals, and what changes from the first one.

    Exit code 0: all requirements hold; 3: one does not; 2: wrong arguments; 1: nothing could be compared.

    Example: `tkit compare -d rule:1x1 -d mylist.txt --labels labels.csv --require "mylist: fpr<=0.1%" mails/`
    """
    from tkit.cli.compare import Asked, finish, prepare

    asked = Asked(detector or [], labels, require or [], dataset, lists, cluster.value, format.value, output, seed, timeout)
    with _reading(paths or []) as (raws, _):
        ready = prepare(asked, raws if paths else None, _errors)
    with _steps() as tell:
        failures = finish(asked, ready, _errors, tell)
    if failures:
        raise typer.Exit(3)


def _bundle(model: Path | None, vantage: VantagePoint | None) -> Bundle:
    from tkit.bundle import Bundle, default_bundle
    from tkit.features import require_one_mail

    if model is None:
        return default_bundle((vantage or VantagePoint.MESSAGE).value)
    bundle = Bundle.load(model)
    require_one_mail(bundle.vantage, "this command")
    if vantage and vantage.value != bundle.vantage:
        refuse("--vantage", f"{model} is a bundle for the vantage point {bundle.vantage}")
    return bundle


def _run(
    paths: Sequence[str],
    rows: Callable[[list[RawMessage]], pd.DataFrame],
    format: Format | None,
    output: Path | None,
    workers: int,
) -> None:
    from tkit.parallel import ordered_map
    from tkit.report.writers import open_writer

    form = format_of(format, output)
    with _reading(paths) as (raws, count), open_writer(form, output) as writer:
        for frame in ordered_map(rows, raws, 512, workers):
            writer.write(frame)
        if not count[0]:
            writer.discard()
    _require_mail(count)


def _require_mail(count: list[int]) -> None:
    if not count[0]:
        _errors.print("[bold red]tkit:[/] no mail was read")
        raise typer.Exit(1)


@contextmanager
def _reading(paths: Sequence[str]) -> Iterator[tuple[Iterator[RawMessage], list[int]]]:
    """Return the mails of the paths with a progress bar, and tell every problem at the end."""
    problems: list[Problem] = []
    count = [0]
    with Progress(
        TextColumn("reading"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[mails]:,} mails"),
        TimeElapsedColumn(),
        console=_errors,
        transient=True,
        disable=not _errors.is_terminal,
    ) as bar:
        task = bar.add_task("", total=None, mails=0)

        def tell(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total, mails=count[0])

        def counted() -> Iterator[RawMessage]:
            for raw in read_raw(paths, problems=problems, progress=tell):
                count[0] += 1
                yield raw

        try:
            yield counted(), count
        finally:
            bar.stop()
            for problem in problems:
                _errors.print(f"[yellow]{_escape(problem.where)}[/]: {_escape(problem.what)}", soft_wrap=True)


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
