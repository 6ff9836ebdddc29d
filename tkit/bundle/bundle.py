"""The class of bundles: trained detectors in their exported form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date as calendar_date
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import pandas as pd

from tkit.arrays import Floats, Ints, Mask, Matrix
from tkit.bundle.card import check_card, render_card
from tkit.bundle.learnt import Learnt
from tkit.bundle.output import QUESTIONS, Output, Question, Verdicts, verdicts_of
from tkit.bundle.reading import (
    FORMAT,
    MAX_BYTES,
    MAX_VECTORS,
    Threshold,
    Vectors,
    described,
    read_model,
    read_schema,
    read_text,
    strict_json,
)
from tkit.errors import TkitError
from tkit.features import FEATURE_VERSION, VANTAGES, feature_names
from tkit.features.matrix import feature_matrix
from tkit.files import whole_folder
from tkit.version import __version__

_ROWS_AT_ONCE = 1 << 14
_SAME_SCORE = 1e-9


class Trained(NamedTuple):
    """A fitted model for one question, the lowest score for which the answer is yes, and how that was chosen."""

    model: Learnt
    threshold: float
    chosen: str


@dataclass(frozen=True, eq=False)
class Bundle:
    """A trained detector in its exported form; itself a :class:`tkit.detectors.Detector` of trackers.

    It answers two questions (:data:`tkit.bundle.QUESTIONS`), each by a model and a threshold of its own. What is flagged as a
    tracker is nothing that a person should see. What is individual but no tracker is a personalised picture: it reveals
    who opened the mail, but it is there to be looked at.

    Made by :meth:`from_models` or :meth:`load`; the constructor makes the same checks.

    Attributes
    ----------
    name, vantage : str
        Name of the model, and the vantage point whose features it reads.
    tracker, individual : Output
        The answer to each question.
    training_sha256 : str
        SHA-256 of the training data, in hexadecimal.
    seed : int
    date : str
        Day on which it was made, as YYYY-MM-DD.
    card : str
        The card, Markdown.
    replay : ndarray of float32, shape (n_vectors, n_features)
        The rows of ``vectors.jsonl``; read-only.
    tkit_version : str
        Version of tkit that made it.
    """

    name: str
    vantage: str
    tracker: Output
    individual: Output
    training_sha256: str
    seed: int
    date: str
    card: str
    replay: Matrix
    tkit_version: str = __version__

    def __post_init__(self) -> None:
        if self.vantage not in VANTAGES:
            raise TkitError(f"schema.json: vantage {self.vantage!r}: take one of {', '.join(VANTAGES)}")
        for question in QUESTIONS:
            self.output(question).check(len(self.features), question)
        for name in ("name", "tkit_version"):
            if not getattr(self, name).strip():
                raise TkitError(f"schema.json: {name} is empty: give a text")
        if not re.fullmatch("[0-9a-f]{64}", self.training_sha256):
            raise TkitError(f"schema.json: training_sha256 {self.training_sha256!r}: give 64 hexadecimal digits in lower case")
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", self.date) or not _is_day(self.date):
            raise TkitError(f"schema.json: date {self.date!r}: give a day as YYYY-MM-DD")
        check_card(self.card)
        if not 1 <= len(self.replay) <= MAX_VECTORS:
            raise TkitError(
                f"vectors.jsonl: {len(self.replay)} rows: give from 1 to {MAX_VECTORS}, about 200 across the range of scores"
            )
        self.replay.flags.writeable = False

    @classmethod
    def from_models(
        cls,
        tracker: Trained,
        individual: Trained,
        *,
        training_sha256: str,
        seed: int,
        date: str,
        card: Mapping[str, str],
        replay: pd.DataFrame,
    ) -> Self:
        """Make a bundle from two fitted models of one vantage point.

        Leaves and linear terms are rounded to whole units once, and the thresholds of trees down to the next float32, which
        decides float32 features identically. So a score differs from the model's only by rounding: at most half a unit for
        each tree or feature and for the intercept.

        Parameters
        ----------
        tracker, individual : Trained
            For each question a fitted LogisticModel, TreeModel, ForestModel or BoostingModel, the lowest score for which the
            answer is yes, from 0 to 1, and how that was chosen.
        training_sha256, seed, date
            See :class:`Bundle`.
        card : mapping of str to str
            Markdown for each of :data:`CARD_SECTIONS`.
        replay : DataFrame
            Rows with the models' features, for ``vectors.jsonl``.

        Raises
        ------
        TkitError
            For models of different vantage points, a model that is not fitted or too large, a threshold outside 0 to 1, a
            missing or empty section, rows that cannot be scored, or anything else that :class:`Bundle` refuses.
        """
        model = tracker.model
        if model.vantage != individual.model.vantage:
            raise TkitError(
                f"models of the vantage points {model.vantage} and {individual.model.vantage}: train both at the same one"
            )
        return cls(
            name=model.name,
            vantage=model.vantage,
            tracker=Output.of(*tracker),
            individual=Output.of(*individual),
            training_sha256=training_sha256,
            seed=seed,
            date=date,
            card=render_card(f"{model.name} ({model.vantage})", card),
            replay=feature_matrix(replay, feature_names(model.vantage), "vectors.jsonl"),
        )

    @property
    def features(self) -> list[str]:
        """The names of the features that it reads, in the order of the models' columns."""
        return feature_names(self.vantage)

    @property
    def threshold_score(self) -> float:
        """Lowest score that is flagged as a tracker."""
        return self.tracker.threshold_score

    def output(self, question: Question) -> Output:
        """Return the model and threshold of a question."""
        return self.tracker if question == "tracker" else self.individual

    def margins(self, rows: pd.DataFrame, question: Question = "tracker") -> Ints:
        """Return the margin of each row, shape (n_rows,), in units of 1/65536.

        Raises
        ------
        TkitError
            If a feature is missing or not finite.
        """
        return _in_chunks(self._matrix(rows), self.output(question).model.margins)

    def all_margins(self, rows: pd.DataFrame) -> dict[Question, Ints]:
        """Return the margins of both questions, for less time than two calls of :meth:`margins`; raises its errors."""
        matrix = self._matrix(rows)
        return {question: _in_chunks(matrix, self.output(question).model.margins) for question in QUESTIONS}

    def scores(self, rows: pd.DataFrame, question: Question = "tracker") -> Floats:
        """Return the probability of a yes for each row, shape (n_rows,); raises the errors of :meth:`margins`."""
        return self.output(question).scores(self.margins(rows, question))

    def flagged(self, rows: pd.DataFrame) -> Mask:
        """Return which rows are flagged as trackers, shape (n_rows,); raises the errors of :meth:`margins`."""
        return self.tracker.says_yes(self.margins(rows))

    def verdicts(self, rows: pd.DataFrame) -> Verdicts:
        """Return the verdict of each row by itself, one of :data:`tkit.bundle.VERDICTS`, shape (n_rows,).

        Raises the errors of :meth:`margins`. To judge the references of mails, use :func:`tkit.bundle.judge`.
        """
        return verdicts_of(*self._answers(self.all_margins(rows)))

    def contributions(self, rows: pd.DataFrame, question: Question = "tracker") -> pd.DataFrame:
        """Return the contribution of each feature to a row's margin.

        Returns
        -------
        DataFrame of int64
            Rows as in ``rows``, one column per feature, in units. The sum of a row plus the ``expected`` of the question's
            model is exactly its margin.

        Raises
        ------
        TkitError
            See :meth:`margins`.
        """
        matrix = self._matrix(rows)
        table = _in_chunks(matrix, self.output(question).model.contributions)
        return pd.DataFrame(table.reshape(matrix.shape), index=rows.index, columns=self.features)

    def save(self, folder: str | Path) -> None:
        """Write the bundle to a folder atomically: a reader sees the old one, the new one or none.

        Parameters
        ----------
        folder : str or Path
            Made with its parents; an existing bundle is replaced.

        Raises
        ------
        TkitError
            If the folder contains anything else, or cannot be written.
        """
        with whole_folder(folder, MAX_BYTES) as new:
            for name, text in self._texts().items():
                (new / name).write_text(text, encoding="utf-8", newline="\n")
            Bundle.load(new)  # refused before it takes its place

    def _texts(self) -> dict[str, str]:
        """Return the text of each file of the folder."""
        outputs = {question: self.output(question) for question in QUESTIONS}
        margins = {question: output.model.margins(self.replay) for question, output in outputs.items()}
        answers = {
            question: [
                {"margin": margin, "score": score}
                for margin, score in zip(margins[question].tolist(), output.scores(margins[question]).tolist(), strict=True)
            ]
            for question, output in outputs.items()
        }
        schema = {
            "format": FORMAT,
            "feature_version": FEATURE_VERSION,
            "tkit_version": self.tkit_version,
            "name": self.name,
            "vantage": self.vantage,
            "features": described(self.features),
            "thresholds": {
                question: {"margin": output.threshold, "score": output.threshold_score, "chosen": output.chosen}
                for question, output in outputs.items()
            },
            "training_sha256": self.training_sha256,
            "seed": self.seed,
            "date": self.date,
        }
        rows = zip(self.replay.tolist(), *answers.values(), self._replayed(margins), strict=True)
        lines = [
            _dumps(
                {
                    "features": dict(zip(self.features, row, strict=True)),
                    "tracker": tracker,
                    "individual": individual,
                    "verdict": verdict,
                }
            )
            for row, tracker, individual, verdict in rows
        ]
        # One tree per line keeps differences between two models readable.
        models = {
            f"{question}.json": _dumps(output.model.to_json()).replace("},{", "},\n{") + "\n"
            for question, output in outputs.items()
        }
        return models | {
            "schema.json": json.dumps(schema, indent=1, allow_nan=False) + "\n",
            "vectors.jsonl": "\n".join(lines) + "\n",
            "CARD.md": self.card,
        }

    def _replayed(self, margins: Mapping[Question, Ints]) -> list[str]:
        """Return the verdicts on the replay vectors."""
        verdicts: list[str] = verdicts_of(*self._answers(margins)).tolist()
        return verdicts

    def _answers(self, margins: Mapping[Question, Ints]) -> tuple[Mask, Mask]:
        """Return which margins say tracker, and which say individual."""
        return self.tracker.says_yes(margins["tracker"]), self.individual.says_yes(margins["individual"])

    @classmethod
    def load(cls, folder: str | Path | Traversable) -> Self:
        """Read a bundle, and refuse anything that is not exactly one.

        Raises
        ------
        TkitError
            For a file that is missing, too large or not strict JSON (no NaN, no duplicate key); another format or
            FEATURE_VERSION; features that differ from the schema; a model that is not a sum of finite trees or terms; or
            vectors that do not replay. The message names the file, the fault and what to do.
        """
        path: Path | Traversable = Path(folder) if isinstance(folder, str) else folder
        try:
            schema = read_schema(strict_json(read_text(path, "schema.json"), "schema.json"))
            vantage = schema.pop("vantage")
            features = feature_names(vantage)
            vectors = Vectors.read(read_text(path, "vectors.jsonl"), features)
            thresholds = schema.pop("thresholds")
            outputs = {question: _read_output(path, question, thresholds[question]) for question in QUESTIONS}
            bundle = cls(
                vantage=vantage,
                tracker=outputs["tracker"],
                individual=outputs["individual"],
                card=read_text(path, "CARD.md"),
                replay=vectors.matrix,
                **schema,
            )
            bundle._check_replay(vectors)
            for question in QUESTIONS:
                output, score = bundle.output(question), thresholds[question].score
                if abs(score - output.threshold_score) > _SAME_SCORE:
                    raise TkitError(
                        f"schema.json: {question} threshold of {output.threshold} units is a score of "
                        f"{output.threshold_score}, not {score}: make the bundle again"
                    )
        except TkitError as error:
            raise TkitError(f"bundle {path}: {error}") from error
        return bundle

    def _matrix(self, rows: pd.DataFrame) -> Matrix:
        return feature_matrix(rows, self.features, self.name)

    def _check_replay(self, vectors: Vectors) -> None:
        margins: dict[Question, Ints] = {}
        for question in QUESTIONS:
            output, said = self.output(question), vectors.margins[question]
            margins[question] = output.model.margins(vectors.matrix)
            same = np.abs(margins[question] - said) <= output.model.tolerance
            same &= np.abs(output.scores(said) - vectors.scores[question]) <= _SAME_SCORE
            if not same.all():
                line = int(np.argmin(same))
                raise TkitError(
                    f"vectors.jsonl, line {line + 1}: {question} margin {said[line]}, score {vectors.scores[question][line]}, "
                    f"but the model gives a margin of {margins[question][line]}: the files belong to different models; "
                    "make the bundle again"
                )
        replayed = self._replayed(vectors.margins)
        for number, (written, verdict) in enumerate(zip(vectors.verdicts, replayed, strict=True), start=1):
            if written != verdict:
                raise TkitError(
                    f"vectors.jsonl, line {number}: verdict {written!r:.60}, but the thresholds give {verdict!r}: the files"
                    " belong to different models; make the bundle again"
                )


