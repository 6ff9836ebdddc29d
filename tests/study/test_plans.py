import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tkit.splits.folds import require_whole_groups
from tkit.study import Plan, last_years, sent_from, unseen_corpus, unseen_kit, unseen_provider, unseen_sender
from tkit.study.plans import random_rows

YEARS = pd.Series(["2022-06-01", "2023-06-01", "2024-06-01"], dtype="datetime64[ms, UTC]")


def rows_of(kits: list[int], members: list[bool], seed: int) -> pd.DataFrame:
    """Rows with the given components; each sender belongs to one component, each mail to one sender."""
    random = np.random.default_rng(seed)
    count = len(kits)
    component = np.array(kits)
    sender = component * 3 + random.integers(3, size=count)
    return pd.DataFrame(
        {
            "message_sha256": [f"{mail:064x}" for mail in sender * 5 + random.integers(5, size=count)],
            "part": 0,
            "index": np.arange(count),
            "label": random.choice(list("TC"), size=count),
            "confidence": 3,
            "source": np.where(members, "member", "gold"),
            "component": component,
            "sender_key": [f"{number}" if number % 4 else "" for number in sender],
            "date": YEARS.iloc[random.integers(3, size=count)].to_numpy(),
            "corpus": random.choice(["a", "b"], size=count),
            "provider": random.choice(["", "Mailchimp", "SendGrid"], size=count),
        }
    ).assign(date=lambda rows: rows["date"].astype("datetime64[ms, UTC]"))


def grouped(rows: pd.DataFrame) -> list[Plan]:
    plans = [unseen_kit(rows, 3, 0), unseen_sender(rows, 3, 0), sent_from(rows, "2024-01-01"), *unseen_provider(rows)]
    return [*plans, *unseen_corpus(rows)]


@settings(max_examples=15)
@given(st.integers(0, 1 << 30))
def test_nothing_that_a_plan_claims_to_be_new_stands_on_both_sides(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = rows_of(random.integers(40, size=200).tolist(), (random.random(200) < 0.3).tolist(), seed)
    for plan in grouped(rows):
        for split in plan.splits:
            require_whole_groups(split, plan.groups)
            assert not (split.train & split.test).any()
            assert (rows["source"][split.test] == "gold").all()
    for split in sent_from(rows, "2024-01-01").splits:
        assert rows["date"][split.train].max() < rows["date"][split.test].min()
    for plan in unseen_provider(rows):
        assert np.sum([split.test for split in plan.splits], axis=0).max() == 1
        for split in plan.splits:
            provider = split.name.removeprefix("provider = ")
            assert not (rows["provider"][split.train] == provider).any()
            mails = set(rows["message_sha256"][rows["provider"] == provider])
            assert not mails & set(rows["message_sha256"][split.train])
            assert set(rows["message_sha256"][split.test]) <= mails
    for plan in unseen_corpus(rows):
        (split,) = plan.splits
        assert set(rows["corpus"][split.test]) == {plan.name.removeprefix("unseen corpus = ")}
        assert not (rows["corpus"][split.train] == plan.name.removeprefix("unseen corpus = ")).any()


def test_a_corpus_without_both_classes_is_not_tested() -> None:
    rows = rows_of(list(range(6)), [False] * 6, 0).assign(label=list("TCTCCC"), corpus=list("aabbcc"))
    assert [plan.name for plan in unseen_corpus(rows)] == ["unseen corpus = a", "unseen corpus = b"]
    assert list(unseen_corpus(rows.assign(corpus="a"))) == []  # nothing would be left to learn from


def test_folds_test_every_gold_row_once() -> None:
    rows = rows_of(list(range(30)) * 4, [False] * 100 + [True] * 20, 1)
    for plan in (unseen_kit(rows, 5, 0), unseen_sender(rows, 5, 0), random_rows(rows, 5, 0)):
        assert np.sum([split.test for split in plan.splits], axis=0).tolist() == [1] * 100 + [0] * 20
        assert (plan.tested(rows) == (rows["source"] == "gold")).all()


def test_random_rows_leave_copies_on_both_sides() -> None:
    rows = rows_of([0, 1] * 40, [False] * 80, 2)
    plan = random_rows(rows, 4, 0)
    assert "flatters" in plan.claim
    assert set(rows["component"][plan.splits[0].train]) & set(rows["component"][plan.splits[0].test])


def test_mails_without_sender_are_senders_of_their_own() -> None:
    rows = rows_of([0] * 40, [False] * 40, 3).assign(sender_key="")
    assert unseen_sender(rows, 4, 0).groups.equals(rows["message_sha256"])


def test_providers_with_few_labels_and_data_without_providers_are_left_out() -> None:
    rows = rows_of(list(range(40)) * 5, [False] * 200, 4)
    (plan,) = unseen_provider(rows)
    assert plan.name == "unseen provider, one of 2"
    assert [split.name for split in plan.splits] == ["provider = Mailchimp", "provider = SendGrid"]
    rare = rows.assign(provider=["Mailchimp", *[""] * 199])
    assert list(unseen_provider(rare)) == []
    assert list(unseen_provider(rows.drop(columns="provider"))) == []


@pytest.mark.parametrize(
    ("trackers", "expected"),
    [
        # 30 of both kinds are enough, 29 trackers are not; the first year that is enough has nothing before it to train on.
        ({2022: 30, 2023: 30, 2024: 30}, ["2023-01-01", "2024-01-01"]),
        ({2022: 30, 2023: 29, 2024: 30}, ["2024-01-01"]),
        ({2022: 30}, []),
        ({2021: 30, 2022: 30, 2023: 30, 2024: 30}, ["2023-01-01", "2024-01-01"]),
    ],
)
def test_the_last_years_that_hold_enough(trackers: dict[int, int], expected: list[str]) -> None:
    years = [year for year, count in trackers.items() for _ in range(count + 30)]
    labels = [label for count in trackers.values() for label in "T" * count + "C" * 30]
    rows = rows_of([0] * len(years), [False] * len(years), 0).assign(label=labels)
    rows["date"] = pd.to_datetime([f"{year}-03-01" for year in years], utc=True)
    assert last_years(rows) == expected
