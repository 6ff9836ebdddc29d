"""Labels are joined to the references of their mails."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_comparison import MAILS, message
from paths import SHARED

from tkit.compare import compare
from tkit.compare.labelled import LabelledMail, add_listed, read_mail
from tkit.corpus import CORPORA, read_raw
from tkit.detectors.rules import Declared1x1
from tkit.errors import TkitError
from tkit.labels import read_labels
from tkit.labels.files import url_sha256
from tkit.mail import Message


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
    with pytest.raises(TkitError, match="none of the 3 labelled messages is in the mails"):
        read_mail([], known, facts=False)
    with pytest.raises(TkitError, match="none of the 1 labels names a reference"):
        read_mail(twice, known[known["url"].str.endswith("moon")], facts=False)


def test_carriers_without_a_coarser_name_may_be_called_other() -> None:
    mail = Message.from_bytes(
        b"Content-Type: text/html\n\n<link rel=icon href=http://a.example/i>"
        b"<img src=http://a.example/p srcset='http://a.example/q 2x'>"
    )
    labelled = [("other", "http://a.example/i"), ("img", "http://a.example/p"), ("img", "http://a.example/q")]
    labels = pd.DataFrame(labelled, columns=["carrier", "url"]).assign(
        message_sha256=mail.message_sha256, part=0, label="C", confidence=3
    )
    labels["url_sha256"] = labels["url"].map(url_sha256)
    found = read_mail([mail], labels, facts=False)
    assert found.lost == 0
    assert found.rows["carrier"][found.labels["row"]].tolist() == ["link-icon", "img-src", "img-srcset"]


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
