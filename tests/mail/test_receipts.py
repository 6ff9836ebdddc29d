"""Receipts asked for by header fields: written forms of real programs, read and dropped byte for byte."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.mail import Message
from tkit.mail.outlook import OLE_MAGIC
from tkit.mail.receipts import (
    RECEIPT_HEADERS,
    asks_for_read_receipt,
    read_receipt_domains,
    receipt_requests,
    receipt_sent,
    without_receipt_requests,
)


class Form(NamedTuple):
    """A written form: what stands before and behind the fields that ask, these fields, and the domains that are asked for."""

    before: bytes
    fields: bytes
    after: bytes
    domains: tuple[str, ...]


FROM = b"From: a@from.example\n"
REST = b"Subject: Hi\n two\n\nReturn-Receipt-To: body@b.example\n"
DNT = b"Disposition-Notification-To: "

FORMS = {
    "plain": Form(FROM, DNT + b"a@b.example\n", REST, ("b.example",)),
    "angle brackets": Form(FROM, DNT + b"News <a@B.Example>\n", REST, ("b.example",)),
    "folded": Form(FROM, DNT + b"\n\t <a@b.example>\n", REST, ("b.example",)),
    "folded, with a line of blanks": Form(FROM, DNT + b"A\n \n <a@b.example>\n", REST, ("b.example",)),
    "several addresses": Form(FROM, DNT + b"a@b.example, C <c@d.example>,\n e@b.example\n", REST, ("b.example", "d.example")),
    "encoded name": Form(FROM, DNT + b"=?utf-8?Q?A=40x.example?= <a@b.example>\n", REST, ("b.example",)),
    "address as quoted name": Form(FROM, DNT + b'"x@y.example, Z" <a@b.example>\n', REST, ("b.example",)),
    "address as name": Form(FROM, DNT + b"x@y.example <a@b.example>\n", REST, ("b.example",)),
    "group": Form(FROM, DNT + b"Staff: a@b.example, C <c@d.example>;\n", REST, ("b.example", "d.example")),
    "empty group": Form(FROM, DNT + b"Staff:;\n", REST, ()),
    "empty": Form(FROM, b"Disposition-Notification-To:\n", REST, ()),
    "no domain": Form(FROM, b"Return-Receipt-To: postmaster\n", REST, ()),
    "twice": Form(FROM, DNT + b"a@b.example\n" + DNT + b"c@d.example\n", REST, ("b.example", "d.example")),
    "odd case, blanks before the colon": Form(FROM, b"dISPOSITION-nOTIFICATION-tO \t: a@b.example\n", REST, ("b.example",)),
    "comments": Form(FROM, DNT + b"(x@y.example (z@y.example)) a@b.example (\\) c@y.example)\n", REST, ("b.example",)),
    "carriage returns and line feeds": Form(
        FROM.replace(b"\n", b"\r\n"), DNT + b"A\r\n <a@b.example>\r\n", REST.replace(b"\n", b"\r\n"), ("b.example",)
    ),
    "lone carriage returns": Form(
        FROM.replace(b"\n", b"\r"), DNT + b"A\r <a@b.example>\r", REST.replace(b"\n", b"\r"), ("b.example",)
    ),
    "behind a lone carriage return": Form(FROM[:-1], b"\rRead-Receipt-To: a@b.example", b"\n" + REST, ("b.example",)),
    "behind a preamble": Form(
        b"+OK 90 octets\n> quoted\n" + FROM, DNT + b"a@b.example\n", b"no field\n" + REST, ("b.example",)
    ),
    "first, behind an mbox line": Form(
        b"From a Mon May  6 10:00:00 2024\n", DNT + b"a@b.example\n", FROM + REST, ("b.example",)
    ),
    "last": Form(FROM, DNT + b"a@b.example\n", b"\nHi", ("b.example",)),
    "source route and address literal": Form(FROM, DNT + b"<@r.example,@s.example:a@[192.0.2.1]>\n", REST, ("192.0.2.1",)),
    "raw bytes in the name": Form(FROM, DNT + b"J\xfcrgen <a@b.example>\n", REST, ("b.example",)),
    "bracket never closed": Form(FROM, DNT + b"(News <a@b.example\n", REST, ("b.example",)),
    "Pegasus Mail": Form(
        FROM,
        b"X-Confirm-Reading-To: a@b.example\nX-pmrqc: 1\nReturn-receipt-to: a@b.example\n",
        REST,
        ("b.example", "from.example"),
    ),
    "Pegasus Mail, off": Form(FROM, b"X-pmrqc: 0\n", REST, ()),
    "options": Form(
        FROM,
        DNT + b"a@b.example\nDisposition-Notification-Options: signed-receipt-protocol=optional,\n pkcs7-signature\n",
        REST,
        ("b.example",),
    ),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_written_forms_are_read_and_dropped_byte_for_byte(form: Form) -> None:
    raw = form.before + form.fields + form.after
    assert read_receipt_domains(Message.from_bytes(raw)) == form.domains
    done = without_receipt_requests(raw)
    assert (done.raw, done.left) == (form.before + form.after, ())
    names = (*RECEIPT_HEADERS, "Disposition-Notification-Options")
    assert len(done.dropped) == sum(form.fields.lower().count(name.lower().encode()) for name in names)
    assert read_receipt_domains(Message.from_bytes(done.raw)) == ()


def test_each_field_is_one_request() -> None:
    raw = FROM + DNT + b"a@b.example\nReturn-Receipt-To:\nGenerate-Delivery-Report: \n\nX"
    requests = receipt_requests(Message.from_bytes(raw))
    assert [tuple(request) for request in requests] == [
        ("Disposition-Notification-To", "read", ("b.example",)),
        ("Return-Receipt-To", "either", ()),
        ("Generate-Delivery-Report", "delivery", ("from.example",)),
    ]


def test_delivery_requests_stay_and_do_not_count_as_reading() -> None:
    for name in (name for name, kind in RECEIPT_HEADERS.items() if kind == "delivery"):
        raw = FROM + name.encode() + b": a@b.example\n\nX"
        assert read_receipt_domains(Message.from_bytes(raw)) == ()
        assert without_receipt_requests(raw) == (raw, (), ())
        assert not asks_for_read_receipt(name)


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"Subject: Hi\n\n" + DNT + b"a@b.example\n", FROM + b"X-" + DNT + b"a@b.example\n\n"]
)
def test_a_mail_that_asks_for_nothing_stays(raw: bytes) -> None:
    assert without_receipt_requests(raw) == (raw, (), ())


def test_a_field_stays_if_the_mail_would_be_read_differently_without_it() -> None:
    raw = b"a log line\n" + DNT + b"a@b.example\n\nHi\n"  # the only field by which the headers are found
    assert read_receipt_domains(Message.from_bytes(raw)) == ("b.example",)
    assert without_receipt_requests(raw) == (raw, (), ("Disposition-Notification-To",))


def test_an_outlook_file_is_not_cut() -> None:
    raw = OLE_MAGIC + b"\n" + FROM + DNT + b"a@b.example\n\n"
    assert without_receipt_requests(raw).raw == raw


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("multipart/report; report-type=disposition-notification; boundary=x", "read"),
        ('Multipart/Report;\n boundary="x";\n Report-Type="Delivery-Status"', "delivery"),
        ("multipart/report; report-type=feedback-report", ""),
        ("multipart/report", ""),
        ("text/plain; report-type=disposition-notification", ""),
    ],
)
def test_mails_that_are_receipts_are_told_apart(value: str, kind: str) -> None:
    message = Message.from_bytes(f"Content-Type: {value}\n\n--x--".encode())
    assert receipt_sent(message) == kind
    assert receipt_requests(message) == ()


NAMES = st.sampled_from([*RECEIPT_HEADERS, "Disposition-Notification-Options", "Subject", "To", "X-A"])
VALUES = st.text(st.sampled_from('a@b.<>,;:"()\\ \t=?é'), max_size=30)
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n ", "\r\n\t"])
LINES = st.lists(st.tuples(NAMES, st.sampled_from([":", " : ", ""]), VALUES, ENDS).map("".join), max_size=8).map("".join)


@given(st.one_of(st.tuples(LINES, st.sampled_from(["\n", "\r\n", ""]), VALUES).map("".join).map(str.encode), st.binary()))
def test_dropping_keeps_all_other_bytes_and_is_done_once(raw: bytes) -> None:
    done = without_receipt_requests(raw)
    again = without_receipt_requests(done.raw)
    assert (again.raw, again.dropped) == (done.raw, ())
    rest = iter(raw)
    assert all(byte in rest for byte in done.raw)  # in order
    assert bool(done.dropped) == (done.raw != raw)
    if not done.left:
        assert read_receipt_domains(Message.from_bytes(done.raw)) == ()


def test_a_field_that_must_stay_does_not_keep_the_others() -> None:
    request = b"Return-Receipt-To: a@b.example\n"
    raw = FROM + request + b"no field\n" + request + b"\nHi"  # without the second, the body would begin at the line before it
    assert without_receipt_requests(raw) == (FROM + b"no field\n" + request + b"\nHi", *(("Return-Receipt-To",),) * 2)


@given(st.lists(VALUES, max_size=4), VALUES)
def test_the_fields_around_a_request_stay(others: list[str], value: str) -> None:
    before = b"From: a@b.example\nSubject: Hi\n"
    after = b"To: c@d.example\n" + "".join(f"X-A: {other}\n" for other in others).encode() + b"\nBody"
    done = without_receipt_requests(before + f"X-Confirm-Reading-To: {value}\n".encode() + after)
    assert done.raw == before + after
