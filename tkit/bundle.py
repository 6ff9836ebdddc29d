"""The bundle: the one exported form of a trained detector, which every export target is made of.

A bundle is a folder of four files and runs nothing:

``model.json``
    The model in whole numbers. Each tree or linear term adds a whole number of units, 1/65536 of a
    probability (link ``identity``) or of a logit (link ``logistic``); their sum is the margin. While it stays
    below 2**24 it is exact in float32, float64 and in any order, so that Python, JavaScript, Lua and ONNX
    agree to the last bit. A tree is five arrays, one entry a node, every child behind its parent: a row goes
    to ``left`` where ``x[feature] <= threshold``, else to ``right``; ``feature`` is -1 in a leaf. Thresholds
    are float32 numbers. The ``value`` of an inner node is the mean of its leaves by training weight, for
    reasons alone.
``schema.json``
    Format and feature version, the features in order, the threshold and where the model comes from.
``vectors.jsonl``
    Rows with margin, score and verdict. Whoever computes them must get the same.
``CARD.md``
    What the model is for, what it was made of, how good it is and where it ends.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as calendar_date
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit import __version__
from tkit.detectors.rules import Matrix, feature_matrix
from tkit.errors import TkitError
from tkit.schema import FEATURE_VERSION, FEATURES, VANTAGES, feature_names

if TYPE_CHECKING:
    from tkit.detectors.models import LinearSum, Model, SplitTree, TreeSum

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Link = Literal["identity", "logistic"]

FORMAT = 1
"""Version of the format; raise it with any change that a reader of the last one would misread."""

UNIT = 65536
"""Units of a margin in 1."""

MAX_SUM = 2**24
"""What the absolute values of all that can be added to a tree margin stay below, in units."""

MAX_TREES = 5_000
MAX_NODES = 1_000_000
MAX_VECTORS = 10_000
MAX_BYTES = {
    "model.json": 64 << 20,
    "schema.json": 1 << 20,
    "vectors.jsonl": 64 << 20,
    "CARD.md": 1 << 20,
}
"""Greatest size of each file, checked before it is read as JSON."""

CARD_SECTIONS = {
    "purpose": "What it is for",
    "data": "Training data",
    "figures": "Figures",
    "command": "How the figures were made",
    "limits": "Limits",
    "use": "How to use it",
    "licence": "Licence",
}
"""Sections of the card: the fact each one states, and its heading."""

TRANSFORM = "sign(x) * log1p(abs(x))"
"""What a linear model does to each feature first."""

_ROWS_AT_ONCE = 1 << 14
_EXACT = 2**53
# No float32 has a greater transform.
_GREATEST_TRANSFORM = 89.0
_SAME_SCORE = 1e-9
_TREE_KEYS = ("feature", "threshold", "left", "right", "value")


class IntegerTree(NamedTuple):
    """One tree of ``model.json``; see the module."""

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[int, ...]

    def visits(self, matrix: Matrix) -> Iterator[tuple[int, int, NDArray[np.intp]]]:
        """Yield every node that a row comes by: its parent (-1 for the root), itself, the rows."""
        waiting = [(-1, 0, np.arange(len(matrix)))]
        while waiting:
            parent, node, rows = waiting.pop()
            if not len(rows):
                continue
            yield parent, node, rows
            if self.feature[node] >= 0:
                goes_left = matrix[rows, self.feature[node]] <= self.threshold[node]
                waiting.append((node, self.right[node], rows[~goes_left]))
                waiting.append((node, self.left[node], rows[goes_left]))


@dataclass(frozen=True)
class IntegerTrees:
    """Trees that add up to a margin.

    Attributes
    ----------
    link : {"identity", "logistic"}
        Whether the margin is a probability or its logit.
    intercept : int
        Units added to every row.
    trees : tuple of IntegerTree
    """

    link: Link
    intercept: int
    trees: tuple[IntegerTree, ...]
    tolerance: ClassVar[int] = 0

    @property
    def expected(self) -> int:
        """The mean margin of the training rows, up to rounding: what contributions start from."""
        return self.intercept + sum(tree.value[0] for tree in self.trees)

    def margins(self, matrix: Matrix) -> Ints:
        """Give the margin of each row of a matrix of shape (n_rows, n_features)."""
        total = np.full(len(matrix), self.intercept, np.int64)
        for tree in self.trees:
            for _, node, rows in tree.visits(matrix):
                if tree.feature[node] < 0:
                    total[rows] += tree.value[node]
        return total

    def contributions(self, matrix: Matrix) -> Ints:
        """Give what each feature adds to :attr:`expected`, shape (n_rows, n_features).

        A step to a child adds the difference of the two nodes' values to the feature that the step asked for
        (Saabas, "Interpreting random forests", 2014).
        """
        table = np.zeros(matrix.shape, np.int64, order="F")
        for tree in self.trees:
            for parent, node, rows in tree.visits(matrix):
                if parent >= 0:
                    table[rows, tree.feature[parent]] += tree.value[node] - tree.value[parent]
        return table

    def check(self, features: int) -> None:
        """Refuse what is no sum of trees over so many features, naming the place."""
        nodes = sum(len(tree.feature) for tree in self.trees)
        if not 1 <= len(self.trees) <= MAX_TREES or nodes > MAX_NODES:
            raise TkitError(
                f"model.json: {len(self.trees)} trees of {nodes} nodes; a bundle holds from 1 to {MAX_TREES} "
                f"trees of at most {MAX_NODES} nodes: train a smaller model"
            )
        for number, tree in enumerate(self.trees):
            _check_tree(tree, features, f"model.json: tree {number}")
        greatest = abs(self.intercept) + sum(_greatest_leaf(tree) for tree in self.trees)
        if greatest >= MAX_SUM:
            raise TkitError(
                f"model.json: margins reach {greatest} units, which float32 cannot add exactly from {MAX_SUM}"
                " on: train fewer trees or with more regularization"
            )

    def to_json(self) -> dict[str, object]:
        """Give what ``model.json`` holds."""
        trees = [tree._asdict() for tree in self.trees]
        return {"kind": "trees", "link": self.link, "unit": UNIT, "intercept": self.intercept, "trees": trees}


@dataclass(frozen=True)
class IntegerLinear:
    """A linear model whose terms are rounded to whole units, so that their sum is exact too.

    Attributes
    ----------
    intercept : int
        Units added to every row.
    mean, scale, weight : tuple of float
        One of each a feature: it adds ``weight * (t - mean) / scale``, ``t`` as :data:`TRANSFORM` says.
    """

    intercept: int
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weight: tuple[float, ...]
    link: ClassVar[Link] = "logistic"
    # The logarithm's last bit differs between mathematical libraries and can turn one rounding.
    tolerance: ClassVar[int] = 1

    @property
    def expected(self) -> int:
        """The margin of a row of mean features: what contributions start from."""
        return self.intercept

    def margins(self, matrix: Matrix) -> Ints:
        """Give the margin of each row of a matrix of shape (n_rows, n_features)."""
        return np.asarray(self.contributions(matrix).sum(axis=1) + self.intercept, np.int64)

    def contributions(self, matrix: Matrix) -> Ints:
        """Give what each feature adds to :attr:`expected`, shape (n_rows, n_features)."""
        wide = matrix.astype(np.float64)
        transformed = np.sign(wide) * np.log1p(np.abs(wide))
        terms = np.array(self.weight) * (transformed - np.array(self.mean)) / np.array(self.scale)
        return np.asarray(np.floor(terms * UNIT + 0.5), np.int64)

    def check(self, features: int) -> None:
        """Refuse what is no linear model over so many features, naming the place."""
        for name, numbers in (("mean", self.mean), ("scale", self.scale), ("weight", self.weight)):
            if len(numbers) != features:
                raise TkitError(f"model.json: {len(numbers)} numbers in {name} for {features} features: make the bundle again")
        if min(self.scale) <= 0:
            raise TkitError("model.json: a scale is not positive: make the bundle again")
        greatest = abs(self.intercept) / UNIT + sum(
            abs(weight) * (_GREATEST_TRANSFORM + abs(mean)) / scale
            for mean, scale, weight in zip(self.mean, self.scale, self.weight, strict=True)
        )
        if not greatest * UNIT < _EXACT:
            raise TkitError(
                f"model.json: margins reach {greatest}, which float64 cannot add exactly: train with more regularization"
            )

    def to_json(self) -> dict[str, object]:
        """Give what ``model.json`` holds."""
        return {
            "kind": "linear",
            "link": self.link,
            "unit": UNIT,
            "intercept": self.intercept,
            "transform": TRANSFORM,
            "mean": self.mean,
            "scale": self.scale,
            "weight": self.weight,
        }


@dataclass(frozen=True, eq=False)
class Bundle:
    """A trained detector as it is shipped; itself a :class:`tkit.detectors.base.Detector`.

    Made by :meth:`from_model` or :meth:`load`; whoever makes one by hand gets the same checks.

    Attributes
    ----------
    name, vantage : str
        The model's name and the vantage point whose features it reads.
    model : IntegerTrees or IntegerLinear
    threshold : int
        Least margin that is called a tracker, in units.
    threshold_chosen : str
        How the threshold was chosen.
    training_sha256 : str
        SHA-256 of the training data, in hexadecimal.
    seed : int
    date : str
        Day it was made, as YYYY-MM-DD.
    card : str
        The card, Markdown.
    replay : ndarray of float32, shape (n_vectors, n_features)
        The rows of ``vectors.jsonl``; not to be written to.
    tkit_version : str
        What made it.
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
        if abs(self.threshold) > _EXACT:
            raise TkitError(f"schema.json: threshold of {self.threshold} units: give one within 2**53")
        for name in ("name", "threshold_chosen", "tkit_version"):
            if not getattr(self, name).strip():
                raise TkitError(f"schema.json: {name} is empty: say what it is")
        if not re.fullmatch("[0-9a-f]{64}", self.training_sha256):
            raise TkitError(f"schema.json: training_sha256 {self.training_sha256!r}: give 64 hexadecimal digits in lower case")
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", self.date) or not _is_day(self.date):
            raise TkitError(f"schema.json: date {self.date!r}: give a day as YYYY-MM-DD")
        _check_card(self.card)
        if not 1 <= len(self.replay) <= MAX_VECTORS:
            raise TkitError(
                f"vectors.jsonl: {len(self.replay)} rows: give from 1 to {MAX_VECTORS}, about 200 over the range of the scores"
            )
        self.replay.flags.writeable = False

    @classmethod
    def from_model(
        cls,
        model: Model,
        threshold: float,
        *,
        threshold_chosen: str,
        training_sha256: str,
        seed: int,
        date: str,
        card: Mapping[str, str],
        replay: pd.DataFrame,
    ) -> Self:
        """Make a bundle of a fitted model.

        Leaves and linear terms are rounded to whole units, once, and the thresholds of trees down to the next
        float32, which decides float32 features alike. So a score differs from the model's by rounding alone:
        by at most half a unit for each tree or feature and the intercept.

        Parameters
        ----------
        model : LogisticModel, TreeModel, ForestModel or BoostingModel
            Fitted.
        threshold : float
            Least score that is called a tracker, from 0 to 1. The bundle's own threshold is the least margin
            of such a score.
        threshold_chosen, training_sha256, seed, date
            See :class:`Bundle`.
        card : mapping of str to str
            Markdown for each of :data:`CARD_SECTIONS`.
        replay : DataFrame
            Rows with the model's features, for ``vectors.jsonl``.

        Raises
        ------
        TkitError
            For a model that is not fitted or too large, a threshold beyond 0 to 1, a section that is missing
            or empty, rows that cannot be scored, or anything else that :class:`Bundle` refuses.
        """
        if not 0 <= threshold <= 1:
            raise TkitError(f"{model.name}: a threshold of {threshold}: give a score from 0 to 1")
        exported = _in_units(model.exported())
        least = range(-MAX_SUM, MAX_SUM)
        matrix = feature_matrix(replay, feature_names(model.vantage), "vectors.jsonl")
        return cls(
            name=model.name,
            vantage=model.vantage,
            model=exported,
            threshold=least[bisect_left(least, threshold, key=lambda unit: _score(unit, exported.link))],
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
        """What :meth:`contributions` of a row and this add up to is its margin."""
        return self.model.expected

    def margins(self, rows: pd.DataFrame) -> Ints:
        """Give the margin of each row, shape (n_rows,), in units of 1/65536.

        Raises
        ------
        TkitError
            Where a feature is missing or not finite.
        """
        matrix = feature_matrix(rows, self.features, self.name)
        return self._in_chunks(matrix, self.model.margins)

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Give the probability that each row is a tracker, shape (n_rows,); raises as :meth:`margins`."""
        return self._scores(self.margins(rows))

    def verdicts(self, rows: pd.DataFrame) -> NDArray[np.bool_]:
        """Tell which rows are called trackers, shape (n_rows,); raises as :meth:`margins`."""
        return np.asarray(self.margins(rows) >= self.threshold)

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Give what each feature adds to a row's margin.

        Returns
        -------
        DataFrame of int64
            Rows as in ``rows``, one column a feature, in units; a row's sum and :attr:`expected` are exactly
            its margin.

        Raises
        ------
        TkitError
            As :meth:`margins`.
        """
        matrix = feature_matrix(rows, self.features, self.name)
        table = self._in_chunks(matrix, self.model.contributions)
        return pd.DataFrame(table.reshape(matrix.shape), index=rows.index, columns=self.features)

    def save(self, folder: str | Path) -> None:
        """Write the bundle to a folder, at once: a reader finds the old one, or the new, or none.

        Parameters
        ----------
        folder : str or Path
            Made with its parents; a bundle that stands there is replaced.

        Raises
        ------
        TkitError
            Where something else stands there, or the folder cannot be written.
        """
        folder = Path(folder)
        try:
            if folder.exists() and not {entry.name for entry in folder.iterdir()} <= set(MAX_BYTES):
                raise TkitError(f"{folder}: holds other files than a bundle's: choose another folder or empty it")
            folder.parent.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as beside:
                new, old = Path(beside, "new"), Path(beside, "old")
                new.mkdir()
                for name, text in self._files().items():
                    (new / name).write_text(text, encoding="utf-8", newline="\n")
                Bundle.load(new)
                if folder.exists():
                    folder.rename(old)
                try:
                    new.rename(folder)
                except OSError:
                    if old.exists():
                        old.rename(folder)
                    raise
        except OSError as error:
            raise TkitError(f"{folder}: cannot write the bundle ({error}): choose a folder that can be written") from error

    @classmethod
    def load(cls, folder: str | Path | Traversable) -> Self:
        """Read a bundle, refusing whatever is not exactly one.

        Raises
        ------
        TkitError
            For a file that is missing, too large or no strict JSON (no NaN, no key twice); another format
            or FEATURE_VERSION; features other than the schema's; a model that is no sum of finite trees or
            terms; or vectors that come out differently. The message says which file, what and what to do.
        """
        place: Path | Traversable = Path(folder) if isinstance(folder, str) else folder
        try:
            schema = _read_schema(_json(_text(place, "schema.json"), "schema.json"))
            vantage = schema.pop("vantage")
            features = feature_names(vantage)
            vectors = _Vectors.read(_text(place, "vectors.jsonl"), features)
            score = schema.pop("score")
            bundle = cls(
                vantage=vantage,
                model=_read_model(_json(_text(place, "model.json"), "model.json")),
                card=_text(place, "CARD.md"),
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
            raise TkitError(f"bundle {place}: {error}") from error
        return bundle

    @property
    def threshold_score(self) -> float:
        """Least score that is called a tracker."""
        return _score(self.threshold, self.model.link)

    def _scores(self, margins: Ints) -> Floats:
        return _link(margins, self.model.link)

    def _in_chunks(self, matrix: Matrix, compute: Callable[[Matrix], Ints]) -> Ints:
        """Compute some rows at a time, few enough to stay in the processor's cache."""
        parts = [compute(matrix[start : start + _ROWS_AT_ONCE]) for start in range(0, len(matrix), _ROWS_AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def _files(self) -> dict[str, str]:
        """Give the text of each file of the folder."""
        margins = self.model.margins(self.replay)
        vectors = zip(self.replay.tolist(), margins.tolist(), self._scores(margins).tolist(), strict=True)
        schema = {
            "format": FORMAT,
            "feature_version": FEATURE_VERSION,
            "tkit_version": self.tkit_version,
            "name": self.name,
            "vantage": self.vantage,
            "features": _described(self.features),
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
            # A tree a line keeps differences between two models readable.
            "model.json": _dumps(self.model.to_json()).replace("},{", "},\n{") + "\n",
            "schema.json": json.dumps(schema, indent=1, allow_nan=False) + "\n",
            "vectors.jsonl": "\n".join(lines) + "\n",
            "CARD.md": self.card,
        }

    def _check_replay(self, vectors: _Vectors) -> None:
        margins = self.model.margins(vectors.matrix)
        same = np.abs(margins - vectors.margins) <= self.model.tolerance
        same &= np.abs(self._scores(vectors.margins) - vectors.scores) <= _SAME_SCORE
        same &= (vectors.margins >= self.threshold) == vectors.verdicts
        if not same.all():
            line = int(np.argmin(same))
            raise TkitError(
                f"vectors.jsonl, line {line + 1}: margin {vectors.margins[line]}, score "
                f"{vectors.scores[line]}, verdict {vectors.verdicts[line]}, but the model gives a margin of "
                f"{margins[line]} with the threshold {self.threshold}: the files are of different models; "
                "make the bundle again"
            )


def default_bundle(vantage: str = "message") -> Bundle:
    """Load the bundle that tkit ships for a vantage point.

    Raises
    ------
    TkitError
        For an unknown vantage point, or where the installed package has no such bundle.
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


def render_card(title: str, facts: Mapping[str, str]) -> str:
    """Give a model card.

    Parameters
    ----------
    title : str
        One line.
    facts : mapping of str to str
        Markdown for each of :data:`CARD_SECTIONS`; no more, no less.

    Returns
    -------
    str
        Markdown: the title, then every section in order.

    Raises
    ------
    TkitError
        Where a section is missing, empty or unknown.
    """
    unknown = [name for name in facts if name not in CARD_SECTIONS]
    empty = [name for name in CARD_SECTIONS if not facts.get(name, "").strip()]
    if unknown or empty:
        raise TkitError(
            f"CARD.md: sections without text: {', '.join(empty) or 'none'}; unknown: "
            f"{', '.join(unknown) or 'none'}: give text for {', '.join(CARD_SECTIONS)}"
        )
    sections = [f"## {heading}\n\n{facts[name].strip()}\n" for name, heading in CARD_SECTIONS.items()]
    return "\n".join([f"# {title}\n", *sections])


def _check_card(card: str) -> None:
    rest = card
    for heading in CARD_SECTIONS.values():
        _, found, rest = rest.partition(f"## {heading}\n")
        if not found or not rest.partition("\n## ")[0].strip():
            raise TkitError(f"CARD.md: section {heading!r} is missing or empty: make the card of all its facts")


def _is_day(text: str) -> bool:
    try:
        calendar_date.fromisoformat(text)
    except ValueError:
        return False
    return True


# -- margins ------------------------------------------------------------------------------------------------


def _link(margins: Ints, link: Link) -> Floats:
    value = margins / UNIT
    if link == "identity":
        # Rounded shares may add up to a little more than 1.
        return np.clip(value, 0.0, 1.0)
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -700, 700))))


def _score(margin: int, link: Link) -> float:
    return float(_link(np.array([margin]), link)[0])


def _in_units(exported: TreeSum | LinearSum) -> IntegerTrees | IntegerLinear:
    """Round what a model learnt."""
    from tkit.detectors.models import LinearSum  # noqa: PLC0415 - scikit-learn is slow to load

    if isinstance(exported, LinearSum):
        return IntegerLinear(
            _units(exported.intercept),
            tuple(exported.mean.tolist()),
            tuple(exported.scale.tolist()),
            tuple(exported.weight.tolist()),
        )
    trees = tuple(map(_tree_in_units, exported.trees))
    return IntegerTrees(exported.link, _units(exported.intercept), trees)


def _units(value: float) -> int:
    return math.floor(value * UNIT + 0.5)


def _tree_in_units(tree: SplitTree) -> IntegerTree:
    leaf = tree.feature < 0
    mean = np.where(leaf, np.floor(tree.value * UNIT + 0.5), 0.0)
    cover = tree.cover.copy()
    # From the last node up: a child stands behind its parent.
    for node in np.flatnonzero(~leaf)[::-1].tolist():
        children = [tree.left[node], tree.right[node]]
        cover[node] = cover[children].sum()
        mean[node] = (mean[children] * cover[children]).sum() / cover[node]
    return IntegerTree(
        tuple(np.where(leaf, -1, tree.feature).tolist()),
        tuple(np.where(leaf, 0.0, _float32_below(tree.threshold)).tolist()),
        tuple(np.where(leaf, -1, tree.left).tolist()),
        tuple(np.where(leaf, -1, tree.right).tolist()),
        tuple(np.floor(mean + 0.5).astype(np.int64).tolist()),
    )


def _float32_below(threshold: Floats) -> NDArray[np.float32]:
    """Give the greatest float32 that is no greater: ``x <= threshold`` decides every float32 x alike."""
    near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)


def _greatest_leaf(tree: IntegerTree) -> int:
    return max(abs(value) for feature, value in zip(tree.feature, tree.value, strict=True) if feature < 0)


def _check_tree(tree: IntegerTree, features: int, where: str) -> None:
    nodes = len(tree.feature)
    if not nodes or {len(column) for column in tree} != {nodes}:
        raise TkitError(f"{where}: arrays of {[len(column) for column in tree]} nodes: give one length, from 1")
    for name, numbers in tree._asdict().items():
        if not np.isfinite(np.array(numbers, np.float64)).all():
            raise TkitError(f"{where}: {name} holds a number that is not finite: make the bundle again")
    with np.errstate(over="ignore"):
        rounded = np.array(tree.threshold).astype(np.float32)
    parents = [0] * nodes
    for node, (feature, threshold, left, right, value) in enumerate(zip(*tree, strict=True)):
        here = f"{where}, node {node}"
        if feature == left == right == -1:
            continue
        if not 0 <= feature < features:
            raise TkitError(f"{here}: feature {feature} of {features}: a leaf has feature, left and right -1")
        if float(rounded[node]) != threshold:
            raise TkitError(f"{here}: threshold {threshold} is no float32: make the bundle again")
        if not (node < left < nodes and node < right < nodes):
            raise TkitError(f"{here}: children {left} and {right} of {nodes} nodes: each stands behind its parent")
        parents[left] += 1
        parents[right] += 1
        low, high = sorted((tree.value[left], tree.value[right]))
        if not low <= value <= high:
            raise TkitError(f"{here}: value {value} is no mean of its children's, {low} and {high}")
    if parents[0] or any(count != 1 for count in parents[1:]):
        node = next(node for node, count in enumerate(parents) if count != (node > 0))
        raise TkitError(f"{where}, node {node}: child of {parents[node]} nodes: all but the first have one parent")


# -- reading ------------------------------------------------------------------------------------------------


def _text(folder: Path | Traversable, name: str) -> str:
    most = MAX_BYTES[name]
    try:
        with folder.joinpath(name).open("rb") as file:
            data: bytes = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise TkitError(f"{name}: cannot be read ({error}): give the folder of a bundle") from error
    if len(data) > most:
        raise TkitError(f"{name}: over {most} bytes: this is no bundle that tkit made")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TkitError(f"{name}: not UTF-8 ({error.reason} at byte {error.start}): get the bundle again") from error


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise TkitError(f"{where}: not strict JSON ({error}): get the bundle again") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"a key twice among {', '.join(name for name, _ in pairs)[:200]}")
    return found


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON number")


def _dumps(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _fields(value: Any, names: Sequence[str], where: str) -> dict[str, Any]:
    """Give a JSON object that has exactly these fields."""
    if not isinstance(value, dict):
        raise TkitError(f"{where}: no JSON object but {value!r:.60}: get the bundle again")
    missing = [name for name in names if name not in value]
    unknown = [name for name in value if name not in names]
    if missing or unknown:
        raise TkitError(
            f"{where}: missing fields: {', '.join(missing) or 'none'}; unknown: "
            f"{', '.join(unknown)[:200] or 'none'}: get the bundle again, or the tkit that made it"
        )
    return value


def _typed(value: Any, kind: type, where: str) -> Any:
    # A JSON true is a Python int, too.
    if type(value) is not kind:
        raise TkitError(f"{where}: {value!r:.60} is no {kind.__name__}: get the bundle again")
    return value


def _integer(value: Any, where: str) -> int:
    if type(value) is not int or abs(value) > _EXACT:
        raise TkitError(f"{where}: {value!r:.60} is no whole number within 2**53: get the bundle again")
    return value


def _number(value: Any, where: str) -> float:
    if type(value) is int:
        return float(_integer(value, where))
    if type(value) is not float or not math.isfinite(value):
        raise TkitError(f"{where}: {value!r:.60} is no finite number: get the bundle again")
    return value


def _several(value: Any, read: Callable[[Any, str], Any], where: str) -> tuple[Any, ...]:
    return tuple(read(item, where) for item in _typed(value, list, where))


def _read_schema(value: Any) -> dict[str, Any]:
    """Give the arguments of :class:`Bundle` that ``schema.json`` holds, and the threshold's score."""
    if isinstance(value, dict) and value.get("format") != FORMAT:
        raise TkitError(
            f"schema.json: format {value.get('format')!r:.60}, this tkit reads {FORMAT}: make the bundle "
            "again, or get the tkit that made it"
        )
    if isinstance(value, dict) and value.get("feature_version") != FEATURE_VERSION:
        raise TkitError(
            f"schema.json: feature_version {value.get('feature_version')!r:.60}, this tkit computes version "
            f"{FEATURE_VERSION}: train the model again, or get the tkit that made it"
        )
    texts = ("name", "vantage", "training_sha256", "date", "tkit_version")
    schema = _fields(value, ("format", "feature_version", "features", "threshold", "seed", *texts), "schema.json")
    threshold = _fields(schema["threshold"], ("margin", "score", "chosen"), "schema.json: threshold")
    found = {name: _typed(schema[name], str, f"schema.json: {name}") for name in texts}
    if found["vantage"] not in VANTAGES:
        raise TkitError(
            f"schema.json: vantage {found['vantage']!r:.60}: this tkit knows {', '.join(VANTAGES)}; get the "
            "tkit that made the bundle"
        )
    _check_features(schema["features"], feature_names(found["vantage"]))
    return found | {
        "seed": _integer(schema["seed"], "schema.json: seed"),
        "threshold": _integer(threshold["margin"], "schema.json: threshold"),
        "threshold_chosen": _typed(threshold["chosen"], str, "schema.json: threshold"),
        "score": _number(threshold["score"], "schema.json: threshold"),
    }


def _described(names: Sequence[str]) -> list[dict[str, object]]:
    known = {feature.name: feature for feature in FEATURES}
    return [{"name": name, "dtype": known[name].dtype, "absent": known[name].absent} for name in names]


def _check_features(value: Any, names: Sequence[str]) -> None:
    described = [
        _fields(item, ("name", "dtype", "absent"), f"schema.json: feature {number}")
        for number, item in enumerate(_typed(value, list, "schema.json: features"))
    ]
    given = [_typed(item["name"], str, "schema.json: features") for item in described]
    missing, unknown = sorted(set(names) - set(given)), sorted(set(given) - set(names))
    if missing or unknown or described != _described(names):
        raise TkitError(
            f"schema.json: features of another schema; missing: {', '.join(missing)[:200] or 'none'}; "
            f"unknown: {', '.join(unknown)[:200] or 'none'}; order, dtype and absent must be those of "
            "tkit.schema too: train the model again"
        )


def _read_model(value: Any) -> IntegerTrees | IntegerLinear:
    where = "model.json"
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind == "linear":
        return _read_linear(value)
    if kind != "trees":
        raise TkitError(f"{where}: kind {kind!r:.60}: this tkit reads trees and linear; get the bundle again")
    model = _fields(value, ("kind", "link", "unit", "intercept", "trees"), where)
    if model["link"] not in ("identity", "logistic"):
        raise TkitError(f"{where}: link {model['link']!r:.60}: known are identity and logistic")
    _check_unit(model["unit"])
    trees = []
    for number, item in enumerate(_typed(model["trees"], list, where)):
        here = f"{where}: tree {number}"
        tree = _fields(item, _TREE_KEYS, here)
        columns = {
            name: _several(tree[name], _number if name == "threshold" else _integer, f"{here}, {name}") for name in _TREE_KEYS
        }
        trees.append(IntegerTree(**columns))
    return IntegerTrees(cast(Link, model["link"]), _integer(model["intercept"], where), tuple(trees))


def _read_linear(value: Any) -> IntegerLinear:
    where = "model.json"
    numbers = ("mean", "scale", "weight")
    model = _fields(value, ("kind", "link", "unit", "intercept", "transform", *numbers), where)
    if model["link"] != IntegerLinear.link or model["transform"] != TRANSFORM:
        raise TkitError(
            f"{where}: link {model['link']!r:.60}, transform {model['transform']!r:.60}: a linear model has "
            f"{IntegerLinear.link} and {TRANSFORM}"
        )
    _check_unit(model["unit"])
    columns = {name: _several(model[name], _number, f"{where}: {name}") for name in numbers}
    return IntegerLinear(_integer(model["intercept"], where), **columns)


def _check_unit(value: Any) -> None:
    if _integer(value, "model.json: unit") != UNIT:
        raise TkitError(f"model.json: {value} units in 1, this tkit reads {UNIT}: make the bundle again")


class _Vectors(NamedTuple):
    """``vectors.jsonl`` as read."""

    matrix: Matrix
    margins: Ints
    scores: Floats
    verdicts: NDArray[np.bool_]

    @classmethod
    def read(cls, text: str, features: Sequence[str]) -> _Vectors:
        """Check the file; what it says is compared once the model is read."""
        lines = text.removesuffix("\n").split("\n")
        if len(lines) > MAX_VECTORS:
            raise TkitError(f"vectors.jsonl: {len(lines)} lines; a bundle holds at most {MAX_VECTORS}")
        rows, margins, scores, verdicts = [], [], [], []
        for number, line in enumerate(lines, start=1):
            where = f"vectors.jsonl, line {number}"
            vector = _fields(_json(line, where), ("features", "margin", "score", "verdict"), where)
            given = _fields(vector["features"], features, f"{where}: features")
            rows.append([_number(given[name], f"{where}: {name}") for name in features])
            margins.append(_integer(vector["margin"], f"{where}: margin"))
            scores.append(_number(vector["score"], f"{where}: score"))
            verdicts.append(_typed(vector["verdict"], bool, f"{where}: verdict"))
        wide = np.array(rows, np.float64)
        with np.errstate(over="ignore"):
            matrix = wide.astype(np.float32, order="F")
        if (matrix != wide).any():
            row, column = np.argwhere(matrix != wide)[0]
            raise TkitError(
                f"vectors.jsonl, line {row + 1}: {features[column]} is {wide[row, column]}, which is no "
                "float32: make the bundle again"
            )
        return cls(matrix, np.array(margins, np.int64), np.array(scores, np.float64), np.array(verdicts, np.bool_))
