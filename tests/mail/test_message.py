import email.message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.mail import Message


def html(raw: bytes) -> tuple[str, ...]:
    return Message.from_bytes(raw).html_parts


def test_a_sound_mail() -> None:
    message = Message.from_bytes(
        b"From: Anna <Anna@News.Example>\nTo: b@c.example, D <d@e.example>\nSubject: =?utf-8?q?caf=C3=A9?=\n"
        b"Date: Mon, 01 Jan 2024 12:00:00 +0200\nContent-Type: text/html; charset=utf-8\n\n<p>x</p>"
    )
    assert message.from_domain == "news.example"
    assert message.recipients == ("b@c.example", "d@e.example")
    assert message.subject == "café"
    assert message.date is not None
    assert message.date.isoformat() == "2024-01-01T10:00:00+00:00"
    assert message.html_parts == ("<p>x</p>",)
    assert message.defects == ()


def test_the_mbox_line_is_no_part_of_the_message() -> None:
    mail = b"From: a@b.example\n\nx\n"
    assert Message.from_bytes(b"From a Mon Jan 1\n" + mail).message_sha256 == Message.from_bytes(mail).message_sha256


def test_raw_bytes_in_quoted_printable_are_kept() -> None:
    raw = b"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n\xc3\xa9 =C3=A9"
    assert html(raw) == ("é é",)


def test_base64_with_foreign_characters() -> None:
    assert html(b"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\nPGI+\n!SG\nk8L2I+") == ("<b>Hi</b>",)


def test_html_as_text_is_no_html_part() -> None:
    assert html(b"Content-Type: text/plain\n\n<img src=http://a.example/>") == ()


@given(st.binary(max_size=400))
def test_any_bytes_are_read(data: bytes) -> None:
    for raw in (data, b"Content-Type: text/html\n\n" + data, b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + data):
        message = Message.from_bytes(raw)
        assert len(message.message_sha256) == 64
        assert isinstance(message.defects, tuple)
        assert isinstance(message.headers, dict)


def test_raw_bytes_are_kept_in_quoted_printable_and_in_its_neighbour() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        b"--b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: Quoted-Printable\n\n\xc3\xa9=3D\n"
        b"--b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n\xc3\xa9=3D\n--b--\n"
    )
    assert [text.strip() for text in html(raw)] == ["é=", "é=3D"]


def test_headers_are_unfolded_and_counted() -> None:
    message = Message.from_bytes(
        b"Received: a\r\n\tb\r\nX-Empty:\r\n  folded \r\nRECEIVED : c\r\nno field at all\r\n dropped: with it\r\nTo:d\r\n\r\nx"
    )
    assert message.headers == {"received": ["a b", "c"], "x-empty": ["folded"], "to": ["d"]}
    assert {name: message.header_count(name) for name in message.header_names} == {"received": 2, "x-empty": 1, "to": 1}
    assert message.header_count("cc") == 0
    assert message.header("received") == "a b"
    assert message.header("cc") == ""


SENDER = b"From: a@b.example\n"


@pytest.mark.parametrize(
    ("encoding", "body", "text", "defects"),
    [
        (b"base64", b"PGI+SGk8L2I", "<b>Hi</b", ("base64: characters outside the alphabet, or truncated",)),
        (b"BASE64", b"PGI+SA==\naTwvYj4=", "<b>Hi</b>", ()),  # two encoded pieces one behind the other
        (b"base64", b"P*GI+", "<b>", ("base64: characters outside the alphabet, or truncated",)),
        (b"quoted-printable", b"a=3Db=zz=\nc", "a=b=zzc", ("quoted-printable: broken escape",)),
        (b"quoted-printable", b"a =3D \t\nb", "a =\nb", ()),  # white space at a line's end is no text
        (b"x-none", b"a=3D", "a=3D", ("transfer encoding: not known",)),
        (b"8bit", b"\xc3\xa9", "é", ()),
    ],
)
def test_a_transfer_encoding(encoding: bytes, body: bytes, text: str, defects: tuple[str, ...]) -> None:
    head = SENDER + b"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: " + encoding + b"\n\n"
    message = Message.from_bytes(head + body)
    assert [found.rstrip("\r\n").replace("\r\n", "\n") for found in message.html_parts] == [text]
    assert message.defects == defects


