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


def test_a_charset_that_the_standard_library_trips_over() -> None:
    assert html(b"Content-Type: text/html; charset*=x''y\n\n\xe9") == ("é",)


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
    assert message.header_counts == {"received": 2, "x-empty": 1, "to": 1}
    assert message.header("received") == "a b"
    assert message.header("cc") == ""
