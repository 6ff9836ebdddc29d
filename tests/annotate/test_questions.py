import os
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("anywidget", reason="needs anywidget: pip install 'tkit[notebooks]'")

from tkit.annotate.neighbourhood import AROUND, Neighbourhood, neighbourhood, visible
from tkit.annotate.questions import Choice, Question, ask, choose
from tkit.annotate.session import COLUMNS, Session
from tkit.bundle import default_bundle
from tkit.errors import TkitError
from tkit.features import extract
from tkit.html import references
from tkit.labels import read_labels, write_labels
from tkit.labels.files import url_sha256
from tkit.mail import Message

A = "a" * 64


def mail(html: str, headers: str = "From: N <n@news.example>\nSubject: Hi\nDate: Tue, 3 Jun 2025 10:00:00 +0000\n") -> bytes:
    return f"{headers}Content-Type: text/html; charset=utf-8\n\n{html}".encode()


def around(html: str, place: int = 0) -> Neighbourhood:
    message = Message.from_bytes(mail(html))
    found = references(message)
    return neighbourhood(message.html_parts[0], found[place], found)


# The neighbourhood


@pytest.mark.parametrize(
    ("html", "place", "expected"),
    [
        ("<p>a<img src='http://t.example/o'>b", 0, ("<p>a", "<img src='http://t.example/o'>", "b")),
        ("<IMG SRC=http://t.example/?a=1&amp;b=2 width=1>", 0, ("", "<IMG SRC=http://t.example/?a=1&amp;b=2 width=1>", "")),
        # The same URL in a link is not the picture; a longer URL is another one.
        (
            "<a href=http://t.example/o>x</a><img src=http://t.example/o.gif><img src=http://t.example/o>",
            1,
            ("<a href=http://t.example/o>x</a><img src=http://t.example/o.gif>", "<img src=http://t.example/o>", ""),
        ),
        (
            "<img src=http://t.example/o><img src=http://t.example/o id=2>",
            1,
            ("<img src=http://t.example/o>", "<img src=http://t.example/o id=2>", ""),
        ),
        (
            "<style>p { background: url(http://t.example/o) }</style>",
            0,
            ("<style>p { background: url(", "http://t.example/o", ") }</style>"),
        ),
        # Broken in the source, so written anew.
        ("<p>x<img src='http:/\n/t.example/o' alt=y>", 0, ("", '<img src="http:/\n/t.example/o" alt="y">', "")),
        ("<p>a  \n\n  b<img src='http://t.example/o'>", 0, ("<p>a\nb", "<img src='http://t.example/o'>", "")),
    ],
)
def test_neighbourhood(html: str, place: int, expected: tuple[str, str, str]) -> None:
    assert around(html, place) == Neighbourhood(*expected)


def test_no_more_than_the_neighbourhood() -> None:
    found = around(f"{'x' * 5000}<img src=http://t.example/o alt='{'y' * 9000}'>{'z' * 5000}")
    assert found.before == "x" * AROUND
    assert found.element.startswith("<img src=http://t.example/o alt='yyy")
    assert len(found.element) == 4000
    assert found.after == "z" * AROUND


def test_nothing_hides() -> None:
    assert visible("\u202egpj.exe\u200b\0\x1b[31m\ud800\n\tä✓") == "⟨U+202E⟩gpj.exe⟨U+200B⟩⟨U+0000⟩⟨U+001B⟩[31m⟨U+D800⟩\n\tä✓"


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.sampled_from(["<img src='http://t.example/", "&amp;", "'", ">", "\n", "a", "<style>", "url(http://t.example/b", ")"])
    )
)
def test_any_html_has_neighbourhoods(pieces: list[str]) -> None:
    message = Message.from_bytes(mail("".join(pieces)))
    found = references(message)
    for reference in found:
        assert neighbourhood(message.html_parts[0], reference, found).element


# Which to ask, and what to show


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
    rows["doubt"] = abs(bundle.margins(rows) - bundle.threshold)
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


def asked(folder: Path, html: str, copies: pd.DataFrame | None = None) -> Question:
    folder.mkdir(exist_ok=True)
    (folder / "one.eml").write_bytes(mail(html))
    bundle = default_bundle()
    choice = choose([folder], bundle)
    ((question, opinion),) = ask([folder], choice, bundle, copies).values()
    assert opinion.verdict in ("tracker", "clean")
    assert 0 <= opinion.score <= 1
    return question


def test_a_question(tmp_path: Path) -> None:
    question = asked(tmp_path / "m", "<p>x</p><img src='http://t.example/open?id=b81e2c90ff' width=1 height=1>")
    assert question.key[1:] == (0, 0)
    assert (question.carrier, question.url, question.original) == ("img-src", "http://t.example/open?id=b81e2c90ff", "")
    assert (question.host, question.url_sha256) == ("t.example", url_sha256("http://t.example/open?id=b81e2c90ff"))
    assert (question.sender, question.subject, question.date) == ("news.example", "Hi", "2025-06-03")
    facts = dict(question.facts)
    assert facts["How it shows"][0] == "declared 1 x 1 px"
    assert "the URL has a word such as open or read" in facts["Its URL"]
    assert "the same URL stands in no other mail read here" in facts["Beside the rest of the mail"]
    assert question.copies == ()


