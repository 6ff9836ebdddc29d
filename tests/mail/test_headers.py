"""What stands before and among the header fields; every mail here has one HTML part that must be found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.corpus.raw import why_no_mail
from tkit.mail import Message
from tkit.mail.headers import HEAD_BYTES, HEADER_LINES, known_field, message_head, part_head

FIELDS = b"From: Shop <news@shop.example>\nSubject: Autumn\nContent-Type: text/html\n"


def read(raw: bytes) -> tuple[tuple[str, ...], str]:
    message = Message.from_bytes(raw)
    return tuple(text.strip() for text in message.html_parts), message.from_domain


@pytest.mark.parametrize(
    "preamble",
    [
        b"",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbfFrom - Sat Apr 12 15:59:28 2025\n",
        b"380\n",
        b"380       \r\n",
        b">From - Sat Apr 12 15:59:28 2025\n",
        b">>From a@b.example Sat Apr 12 15:59:28 2025\n",
        b"From a@b.example Sat Apr 12 15:59:28 2025\n",
        b"From a@b.example Sat Apr 12 15:59:28 2025\n>From a@b.example Sat Apr 12 15:59:28 2025\n",
        b"From a@b.example Sat Apr 12 15:59:28 2025\nFrom a@b.example Sat Apr 12 15:59:28 2025\n",
        b"+OK 1234 octets\r\n",
        b"* 1 FETCH (BODY[] {1234}\r\n",
        b"\xe2\x9c\x85 Loading the configuration: a.toml\n",
        b"2025-04-12 15:59:28 INFO filter: 1 mail\n",
        b"INFO:filter:started\n",
        b"<pre>\n",
        b"one\ntwo\n three\n",
        b"\n\r\n",
        b"Dear colleague,\n\nhere is the mail.\n\n",
    ],
)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_what_stands_before_the_first_field_is_passed_over(preamble: bytes, line_end: bytes) -> None:
    raw = (preamble + FIELDS + b"\n<p>").replace(b"\r\n", b"\n").replace(b"\n", line_end)
    if not preamble.startswith(b"From "):  # an mbox line is cut off before a file is checked
        assert why_no_mail(raw) == "" or line_end == b"\r"
    assert read(raw) == (("<p>",), "shop.example")


@pytest.mark.parametrize(
    "line",
    [
        b"bFCoPnjQHA37xZ8d8Z\nTsgjzM5i+6MOEIfO\n",
        b"X-Long: folded\nhere without a blank\n",
        b"Received from a.example by b.example\n",
        b"no field\n and its fold\n",
        b"Message-ID : <a@b.example>\n",
        b"X-Tab\t: a\n",
        b": no name\n",
        b">From a\n",
        b"From a\n",
        b"\xe9\xff\n",
        b"<x-flowed>\n",
    ],
)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_lines_that_are_no_fields_are_passed_over(line: bytes, line_end: bytes) -> None:
    for fields in (
        b"From: Shop <news@shop.example>\n" + line + b"Content-Type: text/html\n",
        FIELDS + line + b"To: a@b.example\n",
    ):
        raw = (fields + b"\n<p>").replace(b"\n", line_end)
        assert read(raw) == (("<p>",), "shop.example")
        part = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + fields + b"\n<p>\n--b--\n"
        assert read(part.replace(b"\n", line_end))[0] == ("<p>",)


def test_without_an_empty_line_the_body_begins_at_the_first_line_that_is_no_field() -> None:
    for body in (
        b"<p>one\n\n<p>two",
        b"<style>\np {\ncolor:red }\n</style>\n\n<p>",  # a field's form, but not its name
        b"<p>one",
        b"text\nand more\n\n<p>",
    ):
        assert read(FIELDS + body)[0] == (body.decode(),)


def test_a_field_beyond_the_first_empty_line_is_none() -> None:
    raw = FIELDS + b"text\n\nContent-Type: text/plain\n"
    assert read(raw)[0] == ("text\n\nContent-Type: text/plain",)


def test_base64_is_not_decoded_with_a_line_before_it() -> None:
    head = FIELDS + b"Content-Transfer-Encoding: base64\n"
    for body in (b"\nPHA+\n", b"junk line\n\nPHA+\n", b"PHA+\n", b"PHA+\n\n"):
        assert read(head + body)[0] == ("<p>",), body


def test_a_message_in_a_message_has_a_preamble_too_and_a_part_has_none() -> None:
    raw = b"Content-Type: message/rfc822\n\n>From a\n" + FIELDS + b"\n<p>"
    assert read(raw)[0] == ("<p>",)
    part = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" + FIELDS + b"\n<p>\n--b--\n"
    assert read(part)[0] == ()  # a part without fields is plain text, and text may look like fields


def test_the_check_and_the_reader_know_the_same_lines() -> None:
    for lines, first in ((HEADER_LINES - 1, 2 * (HEADER_LINES - 1)), (HEADER_LINES, None)):
        raw = b"x\n" * lines + FIELDS
        assert known_field(raw) == first
        assert (why_no_mail(raw) == "") == (first is not None)
    assert known_field(b"x" * HEAD_BYTES + b"\n" + FIELDS) is None
    assert known_field(b"\xef\xbb\xbf" + FIELDS) == 3


def test_positions() -> None:
    raw = b"junk\nSubject: a\njunk\nTo : b\njunk\n\nbody"
    assert message_head(raw) == (5, 28, 28, 34)
    assert part_head(raw, 5, len(raw)) == (5, 28, 28, 34)
    assert message_head(b"") == (0, 0, 0, 0)
    assert message_head(b"Subject: a") == (0, 10, 10, 10)
    assert message_head(b"Subject: a\n\nb") == (0, 11, 12, 12)


JUNK = st.sampled_from([b"x", b"x y", b"+OK", b"<a>", b"=", b"\xe9", b"(", b"123", b">From x", b"\tfold", b"a b: c"])


@given(st.lists(JUNK, max_size=5), st.lists(JUNK, max_size=5), st.lists(JUNK, max_size=5), st.sampled_from([b"\n", b"\r\n"]))
def test_any_junk_before_and_between_known_fields(
    before: list[bytes], between: list[bytes], after: list[bytes], line_end: bytes
) -> None:
    lines = [*before, b"From: a@shop.example", *between, b"Content-Type: text/html", *after, b"To: b@c.example", b"", b"<p>"]
    raw = line_end.join(lines)
    assert read(raw) == (("<p>",), "shop.example")
    assert Message.from_bytes(raw).recipients == ("b@c.example",)


@given(
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.lists(st.sampled_from([b">From a@b.example Sat Apr 12 15:59:28 2025", b">>From - x", b"From a", b"+OK"]), max_size=3),
    st.lists(st.text(" \t", max_size=3).map(str.encode), min_size=2, max_size=2),
)
def test_a_mark_quoted_lines_and_blanks_before_colons(mark: bytes, lines: list[bytes], blanks: list[bytes]) -> None:
    fields = b"From%s: a@shop.example\nContent-Type%s: text/html\n" % tuple(blanks)
    assert read(mark + b"".join(line + b"\n" for line in lines) + fields + b"\n<p>") == (("<p>",), "shop.example")


def test_a_million_lines_that_are_no_fields_are_read_once() -> None:
    for line in (b"junk\n", b"a:\njunk\n", b"<a>\na:\n", b"Subject: x\njunk\n", b"\r", b" \n", b":\n"):
        assert message_head(line * 1_000_000).start <= HEAD_BYTES
