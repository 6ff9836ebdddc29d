import pytest

from tkit.mail import Message
from tkit.mail.edit import Edit, html_sources

MAIL = (
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/x-amp-html\n\n<amp-img>\n"
    b"--b\nContent-Type: text/html; charset=%s\n\n%s\n--b--\n"
)


@pytest.mark.parametrize("start", [b"", b"From a Mon Jan 1\n", b"From a\nFrom b\n"])
def test_html_parts_are_found_in_the_bytes_in_the_order_of_the_message(start: bytes) -> None:
    raw = start + MAIL % (b"utf-8", b"<p>")
    message = Message.from_bytes(raw)
    sources = html_sources(raw, message)
    assert tuple(source.text for source in sources) == message.html_parts == ("<p>", "<amp-img>")
    assert [raw[source.leaf.start : source.leaf.end] for source in sources] == [b"<p>", b"<amp-img>"]


def test_an_mbox_line_before_lone_carriage_returns() -> None:
    raw = b"From a\n" + (MAIL % (b"utf-8", b"<p>")).replace(b"\n", b"\r")
    sources = html_sources(raw, Message.from_bytes(raw))
    assert [raw[source.leaf.start : source.leaf.end] for source in sources] == [b"<p>", b"<amp-img>"]


@pytest.mark.parametrize(
    ("charset", "content", "after"),
    [
        (b"utf-8", "é<b>ü".encode(), "é<i>ü".encode()),
        (b"utf-8", b"\xef\xbb\xbf" + "é<b>ü".encode(), b"\xef\xbb\xbf" + "é<i>ü".encode()),
        (b"iso-8859-1", b"\xe9<b>\x81", b"\xe9<i>\x81"),
        (b"shift_jis", "か<b>な".encode("shift_jis"), "か<i>な".encode("shift_jis")),
        (b"us-ascii", "é<b>ü".encode(), "é<i>ü".encode()),  # guessed
        (b"x-strange", b"<meta charset=windows-1251>\xcf<b>\xcf", b"<meta charset=windows-1251>\xcf<i>\xcf"),
        (b"utf-8", b"\xe9<b>", b"\xe9<i>"),  # not in its charset, and the edit is elsewhere
    ],
)
def test_an_edit_keeps_the_bytes_around_it(charset: bytes, content: bytes, after: bytes) -> None:
    raw = MAIL % (charset, content)
    source = html_sources(raw, Message.from_bytes(raw))[0]
    start = source.text.index("<b>")
    assert source.rewritten([Edit(start, start + 3, "<i>")]) == after


def test_what_the_charset_cannot_write_is_refused() -> None:
    raw = MAIL % (b"iso-8859-1", b"\xe9<b>")
    assert html_sources(raw, Message.from_bytes(raw))[0].rewritten([Edit(0, 1, "な")]) is None
