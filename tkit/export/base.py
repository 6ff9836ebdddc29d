"""Export targets: each writes a bundle's detector for another engine, and reports how the decisions differ there."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module, resources
from pathlib import Path

import pandas as pd

from tkit.arrays import Ints
from tkit.bundle import Bundle, Question, Verdicts, verdicts_of
from tkit.dataset import Dataset
from tkit.errors import TkitError
from tkit.features import KEY

TARGETS = {
    "adblock": "tkit.export.adblock",
    "dnr": "tkit.export.dnr",
    "javascript": "tkit.export.javascript",
    "onnx": "tkit.export.onnx",
    "rspamd": "tkit.export.rspamd",
    "thunderbird": "tkit.export.thunderbird",
    "webextension": "tkit.export.webextension",
}
"""Every target and the module that defines it as ``TARGET``; imported on demand."""

Decide = Callable[[Path, Bundle, pd.DataFrame], Verdicts]
"""From the exported folder, the bundle and feature rows to the verdict of each row by itself, shape (n_rows,), computed in the
target's engine."""


class EngineMissingError(TkitError):
    """The engine of an export is not installed."""


@dataclass(frozen=True)
class Agreement:
    """How verdicts agree with labels.

    Attributes
    ----------
    trackers, found : int
        References labelled T, and of those the ones with the verdict ``tracker``.
    negatives, flagged : int
        References labelled C or S, and of those the ones with the verdict ``tracker``.
    personalised, agreed : int
        References labelled P, and of those the ones with the verdict ``personalised``.
    """

    trackers: int
    found: int
    negatives: int
    flagged: int
    personalised: int
    agreed: int

    @property
    def recall(self) -> float:
        """Share of the trackers that are found; NaN without trackers."""
        return self.found / self.trackers if self.trackers else float("nan")


@dataclass(frozen=True)
class Loss:
    """How an export's decisions differ from its bundle's.

    Attributes
    ----------
    target, bundle, vantage : str
    engine : str
        What computed the decisions of the export; ``""`` if it was not installed, and then the rest is None.
    rows : str
        The references that the decisions were compared on.
    compared, different : int or None
        The number of references, and of those with another verdict in the export: any two of ``tracker``, ``personalised``
        and ``clean`` differ.
    by_bundle, by_export : Agreement or None
        How the verdicts of each agree with the labels. The bundle may have been trained on these rows; the figures on
        held-out rows are in its card.
    sees : str
        What the target can see and what it cannot.
    """

    target: str
    bundle: str
    vantage: str
    engine: str
    rows: str
    sees: str
    compared: int | None = None
    different: int | None = None
    by_bundle: Agreement | None = None
    by_export: Agreement | None = None

    def to_json(self) -> dict[str, object]:
        """Return what ``loss.json`` holds."""
        return asdict(self)

    def to_markdown(self) -> str:
        """Return what ``LOSS.md`` holds."""
        lines = [f"# What {self.bundle} ({self.vantage}) loses as {self.target}", "", self.sees, ""]
        if self.by_bundle is None or self.by_export is None:
            return "\n".join(
                [*lines, "The verdicts were not compared, because the engine was not installed during the export.", ""]
            )
        lines += [
            f"On {self.rows}, computed by {self.engine}: **{self.different:,} of {self.compared:,}** verdicts differ.",
            "",
            "| of the labelled references | trackers found | recall | negatives flagged as trackers | personalised agreed |",
            "|---|---|---|---|---|",
        ]
        for name, agreement in (("bundle", self.by_bundle), ("export", self.by_export)):
            lines.append(
                f"| {name} | {agreement.found:,} of {agreement.trackers:,} | {agreement.recall:.4f} "
                f"| {agreement.flagged:,} of {agreement.negatives:,} | {agreement.agreed:,} of {agreement.personalised:,} |"
            )
        lines += ["", "The bundle may have been trained on these rows; the figures on held-out rows are in its card.", ""]
        return "\n".join(lines)


@dataclass(frozen=True)
class Target:
    """One format that a bundle is exported in.

    Attributes
    ----------
    name : str
        The value of ``--to``.
    what : str
        Its purpose, in one line.
    write : callable
        Writes the files, and a README.md for the person who installs them, into an empty folder.
    loss : callable
        Compares verdicts; see :func:`loss_on_rows`.
    """

    name: str
    what: str
    write: Callable[[Bundle, Path], None]
    loss: Callable[[Path, Bundle, Dataset | None], Loss]


