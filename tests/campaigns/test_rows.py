"""Tests of tkit.campaigns.rows: what the copies in a mailbox add to its rows."""

from tkit.campaigns import extract_with_copies
from tkit.features import extract, feature_names
from tkit.mail import Message

TEXT = " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrstuvwx")


def mail(reader: str, token: str, subject: str = "Sale", sender: str = "news@shop.example", before: str = "") -> Message:
    return Message.from_bytes(
        f"From: {sender}\nTo: {reader}@b.example\nMessage-ID: <{reader}{token}>\nSubject: {subject}\n"
        f"Content-Type: text/html\n\n{before}<p>{TEXT}</p><img src='http://img.shop.example/logo.png' width=90>"
        f"<img src='http://t.shop.example/open?u={token}' width=1 height=1>".encode()
    )


def test_the_rows_of_extract_with_what_the_copies_show() -> None:
    messages = [mail(reader, token) for reader, token in (("anna", "81f31c7"), ("berta", "90c21b4"), ("cem", "77d40a9"))]
    rows = extract_with_copies(iter(messages))
    plain = extract(messages)
    assert rows[list(plain)].equals(plain)
    assert set(feature_names("campaign")) <= set(rows)
    assert rows["copies_known"].eq(3).all()
    assert rows["own_of_recipient"].tolist() == [0, 1] * 3


def test_a_mail_that_is_read_twice_is_one_copy() -> None:
    message = mail("anna", "81f31c7")
    assert extract_with_copies([message, message])["copies_known"].tolist() == [1] * 4


def test_a_forward_of_somebody_elses_copy_is_evidence() -> None:
    mine = mail("anna", "81f31c7")
    theirs = mail("anna", "90c21b4", "Fwd: Sale", "berta@b.example", "<p>Look!</p>")
    rows = extract_with_copies([mine, theirs])
    assert rows["copies_known"].tolist() == [2] * 4
    assert rows["own_of_copy"].tolist() == [0, 1] * 2


def test_a_forward_of_ones_own_copy_is_none() -> None:
    mine = mail("anna", "81f31c7")
    passed_on = mail("berta", "81f31c7", "Fwd: Sale", "anna@b.example", "<img src='http://b.example/signature.png'>")
    rows = extract_with_copies([mine, passed_on])
    assert rows["copies_known"].tolist() == [1] * 5


def test_no_mail() -> None:
    assert extract_with_copies([]).empty
