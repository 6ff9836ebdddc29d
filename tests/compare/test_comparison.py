"""Tests of tkit.compare.comparison and of `tkit compare`, with figures worked out by hand."""

import csv
import json
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from paths import ROOT, SHARED

from tkit.bundle import default_bundle
from tkit.cli import main
from tkit.compare import compare
from tkit.compare.comparison import named, reads_listed, shown, trained_on
from tkit.compare.labelled import LabelledMail, add_listed, of_dataset, read_mail
from tkit.corpus import CORPORA, read_raw
from tkit.dataset import read
from tkit.detectors.any_of import AnyOf
from tkit.detectors.published import ListDetector, Unwrapped
from tkit.detectors.rules import BlockNone, Declared1x1, KnownList
from tkit.errors import TkitError
from tkit.labels import read_labels
from tkit.lists.engines import SubstringList
from tkit.mail import Message

HEAD = "message_sha256,part,carrier,url,label,confidence\n"

# Two mails of two senders. In the first: a tracker of 1 x 1, one without a size, a logo. In the second: a spacer of 1 x 1,
# a tracker whose path says so, a picture that is personalised, a style sheet.
MAILS = {
    "one": (
        "a@one.example",
        "<img src=http://t.one.example/o/1 width=1 height=1><img src=http://t.one.example/open/2>"
        "<img src=http://img.one.example/logo.png width=90 height=40>",
    ),
    "two": (
        "b@two.example",
        "<img src=http://img.two.example/s.gif width=1 height=1><img src=http://t.two.example/open/3>"
        "<img src=http://img.two.example/you.png?u=7><td background=http://img.two.example/bg.png>"
        "<table><td background=http://img.two.example/bg.png>",
    ),
}
LABELS = {
    ("one", "img", "http://t.one.example/o/1"): "T",
    ("one", "img", "http://t.one.example/open/2"): "T",
    ("one", "img", "http://img.one.example/logo.png"): "C",
    ("two", "img", "http://img.two.example/s.gif"): "S",
    ("two", "img", "http://t.two.example/open/3"): "T",
    ("two", "img", "http://img.two.example/you.png?u=7"): "P",
    ("two", "background", "http://img.two.example/bg.png"): "C",
}


def raw(name: str) -> bytes:
    sender, html = MAILS[name]
    return f"From: {sender}\nContent-Type: text/html\n\n{html}".encode()


def message(name: str) -> Message:
    return Message.from_bytes(raw(name))


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.csv"
    lines = [f"{message(name).message_sha256},0,{carrier},{url},{label},3" for (name, carrier, url), label in LABELS.items()]
    path.write_text(HEAD + "\n".join(lines) + "\n")
    return path


@pytest.fixture
def mail(labels: Path) -> LabelledMail:
    return read_mail(map(message, MAILS), read_labels(labels), facts=True)


OPEN = ListDetector(SubstringList("open", "substrings", ["/open/"]), "open")


def test_figures_by_hand(mail: LabelledMail) -> None:
    table = compare({"1x1": Declared1x1(), "open": OPEN, "none": BlockNone()}, mail).table().set_index("name")
    # 1 x 1 finds one tracker of three and calls the spacer; /open/ finds two of three and nothing else.
    assert table["tpr"].tolist() == pytest.approx([1 / 3, 2 / 3, 0])
    assert table["fpr"].tolist() == pytest.approx([1 / 3, 0, 0])
    assert table["precision"].iloc[:2].tolist() == pytest.approx([1 / 2, 1])
    assert math.isnan(table.loc["none", "precision"])
    assert table["missed"].tolist() == [2, 1, 3]
    assert table["false_alarms"].tolist() == [1, 0, 0]
    assert table["mail_fpr"].tolist() == [0.5, 0, 0]
    assert table["personalised"].tolist() == [1, 1, 1]
    assert table["personalised_called"].tolist() == [0, 0, 0]
    assert math.isnan(table.loc["1x1", "gain"])
    assert table.loc["open", "gain"] == pytest.approx(1 / 3)
    assert (table["tpr_low"] <= table["tpr"]).all()
    assert (table["tpr_high"] >= table["tpr"]).all()


def test_changes_by_hand(mail: LabelledMail) -> None:
    found = compare({"1x1": Declared1x1(), "open": OPEN}, mail)
    changes = found.changes().set_index("change")
    assert changes.loc["newly blocked", ["references", "trackers", "good"]].tolist() == [2, 2, 0]
    assert changes.loc["newly passed", ["references", "trackers", "good"]].tolist() == [2, 1, 1]
    rows = found.changed_rows()
    assert list(rows) == [
        "name", "change", "message_sha256", "part", "index", "carrier", "url", "resolved_url", "label", "confidence",
        "score_before", "score",
    ]  # fmt: skip
    assert rows["change"].tolist() == ["newly blocked"] * 2 + ["newly passed"] * 2
    assert sorted(rows["url"]) == [
        "http://img.two.example/s.gif",
        "http://t.one.example/o/1",
        "http://t.one.example/open/2",
        "http://t.two.example/open/3",
    ]
    assert rows["score"].tolist() == [1, 1, 0, 0]
    assert rows["score_before"].tolist() == [0, 0, 1, 1]
    same = compare({"a": OPEN, "b": OPEN}, mail)
    assert same.changes()["references"].tolist() == [0, 0]
    assert len(same.changed_rows()) == 0
    assert len(compare({"a": OPEN}, mail).changed_rows()) == 0


