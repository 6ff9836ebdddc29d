"""The verbs that read mails and write what is found in them: references, extract, scan, audit, campaigns, compare."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from tkit.cli.arguments import (
    MAX_SEED,
    AuditFormat,
    Cluster,
    Copies,
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
from tkit.cli.reading import bundle_of, copies_among, reading, require_mail

if TYPE_CHECKING:
    import pandas as pd

    from tkit.bundle import Bundle, Verdict
    from tkit.cli.batch import Found
    from tkit.mail import Message


Provenance = Annotated[
    bool,
    typer.Option(
        "--provenance/--no-provenance", help="Begin each row with its mail: where it was found, From domain, date in UTC."
    ),
]


def references(
    paths: Paths, provenance: Provenance = True, format: FormatOption = None, output: Output = None, workers: Workers = 1
) -> None:
    """List every reference in the HTML of mails to something that a client loads, as written.

    Example: `tkit references mails/ --format jsonl -o references.jsonl`
    """
    from tkit.cli.batch import find_references

    _run(paths, find_references, provenance, format, output, workers)


def extract(
    paths: Paths,
    output: Annotated[Path, typer.Option("--output", "-o", dir_okay=False, help="Parquet file to write.")],
    provenance: Provenance = True,
    workers: Workers = 1,
) -> None:
    """Compute the feature table: one row per remote reference, one column per feature.

    Example: `tkit extract archive.tar.xz -o features.parquet --workers 2`
    """
    from tkit.cli.batch import find_features

    _run(paths, find_features, provenance, Format.PARQUET, output, workers)


def scan(
    paths: Paths,
    trackers: Annotated[bool, typer.Option("--trackers", help="Show only trackers.")] = False,
    personalised: Annotated[
        bool, typer.Option("--personalised", help="Show only personalised pictures; with --trackers both.")
    ] = False,
    provenance: Provenance = True,
    model: Model = None,
    vantage: Vantage = None,
    copies: Copies = False,
    format: FormatOption = None,
    output: Output = None,
    workers: Workers = 1,
) -> None:
    """Classify every remote reference as tracker, personalised or clean, with scores and reasons.

    Example: `tkit scan ~/Maildir --format jsonl -o verdicts.jsonl`
    """
    from tkit.bundle import VERDICTS
    from tkit.cli.batch import find_verdicts

    asked: dict[Verdict, bool] = {"tracker": trackers, "personalised": personalised}
    shown = frozenset(verdict for verdict, is_asked in asked.items() if is_asked) or frozenset(VERDICTS)
    bundle = bundle_of(model, vantage, copies)
    find = partial(find_verdicts, bundle=bundle, shown=shown, copies=_needed_copies(bundle, paths))
    _run(paths, find, provenance, format, output, workers)


def audit(
    paths: Paths,
    model: Model = None,
    copies: Copies = False,
    format: Annotated[
        AuditFormat | None, typer.Option("--format", help="Format of the file, or without -o of what is printed.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Also write a file, .html, .json, .csv or .txt, or a folder for report.html."),
    ] = None,
    workers: Workers = 1,
) -> None:
    """Show who tracks a mailbox: how many mails, which senders, services and servers, since when.

    Example: `tkit audit ~/mail.mbox -o audit.html`
    """
    from tkit.cli.batch import find_tally
    from tkit.parallel import ordered_map
    from tkit.report.audit import audit_tables, audit_text, write_audit
    from tkit.verdicts import Tally, audit_of

    form = _audit_format(format, output)
    bundle = bundle_of(model, None, copies)
    find = partial(find_tally, bundle=bundle, copies=_needed_copies(bundle, paths))
    total = Tally()
    with reading(paths) as mails:
        for tally in ordered_map(find, mails, 256, workers):
            total.update(tally)
    require_mail(mails.count)
    result = audit_of(total, bundle)
    if output is None and form is not AuditFormat.TABLE:
        sys.stdout.buffer.write(audit_text(result, form).encode())
        return
    for table in audit_tables(result):
        Console().print(table)
    if output:
        what = "page" if form == AuditFormat.HTML else form
        errors.print(f"{what}: {escape(str(write_audit(output, result, form)))}", soft_wrap=True)


def _needed_copies(bundle: Bundle, paths: Sequence[str]) -> pd.DataFrame | None:
    """Compare the copies of each mailing if the bundle needs them."""
    from tkit.features import MAIL_VANTAGES

    return None if bundle.vantage in MAIL_VANTAGES else copies_among(paths)


def _audit_format(option: AuditFormat | None, output: Path | None) -> AuditFormat:
    """Return the format of the option, else by the ending of the file name, else a table, or a page if there is a file."""
    if option or output is None:
        return option or AuditFormat.TABLE
    ending = output.suffix.lower().removeprefix(".")
    return AuditFormat.TABLE if ending == "txt" else AuditFormat(ending) if ending in set(AuditFormat) else AuditFormat.HTML


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
    find: Callable[[list[Message]], Found],
    provenance: bool,
    format: Format | None,
    output: Path | None,
    workers: int,
) -> None:
    from tkit.cli.batch import read
    from tkit.parallel import ordered_map
    from tkit.report.writers import open_writer

    form = format_of(format, output)
    counts: Counter[str] = Counter()
    unread: list[tuple[str, str]] = []
    with reading(paths) as mails, open_writer(form, output) as writer:
        for batch in ordered_map(partial(read, find=find, provenance=provenance), mails, 512, workers):
            writer.write(batch.found.rows)
            counts.update(batch.found.counts)
            unread += batch.unread
        if mails.count:
            writer.summarise(counts, _reasons(unread))
        else:
            writer.discard()
    require_mail(mails.count)
    if unread and (form is not Format.TABLE or output):  # else the summary said it
        _report_unread(counts["not read fully"], _reasons(unread))


def _report_unread(mails: int, reasons: Sequence[tuple[str, int, Sequence[str]]]) -> None:
    """Print how many mails could not be read fully and why, with the first of them."""
    errors.print(f"[yellow]not read fully[/]: {mails:,} {'mail' if mails == 1 else 'mails'}", soft_wrap=True)
    for why, found, examples in reasons:
        errors.print(f"  {escape(why)}: {found:,}, such as {escape(', '.join(examples))}", soft_wrap=True)


def _reasons(unread: Sequence[tuple[str, str]]) -> list[tuple[str, int, list[str]]]:
    """Return why mails could not be read fully: for each reason, the number of mails and the first three places."""
    places: dict[str, list[str]] = {}
    for where, why in unread:
        places.setdefault(why, []).append(where)
    return [(why, len(found), found[:3]) for why, found in sorted(places.items(), key=lambda item: -len(item[1]))]