def test_parts_inside_parts_stand_in_their_order() -> None:
    raw = (
        SENDER + b"Content-Type: multipart/related; boundary=b\n\n"
        b"--b\nContent-Type: multipart/alternative; boundary=c\n\n"
        b"--c\nContent-Type: text/plain\n\n<img src=http://a.example/>\n"
        b"--c\nContent-Type: text/x-amp-html\n\n<amp-img>\n"
        b"--c\nContent-Type: TEXT/HTML\n\n<b>\n--c--\n"
        b"--b\nContent-Type: image/gif\nContent-Transfer-Encoding: base64\n\nR0lGODlh\n"
        b"--b\nContent-Type: message/rfc822\n\nContent-Type: text/html\n\n<i>\n--b--\n"
    )
    message = Message.from_bytes(raw)
    assert [text.strip() for text in message.html_parts] == ["<b>", "<i>", "<amp-img>"]  # AMP last
    assert message.content_types == ("text/plain", "text/x-amp-html", "text/html", "image/gif", "text/html")
    assert message.defects == ()


@pytest.mark.parametrize(
    ("raw", "parts", "defects"),
    [
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<b>cut", ("<b>cut",),
         ("MIME: CloseBoundaryNotFoundDefect",)),
        (b"Content-Type: multipart/mixed\n\n--b\nContent-Type: text/html\n\n<b>", (),
         ("MIME: the boundary of a multipart is on no line", "MIME: NoBoundaryInMultipartDefect",
          "MIME: MultipartInvariantViolationDefect")),
        (b"Content-Type: text/html\n\n<b>\0x", ("<b>\0x",), ("bytes: contain NUL",)),
        (b"From: c@d.example\nContent-Type: text/html\n\nx", ("x",), ("From: more than one",)),
        (b"Date: yesterday\n\nx", (), ("Date: unreadable",)),
    ],
)  # fmt: skip
def test_defects(raw: bytes, parts: tuple[str, ...], defects: tuple[str, ...]) -> None:
    message = Message.from_bytes(SENDER + raw)
    assert (message.html_parts, message.defects) == (parts, defects)


def fail(*_: object) -> None:
    raise AssertionError


