from hypothesis import given
from hypothesis import strategies as st

from tkit.mail import Message
from tkit.mail.charset import decode_text

SENDER = b"From: a@b.example\n"


def html(raw: bytes) -> tuple[str, ...]:
    return Message.from_bytes(raw).html_parts


def test_a_charset_that_the_standard_library_trips_over() -> None:
    assert html(b"Content-Type: text/html; charset*=x''y\n\n\xe9") == ("é",)


def test_a_body_in_its_charset() -> None:
    for head, body, text, defects in (
        (b"charset=utf-8", b"\xc3\xa9", "é", ()),
        (b"charset=iso-8859-1", b"\x93x\x94", "\u201cx\u201d", ()),  # what browsers read by that label
        (b"charset=iso-8859-1", b"\xef\xbb\xbf\xc3\xa9", "é", ()),  # a byte order mark has the last word
        (b"charset=x-strange", b"\xc3\xa9", "é", ("html part 0: unknown charset",)),
        (b"charset=x-strange", b"\xe9", "é", ("html part 0: unknown charset",)),
        (b"charset=us-ascii", b"\xc3\xa9", "é", ("html part 0: not in its declared charset",)),
        (b"charset=utf-8", b"\xe9x", "\ufffdx", ("html part 0: not in its declared charset",)),
        (b"x=y", b"<meta charset=windows-1251>\xcf", "<meta charset=windows-1251>П", ()),
        (b"x=y", b"<meta charset=utf-8>\xcf", "<meta charset=utf-8>Ï", ("html part 0: not in its declared charset",)),
    ):
        message = Message.from_bytes(SENDER + b"Content-Type: text/html; " + head + b"\n\n" + body)
        assert (message.html_parts, message.defects) == ((text,), defects), (head, body)


def test_two_bytes_a_character() -> None:
    head = b"Content-Type: text/html; charset=utf-16le\nContent-Transfer-Encoding: base64\n\n"
    assert html(head + b"PABiAD4A") == ("<b>",)


@given(
    st.sampled_from([b"", b"\xef\xbb\xbf", b"\xff\xfe", b"<meta charset=windows-1251>", b"<meta charset=utf-16>", b"\xe9"]),
    st.binary(max_size=40),
    st.sampled_from(["", "us-ascii", "utf-8", "utf-16le", "iso-2022-jp", "iso-8859-1", "big5", "windows-1253", "x-strange"]),
)
def test_the_decoding_gives_the_text_again(start: bytes, rest: bytes, label: str) -> None:
    content = start + rest
    text, decoding, _ = decode_text(content, label)
    assert content[decoding.mark :].decode(decoding.codec, decoding.errors) == text
