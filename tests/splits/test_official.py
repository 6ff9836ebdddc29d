"""Where a row stands in each official split, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from tkit.splits.official import FOLDS, corpora_with_gold, official_splits


def made_rows() -> tuple[pd.DataFrame, list[np.ndarray]]:
    """Twelve components with one gold tracker each (every third before 2024), a member in each, and weak rows.

    Component c has sender c, URL u<c>, tracker host h<c> and template /t<c>. The gold rows of the first four are of corpus a,
    the others of b; the members are of a (those of the first ten) and of c, which has no gold row. The weak rows are of c.
    """
    rows, keys = [], []
    for number in range(12):
        date = "2023-05-01" if number % 3 == 0 else "2024-05-01"
        for source in ("gold", "member"):
            corpus = ("a" if number < 4 else "b") if source == "gold" else ("a" if number < 10 else "c")
            rows.append((f"{source}{number}", "T", source, number, f"s{number}", date, corpus))
            keys.append((f"s{number}.example", f"u{number}-{source}", f"h{number}", f"/t{number}"))
    weak = [
        # touches components 1 (by its sender) and 2 (by its tracker host); 0 (template); none; none, by what is absent
        ("weak-two", "2023-05-01", ("s1.example", "w1", "h2", "")),
        ("weak-template", "2023-05-01", ("new.example", "w2", "hn", "/t0")),
        ("weak-free", "2023-05-01", ("other.example", "w3", "ho", "/to")),
        ("weak-late", "2024-05-01", ("", "w4", "", "")),
    ]
    for name, date, key in weak:
        rows.append((name, "T", "weak", -1, name, date, "c"))
        keys.append(key)
    frame = pd.DataFrame(rows, columns=["message_sha256", "label", "source", "component", "sender_key", "date", "corpus"])
    frame["date"] = pd.to_datetime(frame["date"], utc=True)
    frame = frame.assign(part=0, index=0)
    return frame, [np.array(column, dtype=object) for column in zip(*keys, strict=True)]


@pytest.fixture(scope="module")
def made() -> pd.DataFrame:
    return official_splits(*made_rows()).set_index("message_sha256")


def test_members_stand_where_their_component_is_tested(made: pd.DataFrame) -> None:
    for number in range(12):
        gold, member = made.loc[f"gold{number}"], made.loc[f"member{number}"]
        assert gold["unseen_kit"] == member["unseen_kit"] >= 0
        assert gold["unseen_kit_held"] == member["unseen_kit_held"] == 1 << int(gold["unseen_kit"])
        # Each row has a sender key of its own name's component, the members too.
        assert gold["unseen_sender"] == member["unseen_sender"]
    assert set(made["unseen_kit"]) == {-1, *range(FOLDS)}


def test_weak_rows_are_held_out_wherever_they_share_a_key(made: pd.DataFrame) -> None:
    fold = [int(made.loc[f"gold{number}", "unseen_kit"]) for number in range(12)]
    assert made.loc["weak-two", "unseen_kit_held"] == 1 << fold[1] | 1 << fold[2]
    assert made.loc["weak-template", "unseen_kit_held"] == 1 << fold[0]
    assert made.loc["weak-free", "unseen_kit_held"] == made.loc["weak-late", "unseen_kit_held"] == 0
    assert (made.filter(like="weak", axis=0)["unseen_kit"] == -1).all()


def test_by_time(made: pd.DataFrame) -> None:
    part = made["by_time"]
    for number in range(12):
        early = number % 3 == 0
        assert part[f"gold{number}"] == ("train" if early else "test")
        # A member is never tested, and those of tested components are not trained on.
        assert part[f"member{number}"] == ("train" if early else "")
    assert part[["weak-two", "weak-template", "weak-free", "weak-late"]].tolist() == ["", "train", "train", ""]


def test_corpora(made: pd.DataFrame) -> None:
    rows, _ = made_rows()
    assert corpora_with_gold(rows) == ["a", "b"]
    number_of = {"a": 0, "b": 1, "c": -1}
    assert made["unseen_corpus"].tolist() == rows["corpus"].map(number_of).tolist()
    held = made["unseen_corpus_held"]
    # Bit 0 is corpus a, bit 1 is b: a row is held out of its own corpus's fold and of those that test its component.
    assert held[["gold0", "gold4", "member0", "member4", "member10"]].tolist() == [0b01, 0b10, 0b01, 0b11, 0b10]
    # Weak: components 1 and 2 have gold of a alone, and so has 0; no key is shared with a component otherwise.
    assert held[["weak-two", "weak-template", "weak-free", "weak-late"]].tolist() == [0b01, 0b01, 0, 0]


def test_order_and_types(made: pd.DataFrame) -> None:
    rows, keys = made_rows()
    table = official_splits(rows, keys)
    assert table["message_sha256"].tolist() == rows["message_sha256"].tolist()
    assert {str(table[name].dtype) for name in ("unseen_sender", "unseen_kit")} == {"int8"}
    assert {str(table[name].dtype) for name in ("unseen_corpus", "unseen_corpus_held")} == {"int8", "int16"}
    assert {str(table[name].dtype) for name in ("unseen_sender_held", "unseen_kit_held")} == {"int16"}


def test_sender_that_is_not_known_is_of_its_mail_alone() -> None:
    rows, keys = made_rows()
    rows["sender_key"] = ""
    table = official_splits(rows, keys).set_index("message_sha256")
    assert (table.filter(like="gold", axis=0)["unseen_sender"] >= 0).all()
    assert (table.filter(like="member", axis=0)["unseen_sender"] == -1).all()
    assert (table.filter(like="weak", axis=0)["unseen_sender_held"] == 0).all()
