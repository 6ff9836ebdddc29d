import pandas as pd
import pytest

from tkit.features import extract
from tkit.mail import Message
from tkit.verdicts import PROVENANCE, with_provenance
from tkit.verdicts.provenance import first_rows

DOT = "<img src='http://t.example/o?id={}' width=1 height=1>"


def mail(body: str, where: str, sender: str = "a@News.Example", date: str = "Mon, 06 May 2024 12:00:00 +0200") -> Message:
    return Message.from_bytes(f"From: {sender}\nDate: {date}\nContent-Type: text/html\n\n{body}".encode(), where)


def named(*messages: Message) -> list[list[str]]:
    rows = with_provenance(extract(messages), messages)
    assert tuple(rows)[:3] == PROVENANCE
    pd.testing.assert_frame_equal(rows.drop(columns=list(PROVENANCE)), extract(messages))
    return rows[[*PROVENANCE]].values.tolist()


def test_each_row_names_its_mail() -> None:
    messages = [mail(DOT * 2, "a.eml"), mail("<p>words", "b.eml"), mail(DOT, "box#3", "c@shop.example")]
    assert named(*messages) == [
        ["a.eml", "news.example", "2024-05-06T10:00:00Z"],
        ["a.eml", "news.example", "2024-05-06T10:00:00Z"],
        ["box#3", "shop.example", "2024-05-06T10:00:00Z"],
    ]


def test_copies_keep_their_places() -> None:
    one, other = DOT.format(1) * 2, DOT.format(2)
    found = named(mail(one, "1"), mail(one, "2"), mail(other, "3"), mail(one, "4"), mail(other, "5"), mail(other, "6"))
    assert [where for where, *_ in found] == ["1", "1", "2", "2", "3", "4", "4", "5", "6"]


def test_copies_of_chosen_rows_keep_their_places() -> None:
    messages = [mail(DOT * 3, "1"), mail(DOT * 3, "2")]
    rows = extract(messages)
    assert with_provenance(rows[rows["index"] == 1], messages)["where"].tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Tue, 07 May 2024 00:30:00 +0100", "2024-05-06T23:30:00Z"),
        ("7 May 2024 00:30", "2024-05-07T00:30:00Z"),
        ("1 Jan 0987 00:00:00 +0000", "0987-01-01T00:00:00Z"),
        ("soon", ""),
        ("", ""),
    ],
)
def test_dates(date: str, expected: str) -> None:
    assert named(mail(DOT, "a", date=date)) == [["a", "news.example", expected]]


def test_what_is_unknown_is_empty() -> None:
    assert named(mail(DOT, "", "nobody", "")) == [["", "", ""]]


def test_no_rows() -> None:
    assert named() == []
    assert named(mail("<p>words", "a")) == []
    assert first_rows(extract([])).tolist() == []