@pytest.mark.parametrize("kind", [b"text/html", b"multipart/mixed", b"multipart/mixed\xe9", b"message/rfc822"])
@pytest.mark.parametrize("piece", [b";", b";a=b", b';"', b"\\;", b";boundary*0=c"])
def test_the_defects_of_a_long_content_type_need_no_quadratic_parser(
    kind: bytes, piece: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("get_param", "get_params"):
        monkeypatch.setattr(email.message.Message, name, fail)  # of the standard library: it copies the rest at each semicolon
    raw = SENDER + b"Content-Type: " + kind + piece * 20_000 + b"; boundary=b\n\n--b\n\n<p>\xe9\n--b--\n"
    assert isinstance(Message.from_bytes(raw).defects, tuple)


@pytest.mark.parametrize("boundary", [b"b", b'"b c"', b"b\xe9", b'"b\n c"', b"b; boundary=c"])
def test_a_boundary_that_tkit_reads_is_no_defect(boundary: bytes) -> None:
    line = boundary.split(b";")[0].replace(b"\n", b"").strip(b'"')
    raw = SENDER + b"Content-Type: multipart/mixed; boundary=%s\n\n--%s\nContent-Type: text/html\n\n<b>\n--%s--\n"
    message = Message.from_bytes(raw % (boundary, line, line))
    assert (message.html_parts, message.defects) == (("<b>",), ())


def test_lines_that_a_lone_carriage_return_ends() -> None:
    message = Message.from_bytes(b"From: a@b.example\rContent-Type: text/html\r\r<b>x")
    assert message.html_parts == ("<b>x",)
    assert message.defects == ("lines: end with a lone carriage return",)


@pytest.mark.parametrize(
    ("multiparts", "parts", "defects"),
    [
        (128, ("<b>",), ("MIME: CloseBoundaryNotFoundDefect",)),
        (129, (), ("MIME: nested too deeply to be read", "MIME: CloseBoundaryNotFoundDefect")),
        (100_000, (), ("MIME: nested too deeply to be read",)),
    ],
)
def test_deep_nesting_is_a_defect(multiparts: int, parts: tuple[str, ...], defects: tuple[str, ...]) -> None:
    last = multiparts - 1
    opened = b"".join(b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (depth, depth + 1) for depth in range(last))
    raw = SENDER + b"Content-Type: multipart/mixed; boundary=b0\n\n" + opened + b"--b%d\nContent-Type: text/html\n\n<b>" % last
    message = Message.from_bytes(raw)
    assert (message.html_parts, message.defects) == (parts, defects)


@pytest.mark.parametrize("raw", [b"", b"From x", b"From x\n", b"\n", b"\r", b"\n\n<html>", b"no field"])
def test_almost_empty_mails(raw: bytes) -> None:
    message = Message.from_bytes(raw)
    assert (message.html_parts, message.from_domain, message.recipients) == ((), "", ())
    assert message.date is None
    assert "From: missing" in message.defects


@pytest.mark.parametrize(
    ("sender", "domain"),
    [
        ("A <a@b.example>", "b.example"),
        ("a@b.example", "b.example"),
        ('"a@x.example" <c@D.Example.>', "d.example"),
        ("<a@b.example> (x@y.example)", "b.example"),
        ("undisclosed", ""),
        ("a b@", ""),
    ],
)
def test_the_senders_domain(sender: str, domain: str) -> None:
    assert Message.from_bytes(f"From: {sender}\n\nx".encode()).from_domain == domain


def test_recipients_by_every_header_that_names_them() -> None:
    raw = (
        b"Received: from x by y for <E@F.example>; Mon\nTo: A <a@b.example>,\n c@d.example\nCc: a@b.example\n"
        b"Delivered-To: g@h.example\nReply-To: not@me.example\n\nx"
    )
    assert Message.from_bytes(raw).recipients == ("a@b.example", "c@d.example", "g@h.example", "e@f.example")


def test_a_subject_of_a_hundred_thousand_words_is_cut() -> None:
    # Of each encoded word one letter; the white space between two is no part of the text (RFC 2047, section 6.2).
    message = Message.from_bytes(b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\n\nx")
    assert message.subject == "a" * (10_000 // 14) + " =?ut"  # 14 characters a word, and four of the next


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?b?w6k=?= x", "é x"),
        ("=?x-strange?q?a?=", "=?x-strange?q?a?="),
        ("=?utf-8?b?w6k", "=?utf-8?b?w6k"),
    ],
)
def test_the_subject(subject: str, text: str) -> None:
    assert Message.from_bytes(f"Subject: {subject}\n\nx".encode()).subject == text


@pytest.mark.parametrize(
    "raw",
    [
        b"A: 1\nB: 2\n\nC: 3\n\n",
        b"A: 1\r\nB: 2\r\n\r\nC: 3\n\n",
        b"A: 1\nB: 2\n\r\nC: 3\n\n",
        b"A: 1\r\nB: 2\n\nC: 3\r\n\r\n",
        b"A: 1\nB: 2",
    ],
)
def test_headers_end_at_the_first_empty_line_however_lines_end(raw: bytes) -> None:
    assert dict(Message.from_bytes(raw).headers) == {"a": ["1"], "b": ["2"]}


def test_what_stands_before_a_colon_is_a_field_only_without_white_space_in_it() -> None:
    raw = b"A : 1\nnot a field: 2\n : 3\nB\t:4\n 5\n: 6\n>From x: 7\nC:\n\nD: 8"
    assert dict(Message.from_bytes(raw).headers) == {"a": ["1"], "b": ["4 5"], "c": [""]}