def test_a_table_for_people(mail: LabelledMail) -> None:
    text = shown(compare({"1x1": Declared1x1(), "none": BlockNone()}, mail).table())
    assert text["trackers found"][0].startswith("33.3%\n[")
    assert text["trackers found"][0].endswith("2 of 3 missed")
    assert text["precision"].tolist() == ["50.0%", ""]


def test_components_and_senders_are_those_of_the_mails(mail: LabelledMail) -> None:
    assert mail.lost == 0
    assert mail.labels["source"].unique().tolist() == ["gold"]
    sender = mail.labels["message_sha256"].map({message(name).message_sha256: name for name in MAILS})
    assert mail.labels["sender_key"].tolist() == [f"{name}.example" for name in sender]
    # The two senders share the tracker path "open".
    assert mail.labels["component"].nunique() == 1
    assert mail.labels["confidence"].unique().tolist() == [3]
    assert len(mail.rows) == 3 + 4  # the first td stands in no table, so that it is none


def test_labels_without_a_reference_are_counted(labels: Path) -> None:
    with labels.open("a") as file:
        file.write(
            f"{message('one').message_sha256},0,img,http://t.one.example/moon,T,3\n{'0' * 64},0,img,http://x.example/,C,3\n"
        )
    known = read_labels(labels)
    twice = [message("one"), message("two"), message("one")]
    assert read_mail(twice, known, facts=False).lost == 2
    assert len(read_mail(twice, known, facts=False).rows) == 7
    with pytest.raises(TkitError, match="none of the 3 labelled messages is among the mails"):
        read_mail([], known, facts=False)
    with pytest.raises(TkitError, match="none of the 1 labels names a reference"):
        read_mail(twice, known[known["url"].str.endswith("moon")], facts=False)


def test_scores_that_are_none_are_refused(mail: LabelledMail) -> None:
    class Wrong:
        name, vantage = "wrong", "url"

        def __init__(self, scores: list[float]) -> None:
            self._scores = scores

        def scores(self, rows: pd.DataFrame) -> np.ndarray:
            return np.array(self._scores)

    for scores in ([0.5], [2.0] * 7, [math.nan] * 7):
        with pytest.raises(TkitError, match="wrong: scores of shape"):
            compare({"wrong": Wrong(scores)}, mail)


def test_names_are_told_from_specs() -> None:
    assert named(["a/mine.txt", "old.bundle", "rule:1x1", "x=a/b=c.txt", "plugin"]) == {
        "mine": "a/mine.txt",
        "old": "old.bundle",
        "rule:1x1": "rule:1x1",
        "x": "a/b=c.txt",
        "plugin": "plugin",
    }
    assert named(["dir/a=b.txt", "program:x --y=z"]) == {"a=b": "dir/a=b.txt", "program:x --y=z": "program:x --y=z"}
    with pytest.raises(TkitError, match=r"two detectors are named 'mine': give one another name, such as other=b/mine.txt"):
        named(["a/mine.txt", "b/mine.txt"])


def test_the_dataset_is_compared_on_where_features_are_enough() -> None:
    rows = read(ROOT / "data" / "dataset").rows()
    table = compare({"1x1": Declared1x1()}, of_dataset(rows), cluster="sender_key", resamples=20).table()
    assert table["trackers"].tolist() == [
        ((rows["label"] == "T") & (rows["confidence"] > 1) & (rows["source"] == "gold")).sum()
    ]


def test_what_reads_known_lists_is_known_within_others_too() -> None:
    assert reads_listed([AnyOf((Declared1x1(), KnownList()), (0.5, 0.5))])
    assert not reads_listed([AnyOf((Declared1x1(), Declared1x1()), (0.5, 0.5))])


def test_a_bundle_says_what_it_was_trained_on() -> None:
    bundle, dataset = default_bundle("url"), read(ROOT / "data" / "dataset")
    within = Unwrapped(AnyOf((Declared1x1(), bundle), (0.5, bundle.threshold_score)))
    assert trained_on({"a": bundle, "b": Declared1x1(), "c": within}, dataset) == ["a", "c"]
    other = replace(dataset, facts={"sha256": {"references.parquet": "0" * 64}})
    assert trained_on({"a": bundle}, other) == []


def test_listed_needs_every_list_made_for_mail(mail: LabelledMail) -> None:
    if not (SHARED / "lists").is_dir():
        pytest.skip("the published lists are not here: ../shared/lists")
    pytest.importorskip("adblock", reason="the extra 'lists' is not installed")
    assert add_listed(mail.rows, SHARED / "lists")["listed"].dtype == np.bool_


