import sys

import numpy as np
import pandas as pd
import pytest

from tkit.errors import TkitError
from tkit.features import FEATURES
from tkit.study.noise import audit_labels, suspects

pytest.importorskip("cleanlab", reason="needs cleanlab: pip install 'tkit[labels]'")


def rows(count: int) -> pd.DataFrame:
    tracker = np.arange(count) % 2 == 0
    frame = pd.DataFrame({feature.name: np.zeros(count, np.float32) for feature in FEATURES})
    frame["tiny"] = tracker.astype(np.float32)
    return frame.assign(
        message_sha256=[f"{number:064x}" for number in range(count)],
        part=0,
        index=0,
        label=np.where(tracker, "T", "C"),
        confidence=3,
        source="gold",
        component=np.arange(count) // 4,
    )


def test_a_planted_error_comes_first() -> None:
    planted = rows(400)
    planted.loc[10, "label"] = "C"
    planted.loc[11, "label"] = "T"
    found = audit_labels(planted, folds=4)
    assert len(found) == 400
    assert set(found["message_sha256"][:2]) == {f"{number:064x}" for number in (10, 11)}
    assert found["issue"].sum() == found["issue"][:2].sum() == 2
    assert found["quality"].is_monotonic_increasing
    assert (found["quality"][:2] < 0.1).all()


def test_only_gold_labels_of_the_headline_classes_are_judged() -> None:
    frame = rows(8)
    frame["label"] = list("TCSPUTCT")
    frame["source"] = ["gold"] * 6 + ["member", "gold"]
    score = np.array([0.9, 0.2, 0.1, 0.5, 0.5, 0.3, 0.1, np.nan])
    found = suspects(frame, score)
    assert found["quality"].tolist() == pytest.approx([0.3, 0.8, 0.9, 0.9])
    assert found["label"].tolist() == ["T", "C", "T", "S"]


def test_one_class_alone_has_no_noise() -> None:
    with pytest.raises(TkitError, match="give rows labelled T and rows labelled C or S"):
        suspects(rows(4).assign(label="T"), np.full(4, 0.5))


def test_without_cleanlab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cleanlab.filter", None)
    with pytest.raises(TkitError, match=r"needs cleanlab: pip install 'tkit\[labels\]'"):
        audit_labels(rows(8))
