"""Tests of tkit.annotate.questions: which references to ask about, and what to show of each."""

from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest
from made_detector import Decided

pytest.importorskip("anywidget", reason="needs anywidget: pip install 'tkit[notebooks]'")

from tkit.annotate import questions
from tkit.annotate.questions import Choice, ask, choose
from tkit.arrays import Ints
from tkit.bundle import Bundle, Question, default_bundle, explain, judge
from tkit.errors import TkitError
from tkit.features import extract
from tkit.labels.files import url_sha256
from tkit.mail import Message

A = "a" * 64


def mail(html: str, headers: str = "From: N <n@news.example>\nSubject: Hi\nDate: Tue, 3 Jun 2025 10:00:00 +0000\n") -> bytes:
    return f"{headers}Content-Type: text/html; charset=utf-8\n\n{html}".encode()


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    folder = tmp_path / "mails"
    folder.mkdir()
    beacon = "<p>x</p><img src='http://t.example/open?id={0}' width=1 height=1>"
    for number in range(3):
        html = f"<img src=http://t.example/logo.png width=90 height=40>{beacon.format(f'b81e2c90f{number}')}"
        (folder / f"{number}.eml").write_bytes(mail(html))
    return folder


def test_uncertain_first(mails: Path) -> None:
    bundle = default_bundle()
    rows = extract(Message.from_bytes(path.read_bytes()) for path in sorted(mails.iterdir()))
    rows["doubt"] = abs(bundle.margins(rows) - bundle.tracker.threshold)
    expected = rows.sort_values(["doubt", "message_sha256", "part", "index"])
    found = choose([mails], bundle, one_of_each=False)
    assert found.keys == list(zip(expected["message_sha256"], expected["part"], expected["index"], strict=True))
    assert found.problems == []
    assert choose([mails], bundle, one_of_each=False, count=2).keys == found.keys[:2]


def test_random_by_seed(mails: Path) -> None:
    bundle = default_bundle()
    first, again, other = (choose([mails], bundle, "random", one_of_each=False, seed=seed).keys for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert sorted(first) == sorted(other)
    assert len(first) == 6


def test_copies_are_asked_once(mails: Path) -> None:
    found = choose([mails, mails], default_bundle())
    assert len(found.keys) == 2
    assert sorted(found.mails_with_url.values()) == [1, 3]  # every mail has a beacon of its own and the one logo


def test_what_cannot_be_asked(mails: Path, tmp_path: Path) -> None:
    with pytest.raises(TkitError, match="sampling 'best': take 'uncertain' or 'random'"):
        choose([mails], default_bundle(), "best")  # type: ignore[arg-type]
    (tmp_path / "plain.eml").write_bytes(b"Subject: x\n\nx")
    with pytest.raises(TkitError, match=r"plain.eml: no remote reference to label"):
        choose([tmp_path / "plain.eml"], default_bundle())
    with pytest.raises(TkitError, match=r"none.eml: no remote reference to label: .*none.eml: "):
        choose([tmp_path / "none.eml"], default_bundle())


def asked(folder: Path, html: str, copies: pd.DataFrame | None = None) -> questions.Question:
    folder.mkdir(exist_ok=True)
    (folder / "one.eml").write_bytes(mail(html))
    bundle = default_bundle()
    choice = choose([folder], bundle)
    ((question, opinion),) = ask([folder], choice, bundle, copies).values()
    assert opinion.verdict in ("tracker", "personalised", "clean")
    assert 0 <= opinion.score <= 1
    return question


def test_a_question(tmp_path: Path) -> None:
    question = asked(tmp_path / "m", "<p>x</p><img src='http://t.example/open?id=b81e2c90ff' width=1 height=1>")
    assert question.key[1:] == (0, 0)
    assert (question.carrier, question.url, question.original) == ("img-src", "http://t.example/open?id=b81e2c90ff", "")
    assert (question.host, question.url_sha256) == ("t.example", url_sha256("http://t.example/open?id=b81e2c90ff"))
    assert (question.sender, question.subject, question.date) == ("news.example", "Hi", "2025-06-03")
    facts = dict(question.facts)
    assert facts["How it looks"][0] == "declared 1 x 1 px"
    assert "the URL has a word such as open or read" in facts["Its URL"]
    assert "the same URL is in no other mail of this selection" in facts["Compared with the rest of the mail"]
    assert question.copies == ()


def test_a_wrapped_url_shows_its_original(tmp_path: Path) -> None:
    question = asked(tmp_path / "m", "<img src='https://ci3.googleusercontent.com/proxy/x#http://t.example/o.gif'>")
    assert (question.original, question.host) == ("http://t.example/o.gif", "t.example")


class ByPlace(Decided):
    """Flags a picture of 1 x 1 px, and takes one that has a query for individual."""

    def margins(self, rows: pd.DataFrame, question: Question = "tracker") -> Ints:
        flagged = (rows["tiny"] if question == "tracker" else rows["query_length"]) > 0
        return flagged.to_numpy(dtype=np.int64)


def test_the_opinion_is_the_verdict_on_the_url_and_the_score_that_its_reasons_explain(tmp_path: Path) -> None:
    pixel = "<img src='http://t.example/{0}' width=1 height=1>"
    html = f"{pixel.format('o')}{pixel.format('seen')}<img src='http://t.example/seen' width=90 height=40>"
    html += "<img src='http://t.example/you?a=1' width=90 height=40><img src='http://t.example/logo' width=90 height=40>"
    (tmp_path / "one.eml").write_bytes(mail(html))
    bundle = cast(Bundle, ByPlace())
    opinions = {
        question.key[2]: opinion
        for question, opinion in ask([tmp_path], choose([tmp_path], bundle, one_of_each=False), bundle).values()
    }
    assert {index: (opinion.verdict, opinion.score) for index, opinion in sorted(opinions.items())} == {
        0: ("tracker", 1.0),
        1: ("personalised", 0.0),  # the same URL is there to be looked at in the next place
        2: ("personalised", 0.0),
        3: ("personalised", 0.75),
        4: ("clean", 0.0),
    }
    rows = extract([Message.from_bytes(mail(html))])
    verdicts = judge(bundle, rows).verdicts
    assert [opinions[index].reasons for index in range(5)] == [tuple(why) for why in explain(bundle, rows, verdicts)]


def test_copies_are_shown(tmp_path: Path) -> None:
    html = "<img src=http://t.example/o>"
    sha256 = Message.from_bytes(mail(html)).message_sha256
    copies = pd.DataFrame(
        {
            "message_sha256": [sha256, sha256, A],
            "part": 0,
            "index": 0,
            "evidence": ["individual to the recipient", "", "of another"],
            "copies": [7.0, None, 1.0],
        }
    )
    assert asked(tmp_path / "m", html, copies).copies == ("evidence: individual to the recipient; copies: 7.0", "")
    with pytest.raises(TkitError, match="the table of copies has no column part, index"):
        asked(tmp_path / "m", html, copies[["message_sha256"]])


def test_the_mails_may_be_gone(mails: Path) -> None:
    bundle = default_bundle()
    choice = choose([mails], bundle)
    assert ask([mails], Choice([(A, 0, 0)], {(A, 0, 0): 1}, []), bundle) == {}
    assert len(ask([mails], choice, bundle)) == 2
