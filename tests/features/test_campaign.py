"""The vantage point campaign: its numbers worked out by hand, and what cannot have it."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from paths import ROOT

from tkit.annotate import Labeller
from tkit.bundle import Bundle, IntegerTree, IntegerTrees, Output, default_bundle, judge
from tkit.campaigns import compare, extract_with_copies
from tkit.campaigns.mailings import COLUMNS
from tkit.cli import main
from tkit.dataset import Dataset, read
from tkit.detectors.models import BoostingModel
from tkit.errors import TkitError
from tkit.export import export
from tkit.features import KEY, extract, feature_names
from tkit.features.campaign import CAMPAIGN_FEATURES, MOST, campaign_features, own_in_each_copy, with_campaigns
from tkit.mail import Message
from tkit.manipulate.mailings import COUNTS
from tkit.scrubbing import scrub
from tkit.verdicts import audit, scan

TEXT = " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrstuvwx")
READERS = ("anna", "berta", "cem")


def letter(reader: str) -> bytes:
    """A copy of one mailing: a logo that all have, and a pixel with a token of the reader's own."""
    return (
        f"From: shop@a.example\nTo: {reader}@b.example\nMessage-ID: <{reader}>\nContent-Type: text/html\n\n"
        f"<p>{TEXT}<img src='http://a.example/logo.gif'><img src='http://a.example/open?u=7{reader}31'>"
    ).encode()


MESSAGES = [Message.from_bytes(letter(reader)) for reader in READERS]


def compared(**columns: object) -> pd.DataFrame:
    """One row of the table of `compare`: a reference that two of four copies to three recipients have."""
    row = dict.fromkeys(COLUMNS, 0) | {
        "message_sha256": "a" * 64,
        "copies": 4,
        "recipients": 3,
        "present": 2,
        "values": 2,
        "tokens": 1,
        "token_length": 12,
        "mailings": 1,
        "url_messages": 1,
        "url_recipients": 1,
        "url_mailings": 1,
        "evidence": "recipient",
    }
    return pd.DataFrame([row | columns]).astype(dict(COLUMNS))


def features(**columns: object) -> dict[str, float]:
    (row,) = campaign_features(compared(**columns))[list(CAMPAIGN_FEATURES)].to_dict("records")
    return row


@cache
def bundle() -> Bundle:
    """A tracker is what is own of the recipient."""
    names = feature_names("campaign")
    tree = IntegerTree((names.index("own_of_recipient"), -1, -1), (0.5, 0.0, 0.0), (1, -1, -1), (2, -1, -1), (0, -65536, 65536))
    output = Output(IntegerTrees("logistic", 0, (tree,)), 0, "by hand")
    card = default_bundle("url").card
    replay = np.zeros((2, len(names)), np.float32, order="F")
    return Bundle("hand", "campaign", output, output, "0" * 64, 0, "2026-01-01", card, replay)


class TestFeatures:
    def test_a_token_of_each_recipient(self) -> None:
        assert features() == {
            "copies_known": 4,
            "recipients_known": 3,
            "copies_share": 0.5,
            "copies_urls_share": 1,  # two copies have it, each its own URL
            "copies_tokens": 1,
            "copies_token_length": 12,
            "own_of_recipient": 1,
            "own_of_copy": 0,
            "own_of_mailing": -1,  # no other mailing of the sender has it
            "url_messages_known": 1,
            "url_recipients_known": 1,
            "url_mailings_known": 1,
        }

    def test_no_other_copy_is_told_from_copies_that_agree(self) -> None:
        alone = features(copies=1, recipients=1, present=1, values=1, tokens=0, token_length=0, evidence="none")
        names = ("copies_share", "copies_urls_share", "copies_tokens", "copies_token_length", "own_of_recipient", "own_of_copy")
        assert {alone[name] for name in names} == {-1}
        agreed = features(present=4, values=1, tokens=0, token_length=0, evidence="identical")
        assert [agreed[name] for name in names] == [1, 0, 0, 0, 0, 0]

    def test_copies_that_do_not_have_it(self) -> None:
        values = features(present=1, values=1, tokens=0, token_length=0, evidence="alone")
        assert (values["copies_share"], values["copies_urls_share"], values["own_of_copy"]) == (0.25, -1, -1)

    def test_what_could_not_be_aligned_is_not_known(self) -> None:
        values = features(present=0, values=0, tokens=0, token_length=0, evidence="none")
        assert (values["copies_known"], values["copies_share"], values["copies_urls_share"]) == (4, -1, -1)

    def test_urls_are_counted_between_one_and_one_each(self) -> None:
        # Five copies have it with three URLs: two of the four that could differ from the first do.
        assert features(copies=5, present=5, values=3, evidence="variant")["copies_urls_share"] == 0.5

    def test_other_mailings_of_the_sender(self) -> None:
        assert features(mailings=2, evidence="mailing")["own_of_mailing"] == 1
        assert features(mailings=2, evidence="identical")["own_of_mailing"] == 0

    def test_counts_end(self) -> None:
        names = ("copies", "recipients", "url_messages", "url_recipients", "url_mailings")
        values = features(**dict.fromkeys(names, 1000))
        assert {values[name] for name in CAMPAIGN_FEATURES if name.endswith("_known")} == {MOST}

    def test_types_and_order_are_those_of_the_schema(self) -> None:
        table = campaign_features(compare(MESSAGES))
        assert list(table) == [*KEY, *CAMPAIGN_FEATURES]
        assert set(table[list(CAMPAIGN_FEATURES)].dtypes.astype(str)) == {"float32"}
        assert np.isfinite(table[list(CAMPAIGN_FEATURES)].to_numpy()).all()
        assert table["own_of_recipient"].tolist() == [0, 1] * 3

    def test_nothing_compared(self) -> None:
        table = campaign_features(compare([]))
        assert list(table) == [*KEY, *CAMPAIGN_FEATURES]
        assert len(table) == 0

    def test_another_table(self) -> None:
        with pytest.raises(TkitError, match=r"no column copies, .*evidence: give the table of tkit.campaigns.compare"):
            campaign_features(extract(MESSAGES))


