"""Tests of tkit.compare.require."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.compare.require import FIGURES, Requirement, check
from tkit.errors import TkitError


@pytest.mark.parametrize(
    ("text", "detector", "figure", "operator", "bound"),
    [
        ("fpr<=0.001", "", "fpr", "<=", 0.001),
        (" TPR >= 97 % ".replace(" %", "%"), "", "tpr", ">=", 0.97),
        ("mylist: fpr <= 0.1%", "mylist", "fpr", "<=", 0.001),
        ("rule:1x1: missed<300", "rule:1x1", "missed", "<", 300.0),
        ("a b:false_alarms==0", "a b", "false_alarms", "==", 0.0),
        ("fpr_high<=1e-2", "", "fpr_high", "<=", 0.01),
        ("precision>.5", "", "precision", ">", 0.5),
    ],
)
def test_a_requirement_is_read(text: str, detector: str, figure: str, operator: str, bound: float) -> None:
    assert Requirement.parse(text)[1:] == (detector, figure, operator, bound)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not a requirement"),
        ("fpr", "is not a requirement"),
        ("fpr=0.1", "is not a requirement"),
        ("fpr<=-1", "is not a requirement"),
        ("fpr<=nan", "is not a requirement"),
        ("fpr<=0.1.2", "is not a requirement"),
        ("fpr<=0.1; rm", "is not a requirement"),
        ("auc<=0.1", "no figure 'auc': take one of tpr, "),
        ("fpr<=97", "fpr is a share: give a number from 0 to 1"),
        ("missed<=1%", "missed is a count"),
    ],
)
def test_invalid_requirements_are_refused(text: str, reason: str) -> None:
    with pytest.raises(TkitError, match=reason):
        Requirement.parse(text)


@given(st.text(alphabet="fprtmised_:<>=.0129eE%- ", max_size=24))
def test_any_text_parses_or_raises_a_tkit_error(text: str) -> None:
    try:
        found = Requirement.parse(text)
    except TkitError:
        return
    assert found.figure in FIGURES
    assert found.bound >= 0


def figures(**given: float) -> dict[str, float]:
    return dict.fromkeys(FIGURES, 0.0) | given


def test_failures_are_reported_by_detector() -> None:
    known = {"a": figures(fpr=0.01, missed=3), "b": figures(fpr=0.02, precision=math.nan)}
    failed = check([Requirement.parse("fpr<=1%"), Requirement.parse("a: missed<3"), Requirement.parse("precision>=0")], known)
    assert [str(failure) for failure in failed] == [
        "b: fpr is 2.0000%, required fpr<=1%",
        "a: missed is 3, required a: missed<3",
        "b: precision has no value, required precision>=0",
    ]
    assert check([Requirement.parse("fpr<3%")], known) == []


def test_a_detector_that_is_not_compared_is_refused() -> None:
    with pytest.raises(TkitError, match="no detector 'c': take one of a"):
        check([Requirement.parse("c: fpr<3%")], {"a": figures()})
