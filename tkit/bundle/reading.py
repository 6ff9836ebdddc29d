"""Strict reading of a bundle's files: anything else is refused, with where the fault is and what to do."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from tkit.arrays import Floats, Ints, Mask, Matrix
from tkit.bundle.integers import EXACT, TRANSFORM, UNIT, IntegerLinear, IntegerTree, IntegerTrees, Link
from tkit.errors import TkitError
from tkit.features import FEATURE_VERSION, FEATURES, VANTAGES, feature_names

FORMAT = 1
"""Version of the format; raise it with any change that a reader of the previous one would misread."""

MAX_VECTORS = 10_000
MAX_BYTES = {
    "model.json": 64 << 20,
    "schema.json": 1 << 20,
    "vectors.jsonl": 64 << 20,
    "CARD.md": 1 << 20,
}
"""Maximum size of each file, checked before it is read as JSON."""

_TREE_KEYS = ("feature", "threshold", "left", "right", "value")


def read_text(folder: Path | Traversable, name: str) -> str:
    """Read one file of a bundle, up to its maximum size."""
    most = MAX_BYTES[name]
    try:
        with folder.joinpath(name).open("rb") as file:
            data: bytes = file.read(most + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise TkitError(f"{name}: cannot be read ({why}): give the folder of a bundle") from error
    if len(data) > most:
        raise TkitError(f"{name}: over {most} bytes: tkit did not make this bundle")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TkitError(f"{name}: not UTF-8 ({error.reason} at byte {error.start}): get the bundle again") from error


def strict_json(text: str, where: str) -> Any:
    """Read JSON without duplicate keys, NaN or infinity."""
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise TkitError(f"{where}: not strict JSON ({error}): get the bundle again") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError(f"a duplicate key among {', '.join(name for name, _ in pairs)[:200]}")
    return members


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not a JSON number")


def _fields(value: Any, names: Sequence[str], where: str) -> dict[str, Any]:
    """Return a JSON object that has exactly these fields."""
    if not isinstance(value, dict):
        raise TkitError(f"{where}: not a JSON object but {value!r:.60}: get the bundle again")
    missing = [name for name in names if name not in value]
    unknown = [name for name in value if name not in names]
    if missing or unknown:
        raise TkitError(
            f"{where}: missing fields: {', '.join(missing) or 'none'}; unknown: "
            f"{', '.join(unknown)[:200] or 'none'}: get the bundle again, or the tkit that made it"
        )
    return value


def _typed(value: Any, kind: type, where: str) -> Any:
    # A JSON true is also a Python int.
    if type(value) is not kind:
        raise TkitError(f"{where}: {value!r:.60} is not of type {kind.__name__}: get the bundle again")
    return value


def _integer(value: Any, where: str) -> int:
    if type(value) is not int or abs(value) > EXACT:
        raise TkitError(f"{where}: {value!r:.60} is not a whole number within 2**53: get the bundle again")
    return value


def _number(value: Any, where: str) -> float:
    if type(value) is int:
        return float(_integer(value, where))
    if type(value) is not float or not math.isfinite(value):
        raise TkitError(f"{where}: {value!r:.60} is not a finite number: get the bundle again")
    return value


def _several(value: Any, read: Callable[[Any, str], Any], where: str) -> tuple[Any, ...]:
    return tuple(read(item, where) for item in _typed(value, list, where))


def read_schema(value: Any) -> dict[str, Any]:
    """Return the arguments of :class:`Bundle` in ``schema.json``, and the score of the threshold."""
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
    fields = {name: _typed(schema[name], str, f"schema.json: {name}") for name in texts}
    if fields["vantage"] not in VANTAGES:
        raise TkitError(
            f"schema.json: vantage {fields['vantage']!r:.60}: this tkit knows {', '.join(VANTAGES)}; get the "
            "tkit that made the bundle"
        )
    _check_features(schema["features"], feature_names(fields["vantage"]))
    return fields | {
        "seed": _integer(schema["seed"], "schema.json: seed"),
        "threshold": _integer(threshold["margin"], "schema.json: threshold"),
        "threshold_chosen": _typed(threshold["chosen"], str, "schema.json: threshold"),
        "score": _number(threshold["score"], "schema.json: threshold"),
    }


def described(names: Sequence[str]) -> list[dict[str, object]]:
    """Describe features as ``schema.json`` does."""
    known = {feature.name: feature for feature in FEATURES}
    return [{"name": name, "dtype": known[name].dtype, "absent": known[name].absent} for name in names]


def _check_features(value: Any, names: Sequence[str]) -> None:
    features = [
        _fields(item, ("name", "dtype", "absent"), f"schema.json: feature {number}")
        for number, item in enumerate(_typed(value, list, "schema.json: features"))
    ]
    present = [_typed(item["name"], str, "schema.json: features") for item in features]
    missing, unknown = sorted(set(names) - set(present)), sorted(set(present) - set(names))
    if missing or unknown or features != described(names):
        raise TkitError(
            f"schema.json: features of another schema; missing: {', '.join(missing)[:200] or 'none'}; "
            f"unknown: {', '.join(unknown)[:200] or 'none'}; order, dtype and absent must be those of "
            "tkit.features.schema too: train the model again"
        )


def read_model(value: Any) -> IntegerTrees | IntegerLinear:
    """Return the model in ``model.json``; its own `check` checks the numbers."""
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


class Vectors(NamedTuple):
    """``vectors.jsonl`` as read."""

    matrix: Matrix
    margins: Ints
    scores: Floats
    verdicts: Mask

    @classmethod
    def read(cls, text: str, features: Sequence[str]) -> Vectors:
        """Check the form of the file; its margins and scores are compared after the model is read."""
        lines = text.removesuffix("\n").split("\n")
        if len(lines) > MAX_VECTORS:
            raise TkitError(f"vectors.jsonl: {len(lines)} lines; a bundle contains at most {MAX_VECTORS}")
        rows, margins, scores, verdicts = [], [], [], []
        for number, line in enumerate(lines, start=1):
            where = f"vectors.jsonl, line {number}"
            vector = _fields(strict_json(line, where), ("features", "margin", "score", "verdict"), where)
            values = _fields(vector["features"], features, f"{where}: features")
            rows.append([_number(values[name], f"{where}: {name}") for name in features])
            margins.append(_integer(vector["margin"], f"{where}: margin"))
            scores.append(_number(vector["score"], f"{where}: score"))
            verdicts.append(_typed(vector["verdict"], bool, f"{where}: verdict"))
        wide = np.array(rows, np.float64)
        with np.errstate(over="ignore"):
            matrix = wide.astype(np.float32, order="F")
        if (matrix != wide).any():
            row, column = np.argwhere(matrix != wide)[0]
            raise TkitError(
                f"vectors.jsonl, line {row + 1}: {features[column]} is {wide[row, column]}, which is not a "
                "float32: make the bundle again"
            )
        return cls(matrix, np.array(margins, np.int64), np.array(scores, np.float64), np.array(verdicts, np.bool_))