def _read_output(folder: Path | Traversable, question: Question, threshold: Threshold) -> Output:
    file = f"{question}.json"
    return Output(read_model(strict_json(read_text(folder, file), file), file), threshold.margin, threshold.chosen)


def _in_chunks(matrix: Matrix, compute: Callable[[Matrix], Ints]) -> Ints:
    """Compute some rows at a time, few enough for the processor's cache."""
    parts = [compute(matrix[start : start + _ROWS_AT_ONCE]) for start in range(0, len(matrix), _ROWS_AT_ONCE)]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def default_bundle(vantage: str = "message") -> Bundle:
    """Load the bundle that tkit ships for a vantage point.

    Raises
    ------
    TkitError
        For an unknown vantage point, or if the installed package has no such bundle.
    """
    if vantage not in VANTAGES:
        raise TkitError(f"no vantage point {vantage!r}: take one of {', '.join(VANTAGES)}")
    folder = resources.files("tkit") / "default" / vantage
    if not folder.is_dir():
        raise TkitError(
            f"this tkit has no default bundle for the vantage point {vantage!r}: install a released tkit, or "
            "train a model and load its folder with Bundle.load"
        )
    return Bundle.load(folder)


def _is_day(text: str) -> bool:
    try:
        calendar_date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _dumps(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
