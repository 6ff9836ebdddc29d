"""What `tkit compare` does with its arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from tkit.cli.arguments import refuse
from tkit.compare import compare
from tkit.compare.comparison import named, needs_facts, reads_listed, shown, trained_on
from tkit.compare.labelled import LabelledMail, add_listed, of_dataset, read_mail
from tkit.compare.require import Requirement, check
from tkit.corpus import RawMessage
from tkit.dataset import read
from tkit.detectors import Detector
from tkit.detectors.loading import load_detector
from tkit.detectors.program import ProgramDetector
from tkit.errors import TkitError
from tkit.labels import read_labels
from tkit.lists.sources import lists_folder
from tkit.mail import Message
from tkit.report.writers import open_writer


@dataclass(frozen=True)
class Asked:
    """The arguments of the verb, see its help."""

    detectors: list[str]
    labels: Path | None
    require: list[str]
    dataset: Path
    lists: Path | None
    cluster: str
    form: str
    output: Path | None
    seed: int
    timeout: float


@dataclass(frozen=True)
class Ready:
    """What is compared, on what, and what it has to reach."""

    detectors: dict[str, Detector]
    mail: LabelledMail
    require: list[Requirement]


def prepare(asked: Asked, raws: Iterator[RawMessage] | None, errors: Console) -> Ready:
    """Load the detectors and read the mails, or the dataset where there are none.

    Parameters
    ----------
    asked : Asked
    raws : iterator of RawMessage, optional
        Read only once every argument is understood.
    errors : Console
        Where to tell what a user must know about the figures.

    Raises
    ------
    typer.BadParameter
        For arguments that cannot be meant.
    TkitError
        Where there is nothing to compare on.
    """
    requirements, detectors = _arguments(asked)
    mail = _on_dataset(asked, detectors, errors) if raws is None else _on_mails(asked, detectors, raws, errors)
    return Ready(detectors, mail, requirements)


def finish(asked: Asked, ready: Ready, errors: Console, progress: Callable[[str, int, int | None], None]) -> int:
    """Compare, write the figures, tell what is not reached, and give the number of that."""
    found = compare(ready.detectors, ready.mail, cluster=asked.cluster, seed=asked.seed, progress=progress)
    table, changes = found.table(), found.changes()
    failures = check(ready.require, found.figures())
    if asked.output:
        with open_writer("csv", asked.output) as writer:
            writer.write(found.changed_rows())
    with open_writer(asked.form, None) as writer:
        writer.write(shown(table) if asked.form == "table" else table)
        if asked.form == "table" and len(changes):
            writer.write(changes)
    for failure in failures:
        errors.print(f"[bold red]not reached:[/] {escape(str(failure))}", soft_wrap=True)
    return len(failures)


def _arguments(asked: Asked) -> tuple[list[Requirement], dict[str, Detector]]:
    if not asked.detectors:
        refuse("--detector", "name one detector at least, such as --detector rule:1x1")
    if asked.form == "parquet":
        refuse("--format", "the figures are written as table, jsonl or csv")
    try:
        requirements = [Requirement.parse(text) for text in asked.require]
    except TkitError as error:
        refuse("--require", str(error))
    try:
        specs = named(asked.detectors)
        detectors = {name: _patient(load_detector(spec, asked.lists), asked.timeout) for name, spec in specs.items()}
    except TkitError as error:
        refuse("--detector", str(error))
    for one in requirements:
        if one.detector and one.detector not in detectors:
            refuse("--require", f"{one.text!r}: no detector {one.detector!r}: take one of {', '.join(detectors)}")
    return requirements, detectors


def _patient(detector: Detector, timeout: float) -> Detector:
    return replace(detector, timeout=timeout) if isinstance(detector, ProgramDetector) else detector


def _on_dataset(asked: Asked, detectors: dict[str, Detector], errors: Console) -> LabelledMail:
    if asked.labels:
        refuse("PATHS", "labels name references of mails: give the mails, or leave out --labels to compare on the dataset")
    reading = needs_facts(detectors.values())
    if reading:
        refuse("PATHS", f"give mails, and --labels: features alone are not enough for {', '.join(reading)}")
    published = read(asked.dataset)
    for name in trained_on(detectors, published):
        errors.print(
            f"[yellow]{escape(name)}[/] was trained on these very rows: its figures flatter it; `tkit study` cross-validates",
            soft_wrap=True,
        )
    return of_dataset(published.rows())


def _on_mails(asked: Asked, detectors: dict[str, Detector], raws: Iterator[RawMessage], errors: Console) -> LabelledMail:
    if not asked.labels:
        refuse("--labels", "give the label file of the mails")
    try:
        labels = read_labels(asked.labels)
    except TkitError as error:
        refuse("--labels", str(error))
    listed = reads_listed(detectors.values())
    facts = listed or bool(needs_facts(detectors.values()))
    mail = read_mail((Message.from_bytes(raw.raw) for raw in raws), labels, facts)
    if mail.lost:
        errors.print(f"[yellow]{mail.lost} of {len(labels)} labels name no reference of these mails[/]")
    if (asked.dataset / "dataset.json").is_file():
        published = read(asked.dataset)
        # Whatever of a mail was learnt from, the rest of it is no new mail.
        known = mail.labels["message_sha256"].isin(published.labels["message_sha256"]).sum()
        for name in trained_on(detectors, published) if known else ():
            told = f"was trained on the mails of {known} of these labelled references"
            errors.print(f"[yellow]{escape(name)}[/] {told}", soft_wrap=True)
    if listed:
        mail = LabelledMail(add_listed(mail.rows, asked.lists or lists_folder()), mail.labels, mail.lost)
    return mail