def target(name: str) -> Target:
    """Return a target by its name.

    Raises
    ------
    TkitError
        If there is no such target.
    """
    if name not in TARGETS:
        raise TkitError(f"no export target {name!r}: take one of {', '.join(TARGETS)}")
    chosen: Target = import_module(TARGETS[name]).TARGET
    return chosen


def loss_on_rows(
    target: str, sees: str, engine: Callable[[], str], decide: Decide
) -> Callable[[Path, Bundle, Dataset | None], Loss]:
    """Return a target's ``loss``, made from a function that decides feature rows.

    The rows are all references of the dataset, or the replay vectors of the bundle if there is no dataset.

    Parameters
    ----------
    target, sees : str
        See :class:`Loss`.
    engine : callable
        Returns the engine with its version, or raises :class:`EngineMissingError`.
    decide : callable
        See :data:`Decide`.
    """

    def loss(folder: Path, bundle: Bundle, dataset: Dataset | None) -> Loss:
        if dataset is None:
            rows = pd.DataFrame(bundle.replay, columns=bundle.features)
            where = "the bundle's own replay vectors (no dataset was given)"
        else:
            rows = dataset.seen_from(bundle.vantage)
            where = "all references of the dataset"
        try:
            version = engine()
            by_export = decide(folder, bundle, rows)
        except EngineMissingError:
            return Loss(target, bundle.name, bundle.vantage, "", where, sees)
        by_bundle = bundle.verdicts(rows)
        return Loss(
            target,
            bundle.name,
            bundle.vantage,
            version,
            where,
            sees,
            len(rows),
            int((by_bundle != by_export).sum()),
            agreement_of(rows, by_bundle, dataset),
            agreement_of(rows, by_export, dataset),
        )

    return loss


def verdicts_at(bundle: Bundle, margins: Mapping[Question, Ints]) -> Verdicts:
    """Return the verdict of each row by itself, from the margins that an engine computed for each question."""
    yes = {question: bundle.output(question).says_yes(margins[question]) for question in margins}
    return verdicts_of(yes["tracker"], yes["individual"])


def agreement_of(rows: pd.DataFrame, verdicts: Verdicts, dataset: Dataset | None) -> Agreement:
    """Compare verdicts with the labels of the headline figures: those by people, of confidence 2 and 3."""
    if dataset is None:
        return Agreement(0, 0, 0, 0, 0, 0)
    key = list(KEY)
    used = (dataset.labels["confidence"] >= 2) & (dataset.labels["source"] != "weak")
    labels = dataset.labels.loc[used, [*key, "label"]]
    joined = labels.merge(rows[key].assign(verdict=verdicts), on=key, validate="one_to_one")
    trackers = joined["verdict"][joined["label"] == "T"]
    negatives = joined["verdict"][joined["label"].isin(["C", "S"])]
    personalised = joined["verdict"][joined["label"] == "P"]
    return Agreement(
        len(trackers),
        int((trackers == "tracker").sum()),
        len(negatives),
        int((negatives == "tracker").sum()),
        len(personalised),
        int((personalised == "personalised").sum()),
    )


def write_readme(package: str, folder: Path, name: str = "README.md", **facts: object) -> None:
    """Write ``README.md`` into the exported folder: a file of the target's package, with each ``{{fact}}`` filled in."""
    text = resources.files(package).joinpath(name).read_text(encoding="utf-8")
    for fact, value in facts.items():
        text = text.replace(f"{{{{{fact}}}}}", str(value))
    (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")


def program(*names: str, install: str) -> str:
    """Return the path of the first program that is installed.

    Raises
    ------
    EngineMissingError
        If none is; ``install`` says how to get one.
    """
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    raise EngineMissingError(f"no {' or '.join(names)} on PATH: {install}")


def run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> bytes:
    """Run an engine and return its standard output.

    Raises
    ------
    TkitError
        If it fails, with the end of its standard error.
    """
    done = subprocess.run([str(part) for part in command], env=environment, capture_output=True, check=False)
    if done.returncode:
        message = done.stderr.decode("utf-8", "replace").strip()[-800:]
        raise TkitError(f"{Path(str(command[0])).name} failed with code {done.returncode}: {message}")
    return done.stdout
