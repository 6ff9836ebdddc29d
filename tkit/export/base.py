"""What an export target is: it writes a bundle's detector for another engine, and says what it loses there."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module, resources
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.bundle import Bundle
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
"""Every target and the module that has it as ``TARGET``; imported when it is asked for."""

Decide = Callable[[Path, Bundle, pd.DataFrame], NDArray[np.bool_]]
"""From the exported folder, the bundle and feature rows to verdicts, computed in the target's own engine."""


class EngineMissingError(TkitError):
    """The engine that an export runs in is not on this machine."""


@dataclass(frozen=True)
class Called:
    """How many labelled references are called trackers: of the trackers, and of the negatives (C and S)."""

    trackers: int
    found: int
    negatives: int
    false_alarms: int

    @property
    def recall(self) -> float:
        """Share of the trackers that is called; NaN without trackers."""
        return self.found / self.trackers if self.trackers else float("nan")


@dataclass(frozen=True)
class Loss:
    """How an export's decisions differ from its bundle's.

    Attributes
    ----------
    target, bundle, vantage : str
    engine : str
        What computed the export's decisions; ``""`` where it was not there, and the rest is None.
    rows : str
        On which references.
    compared, different : int or None
        How many references, and on how many the two decide differently.
    by_bundle, by_export : Called or None
        What each calls of the labelled ones among them. The bundle may have been trained on these rows: what it is
        worth on others stands in its card.
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
    by_bundle: Called | None = None
    by_export: Called | None = None

    def to_json(self) -> dict[str, object]:
        """Return what ``loss.json`` holds."""
        return asdict(self)

    def to_markdown(self) -> str:
        """Return what ``LOSS.md`` holds."""
        lines = [f"# What {self.bundle} ({self.vantage}) loses as {self.target}", "", self.sees, ""]
        if self.by_bundle is None or self.by_export is None:
            return "\n".join([*lines, "The decisions were not compared: the engine was not on the machine that exported.", ""])
        lines += [
            f"On {self.rows}, computed by {self.engine}: **{self.different:,} of {self.compared:,}** decided differently.",
            "",
            "| of the labelled | trackers called | recall | negatives called |",
            "|---|---|---|---|",
        ]
        for name, called in (("bundle", self.by_bundle), ("export", self.by_export)):
            lines.append(
                f"| {name} | {called.found:,} of {called.trackers:,} | {called.recall:.4f} "
                f"| {called.false_alarms:,} of {called.negatives:,} |"
            )
        lines += ["", "The bundle may have been trained on these rows; what it is worth on others stands in its card.", ""]
        return "\n".join(lines)


@dataclass(frozen=True)
class Target:
    """One form that a bundle is exported in.

    Attributes
    ----------
    name : str
        What ``--to`` calls it.
    what : str
        One line: what it is for.
    write : callable
        Writes the files and a README.md for the person who installs them into an empty folder.
    loss : callable
        Compares decisions; see :func:`loss_on_rows`.
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
        For a name that is no target's.
    """
    if name not in TARGETS:
        raise TkitError(f"no export target {name!r}: take one of {', '.join(TARGETS)}")
    found: Target = import_module(TARGETS[name]).TARGET
    return found


def loss_on_rows(
    target: str, sees: str, engine: Callable[[], str], decide: Decide
) -> Callable[[Path, Bundle, Dataset | None], Loss]:
    """Make a target's ``loss`` out of a function that decides feature rows.

    The rows are all references of the dataset, or the bundle's own replay vectors where there is no dataset.

    Parameters
    ----------
    target, sees : str
        See :class:`Loss`.
    engine : callable
        Names the engine with its version, or raises :class:`EngineMissingError`.
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
            called_of(rows, by_bundle, dataset),
            called_of(rows, by_export, dataset),
        )

    return loss


def called_of(rows: pd.DataFrame, verdicts: NDArray[np.bool_], dataset: Dataset | None) -> Called:
    """Count what is called of the rows that the headline figures are made of: confidence 2 and 3; T against C and S."""
    if dataset is None:
        return Called(0, 0, 0, 0)
    key = list(KEY)
    told = (dataset.labels["confidence"] >= 2) & (dataset.labels["source"] != "weak")
    labels = dataset.labels.loc[told, [*key, "label"]]
    joined = labels.merge(rows[key].assign(called=verdicts), on=key, validate="one_to_one")
    trackers = joined["called"][joined["label"] == "T"]
    negatives = joined["called"][joined["label"].isin(["C", "S"])]
    return Called(len(trackers), int(trackers.sum()), len(negatives), int(negatives.sum()))


def write_readme(package: str, folder: Path) -> None:
    """Write the ``README.md`` of a target's package, as it stands there, beside the target's files."""
    text = resources.files(package).joinpath("README.md").read_text(encoding="utf-8")
    (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")


def program(*names: str, install: str) -> str:
    """Return the path of the first program that is there.

    Raises
    ------
    EngineMissingError
        Where none is; ``install`` says how to get one.
    """
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    raise EngineMissingError(f"no {' or '.join(names)} on PATH: {install}")


def run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> bytes:
    """Run an engine and give what it writes.

    Raises
    ------
    TkitError
        Where it fails, with the end of what it said.
    """
    done = subprocess.run([str(part) for part in command], env=environment, capture_output=True, check=False)
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip()[-800:]
        raise TkitError(f"{Path(str(command[0])).name} failed with code {done.returncode}: {told}")
    return done.stdout