class TestJoined:
    def test_rows_keep_their_order(self) -> None:
        rows, table = extract(MESSAGES), campaign_features(compare(MESSAGES))
        joined = with_campaigns(rows[::-1], table.sample(frac=1, random_state=0))
        pd.testing.assert_frame_equal(joined[list(rows)], rows[::-1].reset_index(drop=True))
        assert joined["own_of_recipient"].tolist() == [1, 0] * 3
        assert bundle().flagged(joined).tolist() == [True, False] * 3

    def test_a_message_that_was_not_compared(self) -> None:
        with pytest.raises(TkitError, match=r"2 rows are of messages that were not compared: give all of them"):
            with_campaigns(extract(MESSAGES), campaign_features(compare(MESSAGES[:2])))


class TestMailbox:
    """What reads many mails compares those that are copies of one mailing."""

    def test_scan(self) -> None:
        (found,) = scan(MESSAGES, bundle())
        assert found["verdict"].tolist() == ["clean", "tracker"] * 3
        assert list(scan([], bundle())) == []

    def test_audit(self) -> None:
        totals = audit(MESSAGES, bundle()).totals.set_index("what")["count"]
        assert (totals["mails"], totals["with trackers"], totals["trackers"]) == (3, 3, 3)
        alone = audit(MESSAGES[:1], bundle()).totals.set_index("what")["count"]
        assert alone["trackers"] == 0  # nothing to compare with

    @pytest.mark.parametrize("verb", ["scan", "audit"])
    def test_command_line(
        self, verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        bundle().save(tmp_path / "bundle")
        for reader in READERS:
            (tmp_path / f"{reader}.eml").write_bytes(letter(reader))
        mails = [str(tmp_path / f"{reader}.eml") for reader in READERS]

        def left(*arguments: str) -> object:
            monkeypatch.setattr("sys.argv", ["tkit", verb, *arguments, "--model", str(tmp_path / "bundle")])
            with pytest.raises(SystemExit) as left:
                main()
            return left.value.code

        assert left(*mails, "--copies", "--format", "json" if verb == "audit" else "jsonl") == 0
        printed = capsys.readouterr().out
        if verb == "scan":
            assert [json.loads(line)["verdict"] for line in printed.splitlines()] == ["clean", "tracker"] * 3
        else:
            assert {row["what"]: row["count"] for row in json.loads(printed)["totals"]}["trackers"] == 3
        assert left("-") == 2
        assert "standard input can be read once" in capsys.readouterr().err.replace("\n", " ")


class TestMailByMail:
    """What judges one mail at a time refuses a bundle of campaign, and says what to do."""

    def test_scrub(self) -> None:
        with pytest.raises(TkitError, match=r"^scrub judges mail by mail"):
            scrub(letter("anna"), bundle())

    def test_labelling(self, tmp_path: Path) -> None:
        with pytest.raises(TkitError, match=r"^the labelling widget judges mail by mail"):
            Labeller(tmp_path, tmp_path / "labels.csv", bundle=bundle())

    def test_javascript(self, tmp_path: Path) -> None:
        for target in ("javascript", "thunderbird", "webextension"):
            with pytest.raises(TkitError, match=r"^the JavaScript export judges mail by mail"):
                export(bundle(), [target], tmp_path)

    def test_rspamd(self, tmp_path: Path) -> None:
        with pytest.raises(TkitError, match=r"^rspamd: hand sees the campaign"):
            export(bundle(), ["rspamd"], tmp_path)

    def test_rows_without_the_columns(self) -> None:
        with pytest.raises(
            TkitError, match=r"no column copies_known, .*: join them with tkit.features.campaign, from all the mails"
        ):
            bundle().verdicts(extract(MESSAGES))

    @pytest.mark.parametrize("verb", [["scrub", "MAIL"], ["milter"]], ids=lambda verb: verb[0])
    def test_command_line(
        self, verb: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        bundle().save(tmp_path / "bundle")
        (tmp_path / "a.eml").write_bytes(letter("anna"))
        arguments = [str(tmp_path / "a.eml") if part == "MAIL" else part for part in verb]
        monkeypatch.setattr("sys.argv", ["tkit", *arguments, "--model", str(tmp_path / "bundle")])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 1
        assert "take url, element or message" in capsys.readouterr().err


def test_onnx_decides_as_the_bundle(tmp_path: Path, published: Dataset) -> None:
    pytest.importorskip("onnxruntime", reason="needs onnxruntime: pip install 'tkit[onnx]'")
    pytest.importorskip("onnx", reason="needs onnx: pip install 'tkit[onnx]'")
    (loss,) = export(bundle(), ["onnx"], tmp_path, published)
    assert (loss.compared, loss.different) == (len(published.references), 0)


@pytest.fixture(scope="module")
def published() -> Dataset:
    return read(ROOT / "data" / "dataset")


class TestDataset:
    def test_rows_and_disguised_copies_have_them(self, published: Dataset) -> None:
        rows, copies = published.rows(), published.disguised()
        assert not rows[list(CAMPAIGN_FEATURES)].isna().any(axis=None)
        assert len(copies) == len(published.manipulated)
        of_original = copies[list(KEY)].merge(published.campaigns, on=list(KEY), validate="many_to_one")
        pd.testing.assert_frame_equal(copies[list(of_original)], of_original)

    def test_the_vantage_point_learns_from_several_copies_too(self, published: Dataset) -> None:
        copies, more = published.disguised(), published.disguised("campaign")
        pd.testing.assert_frame_equal(more.iloc[: len(copies)], copies)
        added = more.iloc[len(copies) :]
        assert set(added["copies_known"]) == set(COUNTS)
        assert not added["manipulation"].str.startswith("letter").any()
        assert not added.isna().any(axis=None)

    def test_every_reference_is_seen(self, published: Dataset) -> None:
        seen = published.seen_from("campaign")
        assert set(feature_names("campaign")) <= set(seen)
        assert len(seen) == len(published.references)
        assert published.seen_from("message") is published.references

    def test_what_the_others_learn_from_is_not_of_copies(self, published: Dataset) -> None:
        digests = {vantage: published.digest(vantage) for vantage in ("url", "element", "message", "campaign")}
        assert digests["url"] == digests["element"] == digests["message"] == published.digest() != digests["campaign"]

    def test_most_mailings_are_known_in_one_copy_and_counts_end(self, published: Dataset) -> None:
        known = published.campaigns["copies_known"]
        assert known.between(1, MOST).all()
        assert (known == 1).mean() > 0.5
        absent = published.campaigns["copies_share"] == -1
        assert absent[known == 1].all()
        assert absent[known > 1].mean() < 0.1


def test_a_model_learns_from_copies(published: Dataset) -> None:
    rows = published.rows()
    rows = rows[rows["label"].isin(["T", "C"]) & (rows["copies_known"] > 1)]
    tracker = (rows["label"] == "T").to_numpy()
    model = BoostingModel(vantage="campaign", trees=20, manipulated=published.disguised())
    model.fit(rows, tracker, np.ones(len(rows)))
    individual = rows.iloc[:50].assign(own_of_recipient=1, copies_urls_share=1, copies_tokens=1, copies_token_length=24)
    agreed = rows.iloc[:50].assign(own_of_recipient=0, copies_urls_share=0, copies_tokens=0, copies_token_length=0)
    assert (model.scores(individual) - model.scores(agreed)).mean() > 0


def test_a_token_of_its_own_in_each_of_three_copies_is_individual() -> None:
    rows = pd.DataFrame(
        {
            "copies_known": [3, 3, 2, 5, 5],
            "own_of_recipient": [1, 0, 1, 0, -1],
            "own_of_copy": [0, 1, 0, 0, -1],
        }
    )
    assert own_in_each_copy(rows).tolist() == [True, True, False, False, False]


def test_copies_decide_where_the_models_see_nothing() -> None:
    """The hand-made bundle finds no tracker and nothing individual; three copies do."""
    names = feature_names("campaign")
    never = Output(IntegerTrees("logistic", 0, (IntegerTree((-1,), (0.0,), (-1,), (-1,), (-65536,)),)), 0, "by hand")
    card, replay = default_bundle("url").card, np.zeros((2, len(names)), np.float32, order="F")
    blind = Bundle("blind", "campaign", never, never, "0" * 64, 0, "2026-01-01", card, replay)
    assert judge(blind, extract_with_copies(MESSAGES)).verdicts.tolist() == ["clean", "personalised"] * 3
    assert judge(blind, extract_with_copies(MESSAGES[:2])).verdicts.tolist() == ["clean", "clean"] * 2
