"""What the verbs that read mails have in common: the mails with a progress bar, and the bundle that judges them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tkit.cli.arguments import MailVantagePoint, VantagePoint, refuse
from tkit.cli.progress import errors
from tkit.corpus import Note, Problem, RawMessage, read_raw

if TYPE_CHECKING:
    import pandas as pd

    from tkit.bundle import Bundle


class Mails(Iterator[RawMessage]):
    """The mails of an iterator, counted."""

    def __init__(self, raws: Iterator[RawMessage]) -> None:
        self._raws = raws
        self.count = 0

    def __next__(self) -> RawMessage:
        raw = next(self._raws)
        self.count += 1
        return raw


@contextmanager
def reading(paths: Sequence[str]) -> Iterator[Mails]:
    """Yield the mails of the paths, with a progress bar; afterwards print what could not be read, or was left out."""
    problems: list[Problem] = []
    notes: list[Note] = []
    with Progress(
        TextColumn("reading"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[mails]:,} mails"),
        TimeElapsedColumn(),
        TextColumn("elapsed,"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    ) as bar:
        task = bar.add_task("", total=None, mails=0)

        def report(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total, mails=mails.count)

        def ask(account: str) -> str | None:
            if not (sys.stdin and sys.stdin.isatty() and errors.is_terminal):
                return None
            bar.stop()
            try:
                return getpass(f"Password of {account}: ", sys.stderr)
            finally:
                bar.start()

        mails = Mails(read_raw(paths, problems=problems, progress=report, notes=notes, ask=ask))
        try:
            yield mails
        finally:
            bar.stop()
            for note in notes:
                errors.print(f"{escape(note.where)}: {escape(note.what)}", soft_wrap=True)
            for problem in problems:
                errors.print(f"[yellow]{escape(problem.where)}[/]: {escape(problem.what)}", soft_wrap=True)


def copies_among(paths: Sequence[str]) -> pd.DataFrame:
    """Compare the copies of each mailing among the mails of the paths, which will be read again to judge them.

    Returns
    -------
    DataFrame
        See :func:`tkit.features.campaign.campaign_features`.

    Raises
    ------
    typer.BadParameter
        For standard input, which can be read once.
    """
    from tkit.campaigns import compare
    from tkit.features.campaign import campaign_features
    from tkit.mail import Message

    if "-" in paths:
        refuse("PATHS", "copies are compared before the mails are judged, and standard input can be read once: give files")
    with reading(paths) as mails:
        return campaign_features(compare(Message.from_bytes(raw.raw) for raw in mails))


def require_mail(count: int) -> None:
    """End with exit code 1 if no mail was read.

    Raises
    ------
    typer.Exit
        If `count` is 0.
    """
    if not count:
        errors.print("[bold red]tkit:[/] no mail was read")
        raise typer.Exit(1)


def bundle_of(model: Path | None, vantage: VantagePoint | MailVantagePoint | None, copies: bool | None = None) -> Bundle:
    """Return the bundle of a folder, or the built-in one of a vantage point.

    Parameters
    ----------
    model, vantage
        As the user gave them.
    copies : bool, optional
        Whether the user asks for the copies of each mailing; None in a command that judges mail by mail.

    Raises
    ------
    typer.BadParameter
        If the bundle of the folder is for another vantage point, or the vantage point does not see copies.
    TkitError
        If it cannot be read, or needs more than one mail and the command has only one.
    """
    from tkit.bundle import Bundle, default_bundle
    from tkit.features import require_one_mail

    if copies:
        if vantage not in (None, VantagePoint.CAMPAIGN):
            refuse("--copies", f"the vantage point {vantage} does not see the copies of a mailing: leave --vantage out")
        vantage = VantagePoint.CAMPAIGN
    bundle = default_bundle((vantage or VantagePoint.MESSAGE).value) if model is None else Bundle.load(model)
    if copies is None:
        require_one_mail(bundle.vantage, "this command")
    if vantage and vantage.value != bundle.vantage:
        refuse("--vantage", f"{model} is a bundle for the vantage point {bundle.vantage}")
    return bundle
