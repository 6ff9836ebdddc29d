"""A detector trained on a small mailbox that is made here: ten senders, each with open trackers and pictures of its own."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tkit.bundle import Bundle
from tkit.dataset import Dataset
from tkit.errors import TkitError
from tkit.evaluate import comparison
from tkit.features import KEY
from tkit.mail import Message
from tkit.study.own import OwnMail, read_own, train_own

WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "islet", "junco")
SENDERS = len(WORDS)
"""Each sender has a path of its own, because trackers of one path template are of one component."""

MAILS = 3
"""Mails of each sender: in each an open tracker, two pictures and a personalised picture."""


def mail(sender: int, number: int) -> Message:
    domain = f"shop{sender}.example"
    body = (
        f"<p>Offers of week {number}</p>"
        f"<img src='https://img.{domain}/week{number}/shoes.jpg' width=560 height=300>"
        f"<img src='https://img.{domain}/week{number}/hats.jpg' width=280 height=200>"
        f"<img src='https://img.{domain}/card.png?for=reader{sender}{number}%40example.org' width=300 height=90>"
        f"<img src='https://click.{domain}/{WORDS[sender]}/{WORDS[-sender]}/{_token(sender, number)}.gif' width=1 height=1>"
    )
    head = f"From: news@{domain}\nTo: reader{sender}{number}@example.org\nSubject: Week {number}\n"
    return Message.from_bytes(f"{head}Content-Type: text/html\n\n{body}".encode())


def _token(*parts: int) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def mailbox(senders: int = SENDERS) -> list[Message]:
    return [mail(sender, number) for sender in range(senders) for number in range(MAILS)]


def labels_of(messages: list[Message], labels: str = "CCPT") -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"message_sha256": each.message_sha256, "part": 0, "index": index, "label": label, "confidence": 3}
            for each in messages
            for index, label in enumerate(labels)
        ]
    )


@pytest.fixture(scope="module")
def own() -> OwnMail:
    messages = mailbox()
    return read_own(messages, labels_of(messages))


def small(dataset: Dataset) -> Dataset:
    """Return the dataset with 300 of its gold labels, half of them of trackers, and no copies of them."""
    gold = dataset.labels[(dataset.labels["source"] == "gold") & (dataset.labels["confidence"] == 3)]
    labels = pd.concat([gold[gold["label"] == "T"].head(150), gold[gold["label"] == "C"].head(150)], ignore_index=True)
    return replace(dataset, labels=labels, manipulated=dataset.manipulated.head(0))


class TestReadOwn:
    def test_rows_are_those_of_the_labels(self, own: OwnMail) -> None:
        assert len(own.rows) == SENDERS * MAILS * 4
        assert own.lost == 0
        assert own.rows["label"].value_counts().to_dict() == {"C": 60, "P": 30, "T": 30}
        assert (
            own.rows["host_domain"].nunique() == own.rows["sender_key"].nunique() == own.rows["component"].nunique() == SENDERS
        )
        tracker = own.rows[own.rows["label"] == "T"]
        assert (tracker["tiny"] == 1).all()
        assert (own.rows.loc[own.rows["label"] == "C", "tiny"] == 0).all()

    def test_neither_address_nor_url_nor_sender_is_kept(self, own: OwnMail) -> None:
        texts = own.rows.select_dtypes(exclude="number").astype(str)
        assert not texts.apply(lambda column: column.str.contains("reader|https?:|%40", regex=True)).any(axis=None)
        assert own.rows["sender_key"].str.fullmatch("[0-9a-f]+").all()

    def test_copies_are_of_labelled_rows(self, own: OwnMail) -> None:
        rows, copies = (pd.MultiIndex.from_frame(frame[list(KEY)]) for frame in (own.rows, own.disguised))
        assert len(copies) > 0
        assert copies.isin(rows).all()

    def test_a_label_without_a_mail_and_a_mail_without_a_label(self) -> None:
        messages = mailbox(2)
        labels = labels_of(messages)
        found = read_own(messages[1:], labels[labels["message_sha256"] != messages[-1].message_sha256])
        assert set(found.rows["message_sha256"]) == {each.message_sha256 for each in messages[1:-1]}
        assert found.lost == 4

    def test_no_label_has_a_mail(self) -> None:
        with pytest.raises(TkitError, match="none of the 3 labelled messages is in the mails"):
            read_own(mailbox(1), labels_of([mail(9, number) for number in range(3)]))


class TestTrainOwn:
    def test_a_detector_of_ones_own(self, own: OwnMail, dataset: Dataset, tmp_path: Path) -> None:
        done = train_own(own, dataset=dataset, with_dataset=False, vantage="url", folds=2, date="2025-01-01")
        done.bundle.save(tmp_path / "mine")
        assert Bundle.load(tmp_path / "mine").vantage == "url"
        assert "120 own labels; trained on own labels only" in done.bundle.card
        assert done.known == 0
        # 30 trackers; 60 pictures and 30 that are personalised and of a visible size. Only trackers' URLs end in 32 digits.
        for evaluation in (done.trained, done.built_in):
            rates = evaluation.rates()
            assert (rates.trackers, rates.negatives) == (30, 90)
        assert (done.trained.rates().missed, done.trained.rates().false_alarms) == (0, 0)
        table = comparison([done.trained, done.built_in])  # refuses evaluations of different rows
        assert table["name"].tolist() == ["boosting", "built-in boosting"]
        verdicts = done.bundle.verdicts(own.rows)
        assert (verdicts[(own.rows["label"] == "T").to_numpy()] == "tracker").all()
        assert (verdicts[(own.rows["label"] == "C").to_numpy()] == "clean").all()

    def test_with_the_dataset_own_rows_alone_are_tested(self, own: OwnMail, dataset: Dataset) -> None:
        part = small(dataset)
        done = train_own(own, dataset=part, with_dataset=True, vantage="url", folds=2, date="2025-01-01")
        assert "trained on own labels and the published dataset" in done.bundle.card
        assert set(done.trained.rows["message_sha256"]) == set(own.rows["message_sha256"])
        assert done.trained.rows[[*KEY, "label"]].equals(done.built_in.rows[[*KEY, "label"]])
        assert done.known == 0

    def test_mails_that_the_built_in_detector_knows_are_not_tested(self, own: OwnMail, dataset: Dataset) -> None:
        of_two = own.rows["message_sha256"].unique()[:2]
        named = dataset.messages.head(2).assign(message_sha256=of_two)
        knowing = replace(dataset, messages=pd.concat([dataset.messages, named], ignore_index=True))
        done = train_own(own, dataset=knowing, with_dataset=False, vantage="url", folds=2, date="2025-01-01")
        assert done.known == 8
        assert set(done.trained.rows["message_sha256"]) == set(own.rows["message_sha256"]) - set(of_two)

    def test_one_sender_cannot_be_tested(self, dataset: Dataset) -> None:
        messages = mailbox(1)
        with pytest.raises(TkitError, match="fewer than two groups of senders and trackers: label mails of more"):
            train_own(read_own(messages, labels_of(messages)), dataset=dataset, with_dataset=False, date="2025-01-01")

    def test_no_tracker(self, dataset: Dataset) -> None:
        messages = mailbox(4)
        with pytest.raises(TkitError, match="0 trackers"):
            train_own(read_own(messages, labels_of(messages, "CCCC")), dataset=dataset, with_dataset=False, date="2025-01-01")
