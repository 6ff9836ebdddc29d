"""The bundle: the exported form of a trained detector, from which every export target is made.

A bundle is a folder of five files and contains no code:

``tracker.json``, ``individual.json``
    The model of each question, in whole numbers. Each tree or linear term adds a whole number of units, 1/65536 of a
    probability (link ``identity``) or of a logit (link ``logistic``); their sum is the margin. While it is
    below 2**24 it is exact in float32, float64 and in any order, so that Python, JavaScript, Lua and ONNX
    agree to the last bit. A tree is five arrays, one entry per node, every child after its parent: a row goes
    to ``left`` if ``x[feature] <= threshold``, else to ``right``; ``feature`` is -1 in a leaf. Thresholds
    are float32 numbers. The ``value`` of an inner node is the mean of its leaves by training weight; only
    the reasons use it.
``schema.json``
    Format and feature version, the features in order, the two thresholds and the origin of the models.
``vectors.jsonl``
    Rows with the margin and score of each question and the verdict, which every implementation must reproduce.
``CARD.md``
    The purpose of the bundle, its training data, its quality and its limits.
"""

from tkit.bundle.bundle import Bundle, Trained, default_bundle
from tkit.bundle.card import CARD_SECTIONS, render_card
from tkit.bundle.integers import MAX_NODES, MAX_SUM, MAX_TREES, TRANSFORM, UNIT, IntegerLinear, IntegerTree, IntegerTrees
from tkit.bundle.judging import Judgement, explain, judge
from tkit.bundle.output import QUESTIONS, VERDICTS, Output, Question, Verdict, Verdicts, verdicts_of
from tkit.bundle.reading import FORMAT, MAX_BYTES, MAX_VECTORS

__all__ = [
    "CARD_SECTIONS",
    "FORMAT",
    "MAX_BYTES",
    "MAX_NODES",
    "MAX_SUM",
    "MAX_TREES",
    "MAX_VECTORS",
    "QUESTIONS",
    "TRANSFORM",
    "UNIT",
    "VERDICTS",
    "Bundle",
    "IntegerLinear",
    "IntegerTree",
    "IntegerTrees",
    "Judgement",
    "Output",
    "Question",
    "Trained",
    "Verdict",
    "Verdicts",
    "default_bundle",
    "explain",
    "judge",
    "render_card",
    "verdicts_of",
]
