"""The generated part of the JavaScript module: schema, models, vocabulary, services and public suffixes.

Every list comes from the Python module that tkit itself uses, so that none is typed twice.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise, takewhile

import numpy as np
from publicsuffixlist import PublicSuffixList

from tkit.bundle import QUESTIONS, Bundle, IntegerLinear, IntegerTree, IntegerTrees
from tkit.features import FEATURE_VERSION, FEATURES, require_one_mail, vocabulary
from tkit.features import message as columns
from tkit.html.carriers import CARRIERS, COMMENT_ATTRIBUTES, COMMENT_HINTS, DOCUMENTS, PRELOADED, SHEETS, of_kind
from tkit.mail import message
from tkit.url import services, stores, wrapping

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
"""The base-64 digits in which trees are written."""

_HALF = 32  # an inner node begins with a digit below this
_MEANS = 63
_WHOLE_UNITS = ("flag", "count", "characters")
_WORTHWHILE = 8  # the least number of occurrences of a pair that is worth an entry


def data_section(bundle: Bundle, means: bool) -> str:
    """Return the JavaScript constants that the hand-written modules import from ``data.js``."""
    require_one_mail(bundle.vantage, "the JavaScript export")
    schema = {
        "name": bundle.name,
        "vantage": bundle.vantage,
        "featureVersion": FEATURE_VERSION,
        "tkitVersion": bundle.tkit_version,
        "date": bundle.date,
        "trainingSha256": bundle.training_sha256,
        "thresholds": {question: bundle.output(question).threshold for question in QUESTIONS},
        "features": bundle.features,
    }
    constants = {
        "SCHEMA": json.dumps(schema, indent=1),
        "FEATURES": "SCHEMA.features",
        "WORDS": _json(vocabulary.WORDS),
        "MOST_WORDS": str(vocabulary.MOST),
        "HOST_WORDS": _json({"track": vocabulary.HOST_TRACK.pattern, "picture": vocabulary.HOST_PICTURE.pattern}),
        "SIZE_NAMES": _set(vocabulary.SIZE_NAMES.split()),
        "STORES": _set(stores.STORES),
        "REGIONAL_STORE": f"/{stores.REGIONAL_S3.pattern}/",
        "EXTENSIONS": _object(
            {
                "scripts": _json(vocabulary.SCRIPTS),
                "photos": _set(vocabulary.PHOTOS),
                "pictures": _set(vocabulary.PICTURES),
                "sheets": _set(vocabulary.SHEETS),
            }
        ),
        "SERVICES": _json(services.known()._asdict()),
        "CARRIERS": _json([[row.name, row.tags, row.attributes, row.value, row.when, row.language] for row in CARRIERS]),
        "DOCUMENTS": _set(sorted(DOCUMENTS)),
        "SHEETS": _set(sorted(SHEETS)),
        "PRELOADED": _set(sorted(PRELOADED)),
        "COMMENT_HINTS": _json(COMMENT_HINTS),
        "COMMENT_ATTRIBUTES": _json(list(COMMENT_ATTRIBUTES)),
        "CARRIER_FEATURES": _object({kind: _set(sorted(of_kind(kind))) for kind in ("picture", "background", "css", "sheet")}),
        "HEADERS": _json(
            {
                "recipients": message.RECIPIENT_HEADERS,
                "bulk": columns.BULK_HEADERS,
                "service": columns.SERVICE_HEADERS.pattern,
            }
        ),
        "QUERY_WRAPPERS": _json(wrapping.QUERY_WRAPPERS),
        "WRAPPING_DOMAINS": _set(wrapping.WRAPPING_DOMAINS),
        "SUFFIXES": _json(packed_suffixes(suffixes())),
        "MODELS": _json(
            {question: encoded_model(bundle.output(question).model, bundle.features, means) for question in QUESTIONS}
        ).replace('","', '",\n"'),
    }
    return "".join(f"export const {name} = {value};\n" for name, value in constants.items())


def suffixes() -> dict[str, list[str]]:
    """Return the rules of two or more labels of the list's ICANN section: what follows the first dot -> first labels.

    A rule of one label only says what is true of any last label. Rules in Unicode are left out, because the list has the same
    rule in ASCII, which is how browsers write hosts.
    """
    rules: dict[str, list[str]] = {}
    for rule in sorted(PublicSuffixList(only_icann=True)._publicsuffix):
        name, dot, parent = rule.partition(".")
        if dot and rule.isascii():
            rules.setdefault(parent, []).append(name)
    return rules


def packed_suffixes(rules: Mapping[str, Sequence[str]]) -> tuple[list[str], str]:
    """Write the rules in half the space; ``unpackedRules`` in url.js reads them.

    A line has a parent and its labels in order. Each label follows a capital letter, which is the number of characters that it
    shares with the beginning of the label before (``A`` is 0). Then the commonest pair of characters is replaced by a character
    that does not occur, and so on. The pairs are returned in the order of replacement, each after its character.
    """
    lines = []
    for parent, labels in rules.items():
        before = ""
        line = parent
        for label in labels:
            shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, label, strict=False)))
            line += chr(ord("A") + shared) + label[shared:]
            before = label
        lines.append(line)
    text = "\n".join(lines)
    signs = [chr(code) for code in range(33, 127) if chr(code) not in text and chr(code) not in '"\\']
    pairs = []
    for sign in signs:
        counts = Counter(map("".join, pairwise(text)))
        pair = max((pair for pair in counts if "\n" not in pair), key=lambda pair: (counts[pair], pair), default="")
        if counts[pair] < _WORTHWHILE:
            break
        text = text.replace(pair, sign)
        pairs.append(sign + pair)
    return pairs, text


def encoded_model(model: IntegerTrees | IntegerLinear, features: Sequence[str], means: bool) -> dict[str, object]:
    """Return a model as ``model.js`` reads it; see ``Trees`` there for the trees.

    Thresholds of whole-number features (flags, counts, characters) are written as whole numbers. This takes a third of the
    space and does not change the decision on any row that tkit computes.

    Parameters
    ----------
    model : IntegerTrees or IntegerLinear
    features : sequence of str
        The names of the model's columns.
    means : bool
        Whether to write the means of inner nodes, to 1/63 of the way between their children: one digit per node, which only
        ``contributions`` needs.
    """
    if not isinstance(model, IntegerTrees):
        return {name: value for name, value in model.to_json().items() if name not in ("unit", "transform")}
    whole = {feature.name for feature in FEATURES if feature.unit in _WHOLE_UNITS}
    is_whole = [name in whole for name in features]
    splits: dict[int, set[float]] = {}
    leaves: list[int] = []
    for tree in model.trees:
        for feature, threshold, value in zip(tree.feature, tree.threshold, tree.value, strict=True):
            if feature < 0:
                leaves.append(value)
            else:
                splits.setdefault(feature, set()).add(_shortest(threshold, is_whole[feature]))
    ordered = {feature: sorted(splits[feature]) for feature in sorted(splits)}
    number = {pair: at for at, pair in enumerate((f, threshold) for f, many in ordered.items() for threshold in many)}
    least = min(leaves)
    split_digits, leaf_digits = _width(len(number)), _width(max(leaves) - least + 1)
    return {
        "kind": "trees",
        "link": model.link,
        "intercept": model.intercept,
        "least": least,
        "splitDigits": split_digits,
        "leafDigits": leaf_digits,
        "meanDigits": int(means),
        "splits": [ordered.get(feature, []) for feature in range(len(features))],
        "trees": [
            _tree(
                tree,
                lambda feature, threshold: _digits(number[feature, _shortest(threshold, is_whole[feature])], split_digits),
                lambda value: _digits(value - least + _HALF * 64 ** (leaf_digits - 1), leaf_digits),
                means,
            )
            for tree in model.trees
        ],
    }


def _tree(tree: IntegerTree, split: Callable[[int, float], str], leaf: Callable[[int], str], means: bool) -> str:
    """Write a tree from its root, left before right."""
    written = []
    waiting = [0]
    while waiting:
        node = waiting.pop()
        if tree.feature[node] < 0:
            written.append(leaf(tree.value[node]))
            continue
        left, right = tree.left[node], tree.right[node]
        written.append(split(tree.feature[node], tree.threshold[node]))
        if means:
            low, high = tree.value[left], tree.value[right]
            written.append(DIGITS[round(_MEANS * (tree.value[node] - low) / (high - low)) if high != low else 0])
        waiting += (right, left)
    return "".join(written)


def _width(count: int) -> int:
    """Return the number of digits that distinguish `count` values if the first digit has only half of its values."""
    width = 1
    while _HALF * 64 ** (width - 1) < count:
        width += 1
    return width


def _digits(value: int, width: int) -> str:
    return "".join(DIGITS[value >> 6 * digit & 63] for digit in reversed(range(width)))


def _shortest(threshold: float, is_whole: bool) -> float:
    """Return the shortest number that decides alike: the same float32, or a whole number for whole-number features."""
    return math.floor(threshold) if is_whole else float(str(np.float32(threshold)))


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _set(values: Iterable[str]) -> str:
    return f"new Set({_json(sorted(values))})"


def _map(values: Mapping[str, str]) -> str:
    return f"new Map({_json(list(values.items()))})"


def _object(fields: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in fields.items()) + "}"
