"""The verbs that take trackers, and where asked personalised pictures, out of mails: scrub and milter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from tkit.cli.arguments import MailVantage, MailVantagePoint, Model, Personalised, refuse
from tkit.cli.progress import errors, steps
from tkit.cli.reading import bundle_of, require_mail
from tkit.errors import TkitError

if TYPE_CHECKING:
    from tkit.scrubbing import Scrubbed
    from tkit.scrubbing.mails import Finding

Replace = Annotated[
    bool, typer.Option("--replace", help="Replace each picture that is removed by a transparent inline picture.")
]
PersonalisedOption = Annotated[
    Personalised,
    typer.Option("--personalised", help="Keep or drop pictures that are there to be seen but reveal who opened the mail."),
]

Headers = Annotated[
    bool, typer.Option("--headers", help="Also drop the header fields that ask the mail program for a read receipt.")
]


def scrub(
    path: Annotated[str, typer.Argument(metavar="IN", help="A mail file, or a folder of them; - is standard input.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File (or folder, if IN is one) to write; default: standard output.")
    ] = None,
    replace: Replace = False,
    personalised: PersonalisedOption = Personalised.KEEP,
    headers: Headers = False,
    model: Model = None,
    vantage: MailVantage = None,
) -> None:
    """Remove the trackers from a mail; every other byte stays as it was.

    Standard error reports what was removed, and which personalised pictures were kept.

    Example: `tkit scrub in.eml -o out.eml`
    """
    from tkit.scrubbing.files import scrub_file, scrub_folder

    bundle = bundle_of(model, vantage)
    if not Path(path).is_dir() or output is None:
        _report(path, scrub_file(path, output, bundle, replace=replace, personalised=personalised.value, headers=headers))
        return
    mails = 0
    files = scrub_folder(Path(path), output, bundle, replace=replace, personalised=personalised.value, headers=headers)
    with steps() as report:
        for number, count, file in files:
            report("mails", number, count)
            if file.done is None:
                errors.print(f"[yellow]{escape(file.problem)}[/]", soft_wrap=True)
            else:
                mails += 1
                _report(file.where, file.done)
    require_mail(mails)


def _report(where: str, scrubbed: Scrubbed) -> None:
    errors.print(f"{escape(where)}: {scrubbed.summary}", soft_wrap=True)
    for finding in scrubbed.removed:
        errors.print(f"  {_line(finding)}", soft_wrap=True)
    for name in scrubbed.headers:
        errors.print(f"  header {escape(name)}", soft_wrap=True)
    for finding in scrubbed.personalised:
        errors.print(f"  personalised picture kept: {_line(finding)}", soft_wrap=True)
    for finding, why in scrubbed.skipped:
        url = escape(finding.url[:200])
        errors.print(f"  [yellow]left in[/]: {finding.carrier} {url} ({escape(why)})", soft_wrap=True)
    for note in scrubbed.notes:
        errors.print(f"  {escape(note)}", soft_wrap=True)


def _line(finding: Finding) -> str:
    reasons = f" ({'; '.join(finding.reasons)})" if finding.reasons else ""
    return escape(f"{finding.carrier} {finding.url[:200]}{reasons}")


def milter(
    listen: Annotated[str, typer.Option(help="Address for the mail server to connect to: inet:PORT@HOST or unix:PATH.")] = (
        "inet:8894@127.0.0.1"
    ),
    replace: Replace = False,
    personalised: PersonalisedOption = Personalised.KEEP,
    headers: Headers = False,
    model: Model = None,
    vantage: MailVantage = None,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Mails that are processed at the same time.")] = 2,
    timeout: Annotated[float, typer.Option(min=1, max=3600, help="Seconds per mail; then it passes unchanged.")] = 60.0,
    max_size: Annotated[int, typer.Option(min=1, max=1 << 31, help="Bytes; a larger mail passes unchanged.")] = 64 << 20,
) -> None:
    """Serve Postfix or Sendmail as a milter that removes trackers from every mail.

    On any error the mail passes unchanged. Standard error shows counts of what was done, without addresses.

    Example: `tkit milter --listen inet:8894@127.0.0.1`
    """
    from tkit.scrubbing.milter import listening_place, serve

    try:
        listening_place(listen)
    except TkitError as error:
        refuse("--listen", str(error))
    bundle_of(model, vantage)  # to fail now, not with the first mail
    serve(
        listen,
        model=model,
        vantage=(vantage or MailVantagePoint.MESSAGE).value,
        replace=replace,
        personalised=personalised.value,
        headers=headers,
        workers=workers,
        timeout=timeout,
        max_size=max_size,
    )
