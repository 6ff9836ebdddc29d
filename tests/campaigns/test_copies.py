import numpy as np

from tkit.campaigns import copy_of
from tkit.mail import Message

PICTURE = "<img src='http://img.shop.example/logo.png' width=200 height=80>"


def mail(html: str, head: str = "") -> Message:
    raw = f"{head}From: Shop <news@mail.shop.example>\nTo: list@reader.example\nMessage-ID: <1@shop.example>\n"
    return Message.from_bytes(f"{raw}Content-Type: text/html\n\n{html}".encode())


def test_a_mail_without_remote_references_is_not_kept() -> None:
    assert copy_of(mail("<p>words<img src=cid:1><a href='http://a.example/'>link</a>")) is None


def test_what_is_kept() -> None:
    message = mail(PICTURE, "Subject: Fwd: Sale\n")
    copy = copy_of(message)
    assert copy is not None
    assert copy.message_sha256 == message.message_sha256
    assert (copy.message_id, copy.mail.forward) == ("<1@shop.example>", True)
    assert (copy.mail.sender, copy.mail.subject, copy.mail.recipient) == ("shop.example", "sale", "list@reader.example")
    (reference,) = copy.references
    assert (reference.part, reference.index) == (0, 0)
    assert reference.slot == ("http://img.shop.example/logo.png", "img-src", "200x80")
    assert copy.mail.urls == {"http://img.shop.example/logo.png"}


def test_the_recipient_is_that_of_delivery() -> None:
    copy = copy_of(mail(PICTURE, "X-Original-To: anna@home.example\n"))
    assert copy is not None
    assert copy.mail.recipient == "anna@home.example"


def test_the_time_is_that_of_receipt_before_that_of_writing() -> None:
    date, received = "Date: Mon, 06 May 2024 08:00:00 +0000\n", "Received: from a by b; Mon, 06 May 2024 09:00:00 +0000\n"
    times = [copy.mail.time for head in (date, date + received, "") if (copy := copy_of(mail(PICTURE, head)))]
    assert times[1] - times[0] == 3600
    assert np.isnan(times[2])


def test_cache_busters_are_removed_and_values_that_links_have_too_are_kept() -> None:
    html = "<img src='http://t.example/o.gif?t=4811970'><img src='http://t.example/p.gif?cb=5811971'>"
    link = "<a href='http://shop.example/go/4811970'>go</a>"
    copy = copy_of(mail(html + link))
    assert copy is not None
    assert [(reference.slot.url, reference.busted, reference.signed) for reference in copy.references] == [
        ("http://t.example/o.gif?t=4811970", False, False),
        ("http://t.example/p.gif", True, False),
    ]
