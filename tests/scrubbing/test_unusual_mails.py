"""Mails that do not begin with their headers, and mails inside other formats: only the edited places change."""

from base64 import encodebytes
from typing import cast

import pytest
from calls import Calls
from made_containers import enveloped, msg, properties, signed, tnef

from tkit.bundle import Bundle
from tkit.mail import Message
from tkit.scrubbing import Scrubbed, scrub
from tkit.scrubbing.mails import HEADER

FIELDS = b"From: a@b.example\nContent-Type: text/html\n"
TRACKER = b"<p>Hi<img src='http://t.test/o' width=1 height=1>"
CLEAN = b"<p>Hi<img  width=1 height=1>"


def run(raw: bytes) -> Scrubbed:
    return scrub(raw, cast(Bundle, Calls(lambda url: url.startswith("http://t.test/"))))


@pytest.mark.parametrize(
    "preamble",
    [b"", b"\xef\xbb\xbf", b">From - Sat Apr 12\n", b"+OK 12 octets\n", b"\xe2\x9c\x85 Loading: a\n", b"\n", b"From a\n"],
)
@pytest.mark.parametrize("between", [b"", b"no field\n", b"X-Blank : a\n"])
def test_what_stands_before_and_among_the_headers_is_kept(preamble: bytes, between: bytes) -> None:
    rest = FIELDS + between + b"Subject: x\n\n"
    done = run(preamble + rest + TRACKER)
    header = f"{HEADER}: {done.summary}".encode()
    before, found, after = done.raw.partition(header)
    assert (before, found) == (preamble, header)
    assert after.partition(b"\n")[2] == rest + CLEAN
    assert Message.from_bytes(done.raw).header(HEADER.lower()) != ""
    assert run(done.raw).raw == done.raw


def test_the_length_in_emlx_is_that_of_the_new_mail() -> None:
    mail, plist = FIELDS + b"\n" + TRACKER + b"\n", b'<?xml version="1.0"?><plist version="1.0"></plist>\n'
    done = run(b"%-10d\n" % len(mail) + mail + plist)
    head, _, rest = done.raw.partition(b"\n")
    assert rest.endswith(CLEAN + b"\n" + plist)
    assert head == b"%-10d" % (len(rest) - len(plist))
    assert run(done.raw).raw == done.raw
    untouched = b"%-10d\n" % len(FIELDS) + FIELDS + plist
    assert run(untouched).raw == untouched


LETTER = FIELDS + b"\n" + TRACKER
HEADERS = "From: a@b.example\r\n\r\n"


@pytest.mark.parametrize(
    ("content_type", "content", "name"),
    [
        (b"message/rfc822", LETTER, "message/rfc822"),
        (b"application/pkcs7-mime", signed(LETTER), "S/MIME"),
        (b"application/ms-tnef", tnef((1, 0x9003, properties((0x1013, TRACKER)))), "TNEF"),
        (b"application/vnd.ms-outlook", msg(HEADERS, {"10130102": TRACKER}), "Outlook .msg"),
    ],
)
def test_what_is_in_a_container_is_reported_and_not_touched(content_type: bytes, content: bytes, name: str) -> None:
    html = b"--b\nContent-Type: text/html\n\n%s\n"
    head = b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n"
    attached = b"--b\nContent-Type: %s\nContent-Transfer-Encoding: base64\n\n%s--b--\n" % (content_type, encodebytes(content))
    done = run(head + html % TRACKER + attached)
    assert done.raw.partition(b"\n")[2] == head + html % CLEAN + attached
    assert [(left.finding.url, left.why) for left in done.skipped] == [
        ("http://t.test/o", f"{name}: what is inside is not edited")
    ]
    alone = run(head + attached)
    assert (alone.raw, len(alone.skipped)) == (head + attached, 1)


def test_an_outlook_file_is_reported_and_not_touched() -> None:
    raw = msg(HEADERS, {"10130102": TRACKER})
    done = run(raw)
    assert (done.raw, len(done.skipped)) == (raw, 1)


def test_what_is_encrypted_is_noted() -> None:
    raw = b"From: a@b.example\nContent-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\n" + encodebytes(
        enveloped()
    )
    assert run(raw).notes == ("S/MIME: encrypted, not inspected",)
