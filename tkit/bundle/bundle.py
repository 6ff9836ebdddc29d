"""The class of bundles: trained detectors in their exported form."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date as calendar_date
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from tkit.arrays import Floats, Ints, Mask, Matrix
from tkit.bundle.card import check_card, render_card
from tkit.bundle.integers import EXACT, MAX_SUM, IntegerLinear, IntegerTrees, link_scores, score_of
from tkit.bundle.learnt import Learnt
from tkit.bundle.reading import (
    FORMAT,
    MAX_BYTES,
    MAX_VECTORS,
    Vectors,
    described,
    read_model,
    read_schema,
    read_text,
    strict_json,
)
from tkit.bundle.rounding import in_units
from tkit.errors import TkitError
from tkit.features import FEATURE_VERSION, MAIL_VANTAGES, VANTAGES, feature_names
from tkit.features.matrix import feature_matrix
from tkit.files import whole_folder
from tkit.version import __version__

_ROWS_AT_ONCE = 1 << 14
_SAME_SCORE = 1e-9


@dataclass(frozen=True, eq=False)
class Bundle:
    """A trained detector in its exported form; itself a :class:`tkit.detectors.Detector`.

    Made by :meth:`from_model` or :meth:`load`; the constructor makes the same checks.

    Attributes
    ----------
    name, vantage : str
        Name of the model, and the vantage point whose features it reads.
    model : IntegerTrees or IntegerLinear
    threshold : int
        Lowest margin that is flagged as a tracker, in units.
    threshold_chosen : str
        How the threshold was chosen.
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
    model: IntegerTrees | IntegerLinear
    threshold: int
    threshold_chosen: str
    training_sha256: str
    seed: int
    date: str
    card: str
    replay: Matrix
    tkit_version: str = __version__

    def __post_init__(self) -> None:
        if self.vantage not in VANTAGES:
            raise TkitError(f"schema.json: vantage {self.vantage!r}: take one of {', '.join(VANTAGES)}")
        self.model.check(len(self.features))
        if abs(self.threshold) > EXACT:
            raise TkitError(f"schema.json: threshold of {self.threshold} units: give one within 2**53")
        for name in ("name", "threshold_chosen", "tkit_version"):
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
    def from_model(
        cls,
        model: Learnt,
        threshold: float,
        *,
        threshold_chosen: str,
        training_sha256: str,
        seed: int,
        date: str,
        card: Mapping[str, str],
        replay: pd.DataFrame,
    ) -> Self:
        """Make a bundle from a fitted model.

        Leaves and linear terms are rounded to whole units once, and the thresholds of trees down to the next float32, which
        decides float32 features identically. So a score differs from the model's only by rounding: at most half a unit for
        each tree or feature and for the intercept.

        Parameters
        ----------
        model : Learnt
            Fitted: a LogisticModel, TreeModel, ForestModel or BoostingModel.
        threshold : float
            Lowest score that is flagged as a tracker, from 0 to 1. The bundle's own threshold is the lowest
            margin with such a score.
        threshold_chosen, training_sha256, seed, date
            See :class:`Bundle`.
        card : mapping of str to str
            Markdown for each of :data:`CARD_SECTIONS`.
        replay : DataFrame
            Rows with the model's features, for ``vectors.jsonl``.

        Raises
        ------
        TkitError
            For a model that is not fitted or too large, a threshold outside 0 to 1, a missing or empty section, rows that
            cannot be scored, or anything else that :class:`Bundle` refuses.
        """
        if not 0 <= threshold <= 1:
            raise TkitError(f"{model.name}: a threshold of {threshold}: give a score from 0 to 1")
        exported = in_units(model.exported())
        least = range(-MAX_SUM, MAX_SUM)
        matrix = feature_matrix(replay, feature_names(model.vantage), "vectors.jsonl")
        return cls(
            name=model.name,
            vantage=model.vantage,
            model=exported,
            threshold=least[bisect_left(least, threshold, key=lambda unit: score_of(unit, exported.link))],
            threshold_chosen=threshold_chosen,
            training_sha256=training_sha256,
            seed=seed,
            date=date,
            card=render_card(f"{model.name} ({model.vantage})", card),
            replay=matrix,
        )

    @property
    def features(self) -> list[str]:
        """The names of the features that it reads, in the order of the model's columns."""
        return feature_names(self.vantage)

    @property
    def expected(self) -> int:
        """The margin, in units, to which :meth:`contributions` of a row are added."""
        return self.model.expected

    def margins(self, rows: pd.DataFrame) -> Ints:
        """Return the margin of each row, shape (n_rows,), in units of 1/65536.

        Raises
        ------
        TkitError
            If a feature is missing or not finite.
        """
        matrix = feature_matrix(rows, self.features, self.name)
        return self._in_chunks(matrix, self.model.margins)

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Return the probability that each row is a tracker, shape (n_rows,); raises the errors of :meth:`margins`."""
        return self._scores(self.margins(rows))

    def verdicts(self, rows: pd.DataFrame) -> Mask:
        """Return which rows are flagged as trackers, shape (n_rows,); raises the errors of :meth:`margins`."""
        return np.asarray(self.margins(rows) >= self.threshold)

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the contribution of each feature to a row's margin.

        Returns
        -------
        DataFrame of int64
            Rows as in ``rows``, one column per feature, in units. The sum of a row plus
            :attr:`expected` is exactly its margin.

        Raises
        ------
        TkitError
            See :meth:`margins`.
        """
        matrix = feature_matrix(rows, self.features, self.name)
        table = self._in_chunks(matrix, self.model.contributions)
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
        margins = self.model.margins(self.replay)
        vectors = zip(self.replay.tolist(), margins.tolist(), link_scores(margins, self.model.link).tolist(), strict=True)
        schema = {
            "format": FORMAT,
            "feature_version": FEATURE_VERSION,
            "tkit_version": self.tkit_version,
            "name": self.name,
            "vantage": self.vantage,
            "features": described(self.features),
            "threshold": {
                "margin": self.threshold,
                "score": self.threshold_score,
                "chosen": self.threshold_chosen,
            },
            "training_sha256": self.training_sha256,
            "seed": self.seed,
            "date": self.date,
        }
        lines = [
            _dumps(
                {
                    "features": dict(zip(self.features, row, strict=True)),
                    "margin": margin,
                    "score": score,
                    "verdict": margin >= self.threshold,
                }
            )
            for row, margin, score in vectors
        ]
        return {
            # One tree per line keeps differences between two models readable.
            "model.json": _dumps(self.model.to_json()).replace("},{", "},\n{") + "\n",
            "schema.json": json.dumps(schema, indent=1, allow_nan=False) + "\n",
            "vectors.jsonl": "\n".join(lines) + "\n",
            "CARD.md": self.card,
        }

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
            score = schema.pop("score")
            bundle = cls(
                vantage=vantage,
                model=read_model(strict_json(read_text(path, "model.json"), "model.json")),
                card=read_text(path, "CARD.md"),
                replay=vectors.matrix,
                **schema,
            )
            bundle._check_replay(vectors)
            if abs(score - bundle.threshold_score) > _SAME_SCORE:
                raise TkitError(
                    f"schema.json: threshold of {bundle.threshold} units is a score of "
                    f"{bundle.threshold_score}, not {score}: make the bundle again"
                )
        except TkitError as error:
            raise TkitError(f"bundle {path}: {error}") from error
        return bundle

    @property
    def threshold_score(self) -> float:
        """Lowest score that is flagged as a tracker."""
        return score_of(self.threshold, self.model.link)

    def _scores(self, margins: Ints) -> Floats:
        return link_scores(margins, self.model.link)

    def _in_chunks(self, matrix: Matrix, compute: Callable[[Matrix], Ints]) -> Ints:
        """Compute some rows at a time, few enough for the processor's cache."""
        parts = [compute(matrix[start : start + _ROWS_AT_ONCE]) for start in range(0, len(matrix), _ROWS_AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def _check_replay(self, vectors: Vectors) -> None:
        margins = self.model.margins(vectors.matrix)
        same = np.abs(margins - vectors.margins) <= self.model.tolerance
        same &= np.abs(self._scores(vectors.margins) - vectors.scores) <= _SAME_SCORE
        same &= (vectors.margins >= self.threshold) == vectors.verdicts
        if not same.all():
            line = int(np.argmin(same))
            raise TkitError(
                f"vectors.jsonl, line {line + 1}: margin {vectors.margins[line]}, score "
                f"{vectors.scores[line]}, verdict {vectors.verdicts[line]}, but the model gives a margin of "
                f"{margins[line]} with the threshold {self.threshold}: the files belong to different models; "
                "make the bundle again"
            )


def default_bundle(vantage: str = "message") -> Bundle:
    """Load the bundle that tkit ships for a vantage point.

    Raises
    ------
    TkitError
        For an unknown vantage point, or if the installed package has no such bundle.
    """
    if vantage not in VANTAGES:
        raise TkitError(f"no vantage point {vantage!r}: take one of {', '.join(VANTAGES)}")
    if vantage not in MAIL_VANTAGES:
        raise TkitError(
            f"no bundle is built in for the vantage point {vantage!r}, which needs the other copies of a mailing: train one"
            f" with `tkit train --vantage {vantage}`, load its folder with Bundle.load, and judge many mails at once as"
            " tkit.features.campaign says"
        )
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
