"""Tests of tkit.detectors.rules: each published rule at its edges, on features of written-out HTML."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.detectors.rules import (
    RULES,
    BlockAll,
    BlockNone,
    Declared1x1,
    FairEmail,
    KnownList,
    KnownListOr1x1,
    Nextcloud,
    OwnToken,
    Trocker,
)
from tkit.errors import TkitError
from tkit.features import VANTAGES, extract, feature_names
from tkit.mail import Message

SRC = 'src="http://a.example/x.gif"'


def features_of(html: str) -> pd.DataFrame:
    """Return the feature rows of a mail of one HTML part."""
    return extract([Message.from_bytes(b"Content-Type: text/html\n\n" + html.encode())])


def called(rule: object, html: str) -> bool:
    """Return whether a rule calls the first reference of an HTML text."""
    return bool(rule.scores(features_of(html))[0])


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("width=1 height=1", True),
        ("width=0 height=1px", True),
        ('style="width:1px;height:0"', True),
        ('width=1 style="height:1px"', True),
        ('width=600 height=400 style="max-width:1px;max-height:1px"', True),
        ("width=1", False),
        ("width=1 height=2", False),
        ("width=1 height=100%", False),
        ("", False),
    ],
)
def test_declared_1x1_needs_both_sides_from_attribute_or_style(attributes: str, expected: bool) -> None:
    assert called(Declared1x1(), f"<img {SRC} {attributes}>") is expected


def test_declared_1x1_takes_its_side_as_parameter() -> None:
    html = f"<img {SRC} width=2 height=2>"
    assert not called(Declared1x1(), html)
    assert called(Declared1x1(largest_side=2), html)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("width=4 height=4", True),
        ("width=0 height=4", True),
        ("width=5 height=1", False),
        ("width=1 height=5", False),
        ("width=1", False),
        ('style="width:1px;height:1px"', False),
        ('width=1 height=1 style="width:90px;height:90px"', True),
    ],
)
def test_nextcloud_reads_both_attributes_and_no_style(attributes: str, expected: bool) -> None:
    assert called(Nextcloud(), f"<img {SRC} {attributes}>") is expected


def test_nextcloud_takes_its_limit_as_parameter() -> None:
    assert called(Nextcloud(below=6), f"<img {SRC} width=5 height=5>")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("width=5 height=5", True),
        ("width=25 height=1", True),
        ("width=26 height=1", False),
        ("width=5 height=0", True),  # 5 x 5
        ("width=0 height=6", False),  # 6 x 6
        ("width=0 height=0", True),
        ("width=1", False),
        ('style="width:1px;height:1px"', False),
        ('style="max-width:1px"', True),
        ('width=90 height=90 style="max-height:0"', True),
        ('style="max-height:2px"', False),
    ],
)
def test_fairemail_takes_area_by_attributes_or_a_maximum(attributes: str, expected: bool) -> None:
    assert called(FairEmail(), f"<img {SRC} {attributes}>") is expected


def test_fairemail_spares_hosts_that_show_pictures() -> None:
    pixel = f"<img {SRC} width=1 height=1>"
    picture = '<img src="http://a.example/logo.png" width=90 height=40>'
    elsewhere = '<img src="http://b.example/logo.png" width=90 height=40>'
    assert not called(FairEmail(), pixel + picture)
    assert called(FairEmail(), pixel + elsewhere)
    assert called(FairEmail(spare_hosts=False), pixel + picture)


def test_fairemail_takes_its_sizes_as_parameters() -> None:
    assert not called(FairEmail(largest_area=24), f"<img {SRC} width=5 height=5>")
    assert called(FairEmail(largest_maximum=2), f'<img {SRC} style="max-width:2px">')


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (f"<img {SRC} width=3 height=1>", True),
        (f"<img {SRC} width=2 height=2>", False),
        (f"<img {SRC} width=3>", True),
        (f"<img {SRC} height=4>", False),
        (f"<img {SRC} width=600 height=0>", True),  # an area of 0
        (f'<img {SRC} width=90 height=90 style="display:none">', True),
        (f"<img {SRC} width=90 height=90>", False),
        ('<img src="http://a.example/track/7" width=90 height=90>', True),
        ('<img src="http://a.example/x?event=open">', True),
        ('<img src="http://track.example/x.gif">', False),  # the host is no path
        (f"<img {SRC} width=1 height=1>" * 4, True),
        (f"<img {SRC} width=1 height=1>" * 5, False),
    ],
)
def test_trocker_takes_tiny_or_suspicious_but_not_repeated(html: str, expected: bool) -> None:
    assert called(Trocker(), html) is expected


def test_trocker_takes_its_constants_as_parameters() -> None:
    assert called(Trocker(largest_area=4), f"<img {SRC} width=2 height=2>")
    assert called(Trocker(largest_side=4), f"<img {SRC} height=4>")
    assert not called(Trocker(spared_repeats=2), f"<img {SRC} width=1 height=1>" * 2)


@pytest.mark.parametrize("rule", [Declared1x1(), Nextcloud(), FairEmail(), Trocker()])
def test_size_rules_judge_pictures_alone(rule: object) -> None:
    assert not called(rule, '<table background="http://a.example/track/x.gif" width=1 height=1>')


def test_known_list_and_missive_read_what_is_listed() -> None:
    rows = features_of(f"<img {SRC} width=1 height=1><img {SRC}><img {SRC}>").assign(listed=[False, True, False])
    assert KnownList().scores(rows).tolist() == [0.0, 1.0, 0.0]
    assert KnownListOr1x1().scores(rows).tolist() == [1.0, 1.0, 0.0]
    assert KnownListOr1x1(largest_side=0).scores(rows).tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("rule", [KnownList(), KnownListOr1x1()])
@pytest.mark.parametrize("extra", [{}, {"listed": [1.0]}, {"listed": ["no"]}])
def test_known_list_needs_a_bool_column(rule: KnownList | KnownListOr1x1, extra: dict[str, object]) -> None:
    with pytest.raises(TkitError, match=rf"{rule.name}: rows have no bool column 'listed': add .*verdicts"):
        rule.scores(features_of(f"<img {SRC}>").assign(**extra))


def test_own_token_is_what_copies_show() -> None:
    rows = pd.DataFrame({"own_of_recipient": [-1, 0, 1, 0], "own_of_copy": [-1, 0, 0, 1]}, dtype=np.float32)
    assert OwnToken().scores(rows).tolist() == [0.0, 0.0, 1.0, 1.0]
    with pytest.raises(TkitError, match=r"own token in copies: rows have no column own_of_recipient.*tkit\.features\.campaign"):
        OwnToken().scores(features_of(f"<img {SRC}>"))


def test_bounds_of_every_table() -> None:
    rows = features_of(f"<img {SRC}>" * 2)
    assert BlockAll().scores(rows).tolist() == [1.0, 1.0]
    assert BlockNone().scores(rows).tolist() == [0.0, 0.0]


def test_rules_are_detectors_of_the_features_that_their_vantage_point_has() -> None:
    assert [rule.name for rule in RULES] == [
        "block none",
        "declared 1x1",
        "Nextcloud Mail",
        "FairEmail",
        "Trocker heuristic",
        "rspamd tiny external",
        "SnappyMail sizes",
        "known lists",
        "known lists or 1x1",
        "own token in copies",
        "block all",
    ]
    for rule in RULES:
        seen = VANTAGES.index(rule.vantage)
        read = set(rule.columns) - {"listed"}
        assert read <= set(feature_names(rule.vantage))
        # The lowest point that can compute it.
        assert not seen or not read <= set(feature_names(VANTAGES[seen - 1]))


READ = sorted({name for rule in RULES for name in rule.columns} - {"listed"})
VALUES = st.floats(-1, 1e6, width=32) | st.sampled_from([-1.0, 0.0, 1.0, 3.0, 5.0, 25.0])


@given(st.lists(st.lists(VALUES, min_size=len(READ), max_size=len(READ)), max_size=6))
def test_rules_give_one_verdict_a_row_whatever_the_features(table: list[list[float]]) -> None:
    rows = pd.DataFrame(np.array(table, np.float32).reshape(-1, len(READ)), columns=READ)
    rows["listed"] = rows["width"] > 1
    for rule in RULES:
        scores = rule.scores(rows)
        assert scores.dtype == np.float64
        assert scores.shape == (len(rows),)
        assert set(scores) <= {0.0, 1.0}
    # Its size is part of the other rule.
    assert (Declared1x1().scores(rows) <= KnownListOr1x1().scores(rows)).all()
    assert (FairEmail().scores(rows) <= FairEmail(spare_hosts=False).scores(rows)).all()


def test_missing_column_is_named() -> None:
    with pytest.raises(TkitError, match=r"Nextcloud Mail: rows have no column attr_width.*tkit\.features"):
        Nextcloud().scores(features_of(f"<img {SRC}>").drop(columns="attr_width"))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_number_that_is_not_finite_is_refused(value: float) -> None:
    rows = features_of(f"<img {SRC}>" * 3)
    rows.loc[2, "attr_height"] = value
    with pytest.raises(TkitError, match=r"Nextcloud Mail: attr_height is -?(nan|inf) in row 2"):
        Nextcloud().scores(rows)