def test_a_wrapped_url_shows_its_original(tmp_path: Path) -> None:
    question = asked(tmp_path / "m", "<img src='https://ci3.googleusercontent.com/proxy/x#http://t.example/o.gif'>")
    assert (question.original, question.host) == ("http://t.example/o.gif", "t.example")


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


# The session


QUEUE = [((A, 0, place), "img-src", url_sha256(f"http://t.example/{place}")) for place in range(3)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "labels.csv"


def given_labels(path: Path) -> list[list[object]]:
    return read_labels(path)[["index", "label", "confidence", "annotator"]].to_numpy().tolist()


def test_every_label_is_on_the_disk(path: Path) -> None:
    session = Session(path, QUEUE, "ann")
    assert (session.key, session.last, session.done, session.total) == (QUEUE[0][0], None, 0, 3)
    session.give("T", 3)
    assert given_labels(path) == [[0, "T", 3, "ann"]]
    session.give("S", 1)
    assert given_labels(path) == [[0, "T", 3, "ann"], [1, "S", 1, "ann"]]
    assert (session.key, session.last, session.done) == (QUEUE[2][0], QUEUE[1][0], 2)
    assert session.counts() == {"T": 1, "P": 0, "C": 0, "S": 1, "U": 0}
    session.give("U", 2)
    assert session.key is None
    with pytest.raises(TkitError, match="no reference is left"):
        session.give("T", 3)
    assert tuple(session.labels) == COLUMNS


def test_a_session_is_taken_up(path: Path) -> None:
    Session(path, QUEUE).give("T", 3)
    session = Session(path, QUEUE)
    assert (session.key, session.last, session.done) == (QUEUE[1][0], QUEUE[0][0], 1)
    # Another order, and a reference that is not in the file's queue: the file's label stays.
    other = Session(path, [QUEUE[2], QUEUE[0]])
    assert (other.key, other.done, other.total) == (QUEUE[2][0], 1, 2)
    other.give("C", 3)
    assert [row[0] for row in given_labels(path)] == [0, 2]


def test_undo(path: Path) -> None:
    session = Session(path, QUEUE)
    session.undo()
    assert not path.exists()
    session.give("T", 3)
    session.give("C", 3)
    session.undo()
    assert given_labels(path) == [[0, "T", 3, ""]]
    assert session.key == QUEUE[1][0]
    session = Session(path, QUEUE)
    session.undo()
    assert given_labels(path) == []
    assert (session.key, session.done) == (QUEUE[0][0], 0)
    session.give("P", 2)
    other = Session(path, QUEUE[1:])  # the last label is of another queue
    other.undo()
    assert given_labels(path) == [[0, "P", 2, ""]]


@pytest.mark.parametrize(("label", "confidence"), [("X", 3), ("T", 0), ("", 3)])
def test_what_is_no_label_is_not_given(path: Path, label: str, confidence: int) -> None:
    session = Session(path, QUEUE)
    with pytest.raises(TkitError, match=r"row 2, column (label|confidence)"):
        session.give(label, confidence)
    assert session.key == QUEUE[0][0]
    assert not path.exists()


def test_a_file_that_somebody_else_changed_is_left_alone(path: Path) -> None:
    first, second = Session(path, QUEUE), Session(path, QUEUE)
    first.give("T", 3)
    with pytest.raises(TkitError, match="changed by another program since it was read: run the cell again"):
        second.give("C", 3)
    assert given_labels(path) == [[0, "T", 3, ""]]
    assert second.done == 0


def test_files_that_are_no_session(path: Path, tmp_path: Path) -> None:
    Session(path, QUEUE).give("T", 3)
    write_labels(tmp_path / "other.csv", read_labels(path).assign(note="x"))
    with pytest.raises(TkitError, match="not a file of a labelling session"):
        Session(tmp_path / "other.csv", QUEUE)
    path.write_text(re.sub("T", "X", path.read_text()))
    with pytest.raises(TkitError, match="row 2, column label: 'X'"):
        Session(path, QUEUE)
    with pytest.raises(TkitError, match="no such folder: make it first"):
        Session(tmp_path / "none" / "labels.csv", QUEUE)


def test_a_disk_that_fails_loses_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(path, QUEUE)
    session.give("T", 3)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TkitError, match="No space left on device"):
        session.give("C", 3)
    monkeypatch.undo()
    assert given_labels(path) == [[0, "T", 3, ""]]
    session.give("S", 3)
    assert given_labels(path) == [[0, "T", 3, ""], [1, "S", 3, ""]]
