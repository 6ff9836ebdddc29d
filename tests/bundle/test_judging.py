"""Tests of tkit.bundle.judging and tkit.bundle.output: verdicts on mails, worked out by hand."""

import pandas as pd
import pytest
from made_bundle import THREE, THREE_VERDICTS, made, url_rows

from tkit.bundle import VERDICTS, explain, judge
from tkit.errors import TkitError


def of_mails(rows: pd.DataFrame, *places: str) -> pd.DataFrame:
    """Return feature rows as references: one place each, mail and URL."""
    mails, urls = zip(*(place.split() for place in places), strict=True)
    return rows.assign(message_sha256=list(mails), resolved_url=list(urls), width=-1.0, height=-1.0)


# By themselves: clean, personalised, tracker.
KINDS = url_rows(path_length=[10, 10, 11], query_length=[3, 4, 3])


def judged(*places: tuple[int, str]) -> list[str]:
    """Return the verdicts on references of kinds 0 to 2."""
    rows = KINDS.iloc[[kind for kind, _ in places]].reset_index(drop=True)
    return list(judge(made(), of_mails(rows, *(place for _, place in places))).verdicts.tolist())


def test_references_to_different_urls_are_judged_by_themselves() -> None:
    assert made().verdicts(KINDS).tolist() == list(VERDICTS) == ["clean", "personalised", "tracker"]
    assert judged((0, "m a"), (1, "m b"), (2, "m c")) == ["clean", "personalised", "tracker"]
    assert judge(made(), of_mails(THREE, "m a", "m b", "m c")).verdicts.tolist() == THREE_VERDICTS


@pytest.mark.parametrize(
    ("kinds", "verdict"),
    [
        ((0, 0), "clean"),
        ((0, 1), "personalised"),
        ((0, 2), "personalised"),  # a person should see it in the first place
        ((1, 1), "personalised"),
        ((1, 2), "personalised"),
        ((2, 2), "tracker"),
        ((2, 0, 2), "personalised"),
    ],
)
def test_one_url_of_a_mail_has_one_verdict(kinds: tuple[int, ...], verdict: str) -> None:
    for order in (kinds, kinds[::-1]):
        assert judged(*((kind, "m a") for kind in order)) == [verdict] * len(kinds)


def test_neither_another_url_nor_another_mail_changes_a_verdict() -> None:
    places = [(0, "m a"), (2, "n a"), (2, "m b"), (2, "m a"), (1, "n a"), (0, "n b")]
    assert judged(*places) == ["personalised", "personalised", "tracker", "personalised", "personalised", "clean"]


def test_no_rows() -> None:
    none = of_mails(KINDS, "m a", "m b", "m c")[:0]
    judged = judge(made(), none)
    assert [values.shape for values in (judged.verdicts, judged.tracker, judged.individual)] == [(0,)] * 3
    assert explain(made(), none, judged.verdicts) == []


def test_features_are_checked() -> None:
    with pytest.raises(TkitError, match="made by hand: rows have no column path_length"):
        judge(made(), of_mails(KINDS, "m a", "m b", "m c").drop(columns="path_length"))


def test_reasons_are_those_of_the_question_that_decided() -> None:
    bundle, rows = made(), of_mails(KINDS, "m a", "m b", "m c").set_axis([7, 8, 9])
    clean, personalised, tracker = explain(bundle, rows, judge(bundle, rows).verdicts)
    # Only the tracker question looks at the path; a query of 3 speaks against a tracker, too.
    assert tracker == ["the path is 11 characters long"]
    assert personalised == ["the query is 4 characters long"]
    assert clean == ["the query is 3 characters long"]


def test_reasons_of_a_url_with_two_places_are_of_its_verdict() -> None:
    bundle, rows = made(), of_mails(KINDS[1:], "m a", "m a")
    verdicts = judge(bundle, rows).verdicts
    assert verdicts.tolist() == ["personalised", "personalised"]
    # In the second place the query speaks against it.
    assert explain(bundle, rows, verdicts) == [["the query is 4 characters long"], []]


def test_margins_are_those_of_each_reference_by_itself() -> None:
    bundle, rows = made(), of_mails(KINDS, "m a", "m b", "m b")
    judged = judge(bundle, rows)
    assert judged.tracker.tolist() == bundle.margins(rows).tolist()
    assert judged.individual.tolist() == bundle.margins(rows, "individual").tolist()


def test_the_deciding_score_is_that_of_the_verdict() -> None:
    bundle, rows = made(), of_mails(KINDS, "m a", "m b", "m c")
    tracker, individual = bundle.scores(rows), bundle.scores(rows, "individual")
    judged = judge(bundle, rows)
    assert judged.deciding_scores(bundle).tolist() == [individual[0], individual[1], tracker[2]]
    last = judged.only(rows["resolved_url"].to_numpy() == "c")
    assert (last.verdicts.tolist(), last.deciding_scores(bundle).tolist()) == (["tracker"], [tracker[2]])
