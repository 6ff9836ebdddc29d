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
from tkit.dataset.reading import default_folder
from tkit.detectors import Detector
from tkit.detectors.loading import load_detector
from tkit.detectors.program import ProgramDetector
from tkit.errors import TkitError
from tkit.labels import read_labels
from tkit.lists.sources import lists_folder
from tkit.mail import Message
from tkit.report.writers import open_writer


@dataclass(frozen=True)
class Arguments:
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
class Prepared:
    """The detectors to compare, the mail to compare them on, and the requirements.

    ``trained_on`` says how many of the labelled references a detector was trained on, by its name; others have no entry.
    """

    detectors: dict[str, Detector]
    mail: LabelledMail
    require: list[Requirement]
    trained_on: dict[str, int]


def prepare(arguments: Arguments, raws: Iterator[RawMessage] | None, errors: Console) -> Prepared:
    """Load the detectors and read the mails, or the dataset if no mails are given.

    Parameters
    ----------
    arguments : Arguments
    raws : iterator of RawMessage, optional
        Read only after every argument is checked.
    errors : Console
        For what a user must know about the figures.

    Raises
    ------
    typer.BadParameter
        For wrong arguments.
    TkitError
        If there is nothing to compare on.
    """
    requirements, detectors = _checked(arguments)
    mail = _of_dataset(arguments, detectors) if raws is None else _of_mails(arguments, detectors, raws, errors)
    counts = _count_trained_on(arguments, detectors, mail, of_mails=raws is not None)
    for name, count in counts.items():
        errors.print(
            f"[yellow]{escape(name)}[/] was trained on the mails of {count:,} of these {len(mail.labels):,} labelled"
            " references, so its figures are too good; `tkit study` cross-validates",
            soft_wrap=True,
        )
    return Prepared(detectors, mail, requirements, counts)


def finish(arguments: Arguments, prepared: Prepared, errors: Console, progress: Callable[[str, int, int | None], None]) -> int:
    """Compare, write the figures, print the requirements that are not met, and return their number."""
    result = compare(prepared.detectors, prepared.mail, cluster=arguments.cluster, seed=arguments.seed, progress=progress)
    table, changes = result.table(), result.changes()
    table["trained_on"] = [prepared.trained_on.get(name, 0) for name in prepared.detectors]
    failures = check(prepared.require, result.figures())
    if arguments.output:
        with open_writer("csv", arguments.output) as writer:
            writer.write(result.changed_rows())
    with open_writer(arguments.form, None) as writer:
        writer.write(shown(table) if arguments.form == "table" else table)
        if arguments.form == "table" and len(changes):
            writer.write(changes)
    for failure in failures:
        errors.print(f"[bold red]not met:[/] {escape(str(failure))}", soft_wrap=True)
    return len(failures)


def _checked(arguments: Arguments) -> tuple[list[Requirement], dict[str, Detector]]:
    if not arguments.detectors:
        refuse("--detector", "name at least one detector, such as --detector rule:1x1")
    if arguments.form == "parquet":
        refuse("--format", "give table, jsonl or csv")
    try:
        requirements = [Requirement.parse(text) for text in arguments.require]
    except TkitError as error:
        refuse("--require", str(error))
    try:
        specs = named(arguments.detectors)
        detectors = {
            name: _with_timeout(load_detector(spec, arguments.lists), arguments.timeout) for name, spec in specs.items()
        }
    except TkitError as error:
        refuse("--detector", str(error))
    for requirement in requirements:
        name = requirement.detector
        if name and name not in detectors:
            refuse("--require", f"{requirement.text!r}: no detector {name!r}: take one of {', '.join(detectors)}")
    return requirements, detectors


def _with_timeout(detector: Detector, timeout: float) -> Detector:
    return replace(detector, timeout=timeout) if isinstance(detector, ProgramDetector) else detector


def _count_trained_on(
    arguments: Arguments, detectors: dict[str, Detector], mail: LabelledMail, *, of_mails: bool
) -> dict[str, int]:
    """Count for each detector the labelled references whose mails it was trained on; nothing without a dataset to tell."""
    folder = arguments.dataset
    if not (folder / "dataset.json").is_file():
        try:
            folder = default_folder()  # also outside a clone
        except TkitError:
            return {}
    published = read(folder)
    # A mail is known if any of its references is in the dataset.
    known = int(mail.labels["message_sha256"].isin(published.labels["message_sha256"]).sum()) if of_mails else len(mail.labels)
    return dict.fromkeys(trained_on(detectors, published), known) if known else {}


def _of_dataset(arguments: Arguments, detectors: dict[str, Detector]) -> LabelledMail:
    if arguments.labels:
        refuse("PATHS", "--labels needs the mails: give them, or leave out --labels to compare on the dataset")
    readers = needs_facts(detectors.values())
    if readers:
        refuse("PATHS", f"give mails and --labels: {', '.join(readers)} cannot judge by features alone")
    return of_dataset(read(arguments.dataset).rows())


def _of_mails(
    arguments: Arguments, detectors: dict[str, Detector], raws: Iterator[RawMessage], errors: Console
) -> LabelledMail:
    if not arguments.labels:
        refuse("--labels", "give the label file of the mails")
    try:
        labels = read_labels(arguments.labels)
    except TkitError as error:
        refuse("--labels", str(error))
    listed = reads_listed(detectors.values())
    facts = listed or bool(needs_facts(detectors.values()))
    mail = read_mail((Message.from_bytes(raw.raw) for raw in raws), labels, facts)
    if mail.lost:
        errors.print(f"[yellow]{mail.lost} of {len(labels)} labels match no reference of these mails[/]")
    if listed:
        mail = LabelledMail(add_listed(mail.rows, arguments.lists or lists_folder()), mail.labels, mail.lost)
    return mail
