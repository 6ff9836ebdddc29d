import math

import numpy as np
import pandas as pd
import pytest

from tkit.campaigns import compare
from tkit.errors import TkitError
from tkit.features import KEY, extract
from tkit.labels.sources import Source
from tkit.labels.weak import (
    LabelModel,
    conflicts,
    cross_validated_labels,
    evidence_rows,
    feature_columns,
    source_table,
    sources_using,
    votes,
    weak_labels,
    without_sources,
)
from tkit.mail import Message


def source(name: str, says: str, family: str, column: str) -> Source:
    return Source(name, says, family, (column,), "", lambda rows: rows[column] == 1)  # type: ignore[arg-type]


# Two sources of one family for trackers, one for content, one for spacers.
HAND_MADE = (
    source("first", "T", "token", "a"),
    source("second", "T", "token", "b"),
    source("plain", "C", "name", "c"),
    source("dot", "S", "size", "d"),
)
ROWS = pd.DataFrame(
    [(1, 1, 0, 0), (1, 0, 1, 0), (0, 0, 1, 1), (0, 0, 0, 1), (0, 0, 0, 0)], columns=["a", "b", "c", "d"], index=[7, 3, 5, 1, 9]
)
MODEL = LabelModel({"first": 0.9, "second": 0.8, "plain": 0.75, "dot": 0.95}, HAND_MADE)


def mail(number: int, references: str) -> Message:
    return Message.from_bytes(
        f"From: a@s{number}.example\nTo: r@reader.example\nSubject: {number}\nContent-Type: text/html\n\n{references}".encode()
    )


def test_votes_are_columns_in_the_order_of_the_sources() -> None:
    cast = votes(ROWS, HAND_MADE)
    assert list(cast) == ["first", "second", "plain", "dot"]
    assert cast.index.tolist() == ROWS.index.tolist()
    assert cast.to_numpy().tolist() == (ROWS == 1).to_numpy().tolist()


def test_a_source_sees_only_what_it_declares() -> None:
    sneaky = Source("sneaky", "T", "token", ("a",), "", lambda rows: rows["b"] == 1)
    with pytest.raises(KeyError, match="b"):
        votes(ROWS, [sneaky])


def test_a_missing_column_is_named() -> None:
    with pytest.raises(TkitError, match="source dot needs the columns d"):
        votes(ROWS[["a", "b", "c"]], HAND_MADE)


def test_accuracies_are_smoothed() -> None:
    model = LabelModel.fit(votes(ROWS, HAND_MADE), np.array([True, True, False, True, False]), HAND_MADE)
    # first: 2 of 2 right; second: 1 of 1; plain: 1 of 2; dot: 1 of 2
    assert model.accuracy == {"first": 3 / 4, "second": 2 / 3, "plain": 2 / 4, "dot": 2 / 4}


def test_labels_by_odds() -> None:
    labelled = MODEL.labels(votes(ROWS, HAND_MADE))
    assert labelled["label"].tolist() == ["T", "T", "S", "S", ""]
    # 1: of one family the surer vote only, 0.9; 2: odds 9 for, 3 against; 3: odds 3 and 19 against; 4: 19 against
    assert labelled["confidence"].tolist()[:4] == pytest.approx([0.9, 3 / 4, 57 / 58, 0.95])
    assert math.isnan(labelled["confidence"].iloc[4])
    assert labelled["sources"].tolist() == ["first second", "first", "plain dot", "dot", ""]
    assert labelled["against"].tolist() == ["", "plain", "", "", ""]
    assert labelled.index.tolist() == ROWS.index.tolist()


def test_sources_worse_than_a_coin_have_no_say() -> None:
    model = LabelModel({"first": 0.4, "second": 0.5, "plain": 0.75, "dot": 0.95}, HAND_MADE)
    assert model.labels(votes(ROWS, HAND_MADE))["label"].tolist() == ["", "C", "S", "S", ""]


