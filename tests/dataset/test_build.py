"""The dataset is built from mails, labels and lists: the same bytes in any order and from any archive."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made import tar
from made_shared import (
    LISTS,
    MAILS,
    OTHER,
    PLAIN,
    SENDERS,
    csv,
    label_files,
    letter,
    make_shared,
    sha,
    use_made_registry,
    write_archive,
)

from tkit.dataset import read
from tkit.dataset.build import SURE, build, rebuild
from tkit.dataset.columns import FILES
from tkit.dataset.gather import SALT
from tkit.errors import TkitError

ALL = (*FILES, "dataset.json", "croissant.json", "SHA256SUMS")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A dataset and what it was made of."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_made_registry(monkeypatch)
        shared = make_shared(tmp_path_factory.mktemp("shared"))
        folder = tmp_path_factory.mktemp("made") / "dataset"
        build(shared, folder)
    return shared, folder


@pytest.fixture(autouse=True)
def made_registry(monkeypatch):
    use_made_registry(monkeypatch)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class TestTables:
    def test_references(self, made):
        rows = read(made[1]).references
        assert len(rows) == 2 * (2 * SENDERS + 3)
        ordered = rows.sort_values(["corpus", "date", "message_sha256", "part", "index"], ignore_index=True)
        pd.testing.assert_frame_equal(rows, ordered)
        pixel = rows[(rows["message_sha256"] == sha(letter(1, "anna"))) & (rows["index"] == 1)].iloc[0]
        assert pixel[["carrier", "corpus", "year", "host_domain", "declared_size", "provider"]].tolist() == [
            "img-src",
            "first",
            2024,
            "",  # no registered name
            "1x1",
            "",
        ]
        assert pixel["date"] == pd.Timestamp("2024-03-07", tz="UTC")

    def test_messages(self, made):
        rows = read(made[1]).messages.set_index("message_sha256")
        assert len(rows) == len(MAILS) + len(OTHER)
        plain = rows.loc[sha(PLAIN)]
        assert plain[["corpus", "kind", "wanted", "language", "references"]].tolist() == ["first", "spam", "unwanted", "", 0]
        assert plain["date"] is pd.NaT
        mail = rows.loc[sha(letter(2, "berta"))]
        assert mail[["kind", "wanted", "language", "references"]].tolist() == ["ham", "wanted", "de", 2]
        assert mail["sender_key"] == hashlib.sha256(f"{SALT}shop2.example".encode()).hexdigest()[:16]
        assert rows.loc[sha(OTHER["0.eml"]), "kind"] == "unwanted"

    def test_labels(self, made):
        rows = read(made[1]).labels
        rows = rows[rows["source"] != "weak"]
        assert rows["source"].value_counts().to_dict() == {"gold": SENDERS + SENDERS // 2 + 2, "member": SENDERS}
        assert rows["label"].value_counts().to_dict() == {"T": 2 * SENDERS + 1, "C": SENDERS // 2 + 1}
        assert set(rows["stratum_weight"][~rows["full"]]) == {3.0}
        assert rows["component"].nunique() == SENDERS
        listed = rows[rows["published_made_mail"]]
        # The mail that is labelled as a whole: its clusters are numbered after those of the other label file.
        whole = rows[rows["full"]]
        assert whole[["label", "source", "first", "stratum", "stratum_weight"]].to_numpy().tolist() == [
            ["C", "gold", "C", "all", 1.0],
            ["T", "gold", "T", "all", 1.0],
        ]
        assert whole["second"].fillna("none").tolist() == ["none", "T"]
        assert whole["cluster"].tolist() == [1001, 1000]
        # Two senders' trackers, their gold label and their member; the list for web pages does not count.
        assert len(listed) == 4
        assert (rows["listed"] == rows["published_made_mail"]).all()
        assert rows["published_easyprivacy_full"].sum() == 2

    def test_weak_labels_are_of_the_rest_and_held_out_with_their_sender(self, made):
        dataset = read(made[1])
        weak = dataset.labels["source"] == "weak"
        rows = dataset.labels[weak]
        assert 0 < len(rows) <= 54 - 32
        assert not rows["full"].any()
        assert rows["probability"].between(0.9, 1).all()
        assert (rows["confidence"] == np.where(rows["probability"] >= SURE, 3, 2)).all()
        assert (rows["sources"] != "").all()
        assert rows[["first", "stratum_weight", "listed"]].isna().all().all()
        # Each sender is a component of its own, so a weak row is held out where its sender's is tested.
        fold = dataset.splits[~weak].set_index(dataset.labels["sender_key"][~weak])["unseen_kit"].groupby(level=0).first()
        held = dataset.splits["unseen_kit_held"][weak].tolist()
        assert held == [1 << int(fold[sender]) for sender in rows["sender_key"]]

    def test_copies_are_compared_within_their_corpus(self, made):
        dataset = read(made[1])
        key = ["message_sha256", "part", "index"]
        pd.testing.assert_frame_equal(dataset.campaigns[key], dataset.references[key])
        rows = dataset.campaigns.set_index(["message_sha256", "index"])
        # The same letter of one day by six senders is one mailing of twelve copies, under forged names; counts end at five.
        names = ["copies_known", "recipients_known", "copies_share", "copies_urls_share", "url_messages_known"]
        logo, pixel = (rows.loc[sha(letter(1, "anna"))].loc[number] for number in (0, 1))
        assert logo[names].tolist() == [5, 2, 1, pytest.approx(5 / 11), 2]  # six URLs
        assert pixel[names].tolist() == [5, 2, pytest.approx(2 / 12), 1, 1]  # each sender has another path and parameter
        # Of the year's senders the second corpus holds one, whose other copies are in the first.
        other = rows.loc[sha(OTHER["1.eml"])].loc[1]
        assert other[["copies_known", "copies_share", "own_of_recipient"]].tolist() == [1, -1, -1]

    def test_description(self, made):
        description = read(made[1]).description
        assert description["labels_without_a_reference"] == {"gold": 1, "members": 0}
        assert description["lists"] == [source.name for source in LISTS]
        assert {name: description["labels"][name] for name in ("gold", "member")} == {"gold": 20, "member": 12}
        counts = [description[name] for name in ("messages", "messages_with_references", "references")]
        assert counts == [28, 27, 54]
        assert sorted(description["inputs"]) == [
            "gold/labels.csv",
            "gold/members.csv",
            "gold/wanted.csv",
            "lists/made_mail.txt",
            "lists/made_web.txt",
        ]

    def test_unseen_corpus(self, made):
        dataset = read(made[1])
        assert dataset.tested_corpora == ["first", "second"]
        split = dataset.split("unseen_corpus", "second")
        strong = dataset.labels[dataset.labels["source"] != "weak"]
        assert (split.test == strong["full"]).all()
        # The whole mail is of sender 0, whose rows of the other corpus are not trained on.
        component = strong["component"][split.test].iloc[0]
        assert (split.train == (strong["component"] != component)).all()

    def test_checksums_are_those_of_the_files(self, made):
        found = files(made[1])
        assert sorted(found) == sorted(ALL)
        lines = found["SHA256SUMS"].decode().splitlines()
        assert lines == [f"{sha(found[name])}  {name}" for name in sorted(ALL) if name != "SHA256SUMS"]
        assert json.loads(found["dataset.json"])["sha256"] == {name: sha(found[name]) for name in FILES}


class TestSameBytes:
    def test_from_archives_in_another_order(self, made, tmp_path):
        shared = make_shared(tmp_path / "shared", reverse=True)
        build(shared, tmp_path / "dataset")
        assert files(tmp_path / "dataset") == files(made[1])

    def test_with_mails_that_stand_twice(self, made, tmp_path):
        shared = make_shared(tmp_path / "shared")
        write_archive(shared / "corpora", "second", OTHER | {"again.eml": OTHER["1.eml"]})
        build(shared, tmp_path / "dataset")
        assert files(tmp_path / "dataset") == files(made[1])

    def test_from_the_mails_and_the_published_labels_alone(self, made, tmp_path):
        write_archive(tmp_path / "corpora", "first", MAILS)
        write_archive(tmp_path / "corpora", "second", OTHER)
        rebuild(tmp_path / "corpora", read(made[1]), tmp_path / "dataset")
        assert files(tmp_path / "dataset") == files(made[1])

    def test_what_is_given_is_what_is_read(self, made, tmp_path):
        given = rebuild(made[0] / "corpora", read(made[1]), tmp_path / "dataset")
        for name in ("references", "labels", "messages", "splits", "manipulated", "campaigns"):
            pd.testing.assert_frame_equal(getattr(given, name), getattr(read(tmp_path / "dataset"), name))
        assert given.description == read(tmp_path / "dataset").description

    def test_kind_of_a_mail_filed_under_two_is_of_none(self, made, tmp_path):
        shared = make_shared(tmp_path / "shared")
        write_archive(shared / "corpora", "first", MAILS | {"spam/again": letter(0, "anna")})
        dataset = build(shared, tmp_path / "dataset")
        assert dataset.messages.set_index("message_sha256").loc[sha(letter(0, "anna")), "kind"] == ""


class TestRefusals:
    def test_no_archive(self, tmp_path):
        shared = make_shared(tmp_path / "shared")
        (shared / "corpora" / "second.tar.xz").unlink()
        with pytest.raises(TkitError, match=r"corpora: no second\.tar\.xz: fetch them with `tkit corpus get -o "):
            build(shared, tmp_path / "dataset")
        assert not (tmp_path / "dataset").exists()

    @pytest.mark.parametrize(
        ("mails", "count"),
        [({"0.eml": OTHER["0.eml"]}, 1), (OTHER | {"3.eml": letter(4, "dora")}, 4)],
    )
    def test_other_mails(self, tmp_path, mails, count):
        shared = make_shared(tmp_path / "shared")
        write_archive(shared / "corpora", "second", mails)
        with pytest.raises(TkitError, match=rf"second\.tar\.xz: not the 3 mails in the registry, but {count}"):
            build(shared, tmp_path / "dataset")

    def test_broken_archive_says_why(self, tmp_path):
        shared = make_shared(tmp_path / "shared")
        whole = tar(*OTHER.items(), mode="w:xz")
        (shared / "corpora" / "second.tar.xz").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(TkitError, match=r"truncated or damaged .*: see `tkit corpus verify`"):
            build(shared, tmp_path / "dataset")

    def test_no_label_file(self, tmp_path):
        shared = make_shared(tmp_path / "shared")
        (shared / "gold" / "members.csv").unlink()
        with pytest.raises(TkitError, match=r"members\.csv: no such label file: .*`--labels`"):
            build(shared, tmp_path / "dataset")

    def test_label_that_is_none(self, tmp_path):
        shared = make_shared(tmp_path / "shared")
        gold, _ = label_files()
        gold.loc[2, "label"] = "X"
        (shared / "gold" / "labels.csv").write_text(csv(gold), "utf-8")
        with pytest.raises(TkitError, match=r"labels\.csv: row 4, column label: 'X': give one of T P C S U"):
            build(shared, tmp_path / "dataset")

    def test_labels_without_how_they_were_drawn(self, tmp_path):
        shared = make_shared(tmp_path / "shared")
        gold, _ = label_files()
        (shared / "gold" / "labels.csv").write_text(csv(gold.drop(columns=["path", "stratum_drawn"])), "utf-8")
        with pytest.raises(TkitError, match=r"labels\.csv: row 1: no column path, stratum_drawn: docs/labels\.md"):
            build(shared, tmp_path / "dataset")

    def test_labels_of_another_dataset(self, made, tmp_path):
        published = read(made[1])
        published.labels.loc[3, "index"] = 77
        with pytest.raises(TkitError, match=r"1 labelled references are not found again"):
            rebuild(made[0] / "corpora", published, tmp_path / "dataset")