def test_real_labels_have_their_references() -> None:
    if not (SHARED / "gold" / "labels.csv").is_file():
        pytest.skip("the gold labels are not here: ../shared/gold")
    labels = read_labels(SHARED / "gold" / "labels.csv")
    corpus = next(corpus for corpus in CORPORA if corpus.name == "csdmc2010")
    messages = (Message.from_bytes(one.raw) for one in read_raw([SHARED / "corpora" / corpus.archive], problems=[]))
    mail = read_mail(messages, labels, facts=True)
    of_corpus = (pd.read_csv(SHARED / "gold" / "labels.csv")["corpus"] == corpus.name).sum()
    assert of_corpus - 5 <= len(mail.labels) <= of_corpus + 5
    assert compare({"1x1": Declared1x1()}, mail, resamples=20).table()["trackers"][0] > 10


# The command line


class Done(NamedTuple):
    returncode: object
    stdout: str
    stderr: str


@pytest.fixture
def tkit(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """The command line in this process: an interpreter of its own for each would take most of the time."""

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["tkit", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Done(ended.value.code, captured.out, captured.err)

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mails").mkdir()
    for name in MAILS:
        (tmp_path / "mails" / f"{name}.eml").write_bytes(raw(name))
    return tmp_path / "mails"


BLOCKER = f"""#!{sys.executable}
import json, sys
for line in sys.stdin:
    print(json.dumps({{"tracker": "/open/" in json.loads(line)["url"]}}))
"""


def test_the_verb_compares_and_tells_what_is_not_reached(tkit, folder: Path, labels: Path, tmp_path: Path) -> None:
    blocker = tmp_path / "my-blocker"
    blocker.write_text(BLOCKER)
    blocker.chmod(0o755)
    common = ["compare", "-d", "rule:1x1", "-d", blocker, "--labels", labels, folder]
    done = tkit(*common, "--format", "jsonl", "-o", tmp_path / "changed.csv", "--require", "my-blocker: fpr<=0.1%")
    assert done.returncode == 0, done.stderr
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["name"], second["name"]) == ("rule:1x1", "my-blocker")
    assert first["gain"] is None
    assert second["tpr"] == pytest.approx(2 / 3)
    with (tmp_path / "changed.csv").open(newline="") as file:
        assert [row["change"] for row in csv.DictReader(file)] == ["newly blocked"] * 2 + ["newly passed"] * 2
    failed = tkit(*common, "--require", "fpr<=0.1%", "--require", "tpr>=0.97")
    assert failed.returncode == 3
    told = failed.stderr.splitlines()
    assert told[0] == "not reached: rule:1x1: fpr is 33.3333%, required fpr<=0.1%"
    assert [line.split(":")[1].strip() for line in told] == ["rule", "rule", "my-blocker"]
    assert "newly blocked" in failed.stdout
    table = tkit(*common, "--format", "csv").stdout.splitlines()
    assert table[0].startswith("name,vantage,tpr,tpr_low,tpr_high,fpr,")
    assert len(table) == 3


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        ([], 2, "name one detector at least"),
        (["-d", "no/such.txt"], 2, "no such file or folder"),
        (["-d", "rule:1x1", "--require", "x"], 2, "is no requirement"),
        (["-d", "rule:1x1", "--require", "b: fpr<1"], 2, "no detector 'b'"),
        (["-d", "rule:1x1", "--labels", "none.csv"], 2, "give a label file"),
        (["-d", "rule:1x1", "--format", "parquet"], 2, "table, jsonl or csv"),
        (["-d", "rule:1x1", "/no/such/mails"], 1, "none of the 2 labelled messages"),
        (["-d", "program:true"], 1, "ended with exit code 0 after 0 of 7 verdicts"),
    ],
)
def test_wrong_input_is_told(tkit, folder: Path, labels: Path, arguments: list[str], code: int, reason: str) -> None:
    given = arguments if "--labels" in arguments else [*arguments, "--labels", str(labels)]
    done = tkit("compare", *given, *([] if any("mails" in one for one in arguments) else [folder]))
    assert done.returncode == code
    assert reason in " ".join(done.stderr.replace("│", " ").split())


def test_without_mails_the_dataset_is_compared_on(tkit) -> None:
    done = tkit("compare", "-d", "rule:1x1", "-d", "bundle:url", "--dataset", ROOT / "data" / "dataset", "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3
    refused = tkit("compare", "-d", "peer:fairemail", "--dataset", ROOT / "data" / "dataset")
    assert refused.returncode == 2
    assert "features alone are not enough" in " ".join(refused.stderr.replace("│", " ").split())


def test_lists_are_listed_verified_and_named(tkit, tmp_path: Path) -> None:
    (tmp_path / "pelton_hosts.json").write_text('["t.example"]')
    rows = list(csv.DictReader(tkit("lists", "list", "--folder", tmp_path, "--format", "csv").stdout.splitlines()))
    assert {row["name"]: row["rules"] for row in rows if row["copy"] == "True"} == {"pelton": "1"}
    done = tkit("lists", "verify", "pelton", "neomd", "--folder", tmp_path)
    assert (done.returncode, done.stdout) == (1, "pelton: other rules\nneomd: missing\n")
    assert tkit("lists", "get", "moon").returncode == 2
    assert tkit("lists", "get", "easyprivacy_full", "--folder", tmp_path).returncode == 1
