"""Both answers on rows made by hand, and the verdicts that they give."""

import numpy as np
from made_labelled import make

from tkit.evaluate import Evaluation
from tkit.labels import INDIVIDUAL, TRACKER
from tkit.study.answers import Answers

# For each row: label, confidence, declared long side, corpus, and what the two questions are answered.
ROWS = [
    ("T", 3, -1, "a", True, True),
    ("T", 2, 1, "b", False, True),
    ("T", 1, 1, "b", True, True),  # a guess: not counted
    ("P", 3, 50, "a", False, True),
    ("P", 3, 49, "a", True, True),
    ("P", 3, -1, "b", False, False),
    ("C", 3, 600, "a", False, False),
    ("C", 2, 600, "a", True, False),  # a tracker, whatever the other question says
    ("C", 3, 600, "b", False, False),
    ("S", 3, 1, "a", False, True),
    ("U", 1, 1, "a", False, True),  # undecided, counted at any confidence
]


def answers() -> Answers:
    label, confidence, side, corpus, *called = map(list, zip(*ROWS, strict=True))
    rows = make("".join(label), confidence=confidence, long_side=[float(px) for px in side], corpus=corpus)
    tracker, individual = (np.array(each, dtype=float) for each in called)
    common = {"name": "by hand", "resamples": 10}
    return Answers(
        Evaluation(rows, tracker, target=TRACKER, **common), Evaluation(rows, individual, target=INDIVIDUAL, **common)
    )


class TestAnswers:
    def test_verdicts(self) -> None:
        assert answers().verdicts().tolist() == [
            *("tracker", "personalised", "tracker"),
            *("personalised", "tracker", "clean"),
            *("clean", "tracker", "clean"),
            *("personalised", "personalised"),
        ]

    def test_counts_by_corpus_and_label(self) -> None:
        table = answers().by_label()
        assert table.columns.tolist() == ["corpus", "label", "rows", "tracker", "personalised", "clean"]
        assert table.to_numpy().tolist() == [
            ["a", "C", 2, 1, 0, 1],
            ["a", "P, no size", 1, 1, 0, 0],
            ["a", "P, visible", 1, 0, 1, 0],
            ["a", "S", 1, 0, 1, 0],
            ["a", "T", 1, 1, 0, 0],
            ["a", "U", 1, 0, 1, 0],
            ["all", "C", 3, 1, 0, 2],
            ["all", "P, no size", 2, 1, 0, 1],
            ["all", "P, visible", 1, 0, 1, 0],
            ["all", "S", 1, 0, 1, 0],
            ["all", "T", 2, 1, 1, 0],
            ["all", "U", 1, 0, 1, 0],
            ["b", "C", 1, 0, 0, 1],
            ["b", "P, no size", 1, 0, 0, 1],
            ["b", "T", 1, 0, 1, 0],
        ]

    def test_a_verdict_that_never_occurs_is_a_column(self) -> None:
        rows = make("TC", corpus="a")
        score = np.array([1.0, 0.0])
        both = Answers(*(Evaluation(rows, score, "by hand", resamples=10, target=each) for each in (TRACKER, INDIVIDUAL)))
        assert both.by_label().set_index(["corpus", "label"])["personalised"].tolist() == [0, 0, 0, 0]