def test_cross_validated_labels_do_not_know_their_own_component() -> None:
    rows = pd.DataFrame({"a": [1] * 6, "b": 0, "c": 0, "d": 0})
    gold = pd.DataFrame({"label": list("TTTTCC"), "confidence": 3, "component": [0, 0, 1, 1, 2, 2]})
    labelled = cross_validated_labels(votes(rows, HAND_MADE), gold, folds=3, sources=HAND_MADE)
    # of the others, component 2 sees four right votes of four; 0 and 1 see two of four, which is no say
    assert labelled["confidence"].tolist()[4:] == pytest.approx([5 / 6, 5 / 6])
    assert labelled["label"].tolist() == ["", "", "", "", "T", "T"]


def test_the_table_of_sources() -> None:
    rows = pd.concat([ROWS] * 2, ignore_index=True)
    cast = votes(rows, HAND_MADE)
    gold = pd.DataFrame({"label": ["T", "C", "C", "U", "S"], "confidence": [3, 2, 3, 3, 3]})
    table = source_table(cast, gold, np.arange(10) >= 5, HAND_MADE).set_index("source")
    assert table.loc["first", ["coverage", "gold", "wrong", "accuracy"]].tolist() == [0.4, 2, 1, 0.5]
    assert table.loc["first", ["overlap", "conflict"]].tolist() == [0.5, 0.5]
    assert table.loc["dot", ["coverage", "gold", "wrong", "accuracy"]].tolist() == [0.4, 1, 0, 1.0]
    assert table.loc["plain", ["overlap", "conflict"]].tolist() == [0.5, 0.5]
    assert table["uses"].tolist() == ["a", "b", "c", "d"]


def test_conflicts_name_the_two_sources() -> None:
    assert conflicts(votes(ROWS, HAND_MADE), HAND_MADE).to_dict("records") == [
        {"tracker": "first", "negative": "plain", "rows": 1}
    ]


def test_rows_whose_label_came_from_some_sources_only_are_dropped() -> None:
    labels = pd.DataFrame({"sources": ["hidden_token", "hidden_token lone_last_pixel", "lone_last_pixel"]})
    assert without_sources(labels, ["hidden_token"]).index.tolist() == [1, 2]
    assert without_sources(labels, ["hidden_token", "lone_last_pixel"]).empty
    with pytest.raises(TkitError, match="no source named nobody"):
        without_sources(labels, ["nobody"])


def test_sources_by_what_they_use() -> None:
    assert sources_using(["provider_open"]) == ["beacon_of_provider"]
    assert "shared_spacer" in sources_using(["url_mailings"])
    assert sources_using([]) == []
    assert "evidence" not in feature_columns()


def test_the_whole_way_from_mails_to_labels() -> None:
    beacon = "<img src='http://t{0}.example/wf/open?upn=a8f31c{0}' width=1 height=1>"
    photo = "<img src='http://p{0}.example/images/photo.jpg' width=300 height=200 alt='A photo'>"
    messages = [mail(number, beacon.format(number) + photo.format(number)) for number in range(8)]
    features, campaigns = extract(messages), compare(messages)
    rows = evidence_rows(features, campaigns)
    assert len(rows) == 16
    gold = rows[list(KEY)].iloc[:8].assign(label=list("TC") * 4, confidence=3, source="gold", component=range(8))
    labelled = weak_labels(features, campaigns, gold, min_confidence=0.6)
    assert labelled["label"].tolist() == list("TC") * 4
    assert labelled[list(KEY)].to_numpy().tolist() == rows[list(KEY)].iloc[8:].to_numpy().tolist()
    assert labelled["sources"].iloc[0].split()[:2] == ["beacon_of_provider", "hidden_token"]
    assert set(labelled["against"]) == {""}
    assert labelled["confidence"].between(0.6, 1).all()
    assert weak_labels(features, campaigns, gold, min_confidence=1.0).empty


def test_labels_need_gold_and_campaigns_need_every_reference() -> None:
    messages = [mail(number, "<img src='http://a.example/a.gif'>") for number in range(2)]
    features, campaigns = extract(messages), compare(messages)
    none = features[list(KEY)].assign(label="T", confidence=1, source="gold")
    with pytest.raises(TkitError, match="no gold label of confidence 2 or 3"):
        weak_labels(features, campaigns, none)
    with pytest.raises(TkitError, match="1 of 2 references have no row"):
        evidence_rows(features, campaigns.iloc[:1])
    with pytest.raises(TkitError, match="1 rows repeat a reference"):
        evidence_rows(features, pd.concat([campaigns, campaigns.iloc[:1]]))
