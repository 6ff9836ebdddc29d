"""The verbs that read mails and write what is found in them: references, extract, scan, audit, campaigns, compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from tkit.cli.arguments import (
    MAX_SEED,
    Cluster,
    Format,
    FormatOption,
    Model,
    Output,
    Paths,
    Vantage,
    Workers,
    format_of,
)
from tkit.cli.progress import errors, steps
from tkit.cli.reading import bundle_of, reading, require_mail

if TYPE_CHECKING:
    import pandas as pd

    from tkit.mail import Message


def references(paths: Paths, format: FormatOption = None, output: Output = None, workers: Workers = 1) -> None:
    """List every reference in the HTML of mails to something that a client loads, as written.

    Example: `tkit references mails/ --format jsonl -o references.jsonl`
    """
    from tkit.cli.batch import reference_rows

    _run(paths, reference_rows, format, output, workers)


def extract(
    paths: Paths,
    output: Annotated[Path, typer.Option("--output", "-o", dir_okay=False, help="Parquet file to write.")],
    workers: Workers = 1,
) -> None:
    """Compute the feature table: one row per remote reference, one column per feature.

    Example: `tkit extract archive.tar.xz -o features.parquet --workers 2`
    """
    from tkit.cli.batch import feature_rows

    _run(paths, feature_rows, Format.PARQUET, output, workers)


def scan(
    paths: Paths,
    model: Model = None,
    vantage: Vantage = None,
    format: FormatOption = None,
    output: Output = None,
    workers: Workers = 1,
) -> None:
    """Classify every remote reference as tracker or clean, with a score and reasons.

    Example: `tkit scan ~/Maildir --format jsonl -o verdicts.jsonl`
    """
    from tkit.cli.batch import verdict_rows

    _run(paths, partial(verdict_rows, bundle=bundle_of(model, vantage)), format, output, workers)


def audit(
    paths: Paths,
    model: Model = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Also write a page: FILE.html, or a folder for report.html.")
    ] = None,
) -> None:
    """Show who tracks a mailbox: how many mails, which senders and services, since when.

    Example: `tkit audit ~/mail.mbox -o audit.html`
    """
    from tkit.mail import Message
    from tkit.report.audit import audit_tables, write_audit
    from tkit.verdicts import audit as run_audit

    bundle = bundle_of(model, None)
    with reading(paths) as mails:
        result = run_audit((Message.from_bytes(raw.raw, raw.where) for raw in mails), bundle)
    require_mail(mails.count)
    for table in audit_tables(result):
        Console().print(table)
    if output:
        errors.print(f"page: {escape(str(write_audit(output, result)))}", soft_wrap=True)


def campaigns(
    paths: Paths,
    features: Annotated[
        bool, typer.Option("--features", help="Write the features of the vantage point campaign, to join to those of extract.")
    ] = False,
    format: FormatOption = None,
    output: Output = None,
) -> None:
    """Compare the copies of every mailing, to find references that are individual to the recipient.

    All mails are read before the first row is written.

    Example: `tkit campaigns archive.tar.xz --format parquet -o campaigns.parquet`
    """
    from tkit.cli.batch import campaign_rows
    from tkit.report.writers import open_writer

    form = format_of(format, output)
    with reading(paths) as mails:
        rows = campaign_rows(mails, features)
    require_mail(mails.count)
    with open_writer(form, output) as writer:
        writer.write(rows)


def compare(
    paths: Annotated[list[str] | None, typer.Argument(help="Mails with the labelled messages; default: the dataset.")] = None,
    detector: Annotated[
        list[str] | None,
        typer.Option("--detector", "-d", help="[NAME=]list file, bundle folder, program, rule:1x1, peer:trocker, ..."),
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="Label file (CSV); needed with mails.")] = None,
    require: Annotated[list[str] | None, typer.Option(help='Requirement such as "fpr<=0.1%" or "mine: tpr>=0.97".')] = None,
    dataset: Annotated[Path, typer.Option(file_okay=False, help="Dataset folder, to compare on without mails.")] = Path(
        "data/dataset"
    ),
    lists: Annotated[Path | None, typer.Option(help="Folder of published lists, see `tkit lists`.")] = None,
    cluster: Annotated[
        Cluster, typer.Option(help="Groups of rows that the resamples of the intervals draw whole.")
    ] = Cluster.COMPONENT,
    format: Annotated[Format, typer.Option("--format", help="Format of the figures.")] = Format.TABLE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="CSV file for the references judged differently.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Seed of the resamples.")] = 0,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that a program may be idle.")] = 60.0,
) -> None:
    """Compare detectors on labelled mail, or on the dataset: rates with intervals, and changes against the first one.

    Exit code 0: all requirements are met; 3: one is not; 2: wrong arguments; 1: nothing could be compared.

    Example: `tkit compare -d rule:1x1 -d mylist.txt --labels labels.csv --require "mylist: fpr<=0.1%" mails/`
    """
    from tkit.cli.compare import Arguments, finish, prepare

    arguments = Arguments(
        detector or [], labels, require or [], dataset, lists, cluster.value, format.value, output, seed, timeout
    )
    with reading(paths or []) as mails:
        prepared = prepare(arguments, mails if paths else None, errors)
    with steps() as report:
        failures = finish(arguments, prepared, errors, report)
    if failures:
        raise typer.Exit(3)


def _run(
    paths: Sequence[str],
    rows: Callable[[list[Message]], pd.DataFrame],
    format: Format | None,
    output: Path | None,
    workers: int,
) -> None:
    from tkit.cli.batch import read
    from tkit.parallel import ordered_map
    from tkit.report.writers import open_writer

    form = format_of(format, output)
    unread: list[tuple[str, str]] = []
    with reading(paths) as mails, open_writer(form, output) as writer:
        for batch in ordered_map(partial(read, rows=rows), mails, 512, workers):
            writer.write(batch.rows)
            unread += batch.unread
        if not mails.count:
            writer.discard()
    require_mail(mails.count)
    _report_unread(unread)


def _report_unread(unread: Sequence[tuple[str, str]]) -> None:
    """Print how many mails could not be read fully and why, with the first of them."""
    if not unread:
        return
    mails = len({where for where, _ in unread})
    errors.print(f"[yellow]not read fully[/]: {mails:,} {'mail' if mails == 1 else 'mails'}", soft_wrap=True)
    places: dict[str, list[str]] = {}
    for where, why in unread:
        places.setdefault(why, []).append(where)
    for why, found in sorted(places.items(), key=lambda item: -len(item[1])):
        errors.print(f"  {escape(why)}: {len(found):,}, such as {escape(', '.join(found[:3]))}", soft_wrap=True)
