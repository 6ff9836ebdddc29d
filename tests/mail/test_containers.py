"""Mails inside other formats: each HTML part in them is found, and what cannot be looked into is said."""

import zlib
from base64 import encodebytes
from quopri import encodestring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_containers import IID_MESSAGE, compressed, enveloped, msg, properties, rtf, signed, tnef

from tkit.mail import Message, containers
from tkit.mail.containers import MAX_DEPTH
from tkit.mail.emlx import split_emlx

SENDER = b"From: Shop <news@shop.example>\n"
HTML = b"<p>\xc3\xa9<img src='http://t.example/o'>"
TEXT = HTML.decode()
LETTER = SENDER + b"Content-Type: text/html; charset=utf-8\n\n" + HTML


def mail(content_type: bytes, content: bytes, encoding: bytes = b"base64") -> bytes:
    """Return a mail with one attachment."""
    encode = {b"base64": encodebytes, b"quoted-printable": encodestring}.get(encoding, bytes)
    return (
        SENDER + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee below\n--b\nContent-Type: " + content_type
        + b"\nContent-Transfer-Encoding: " + encoding + b"\n\n" + encode(content) + b"\n--b--\n"
    )  # fmt: skip


def read(raw: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    message = Message.from_bytes(raw)
    assert message.from_domain == "shop.example"
    assert set(message.unread) <= set(message.defects)
    return tuple(text.strip() for text in message.html_parts), message.unread


MULTIPART = (
    SENDER + b"Content-Type: multipart/alternative; boundary=c\n\n--c\n\nHi\n--c\nContent-Type: text/html\n"
    b"Content-Transfer-Encoding: base64\n\n" + encodebytes(HTML) + b"--c--\n"
)


@pytest.mark.parametrize("encoding", [b"base64", b"quoted-printable", b"BASE64;", b"Quoted-Printable (a)"])
@pytest.mark.parametrize(
    "content",
    [
        LETTER,
        LETTER.replace(b"\n", b"\r\n"),
        b">From a\n" + LETTER,
        MULTIPART,
        mail(b"message/rfc822", LETTER).replace(b"boundary=b", b"boundary=d").replace(b"--b", b"--d"),
        b"Content-Type: text/html; charset=utf-8\n\n" + HTML,
    ],
)
def test_an_encoded_message(content: bytes, encoding: bytes) -> None:
    name = b"base64" if b"64" in encoding else b"quoted-printable"
    for content_type in (b"message/rfc822", b"message/global; name=a.eml"):
        assert read(mail(content_type, content, name).replace(b": " + name, b": " + encoding)) == ((TEXT,), ())


@pytest.mark.parametrize("encoding", [b"base64", b"quoted-printable", b"8bit", b"7bit"])
def test_a_message_that_is_not_encoded_although_it_says_so(encoding: bytes) -> None:
    raw = mail(b"message/rfc822", LETTER, b"8bit").replace(b"Encoding: 8bit", b"Encoding: " + encoding)
    assert read(raw) == ((TEXT,), ())


PART = b"Content-Type: text/html; charset=utf-8\r\n\r\n" + HTML


@pytest.mark.parametrize(
    "content",
    [
        signed(PART),
        signed(PART, indefinite=True),
        signed(MULTIPART),
        compressed(zlib.compress(PART)),
        signed(mail(b"application/pkcs7-mime", signed(PART))),
        signed(mail(b"application/x-pkcs7-mime", compressed(zlib.compress(LETTER)))),
    ],
)
@pytest.mark.parametrize(
    "content_type",
    [
        b"application/pkcs7-mime",
        b"application/x-pkcs7-mime; smime-type=signed-data",
        b'application/octet-stream; name="smime.p7m"',
    ],
)
def test_smime_that_is_signed_or_compressed(content: bytes, content_type: bytes) -> None:
    assert read(mail(content_type, content)) == ((TEXT,), ())
    whole = SENDER + b"Content-Type: " + content_type + b"\nContent-Transfer-Encoding: base64\n\n" + encodebytes(content)
    assert read(whole) == ((TEXT,), ())


@pytest.mark.parametrize(
    ("content", "unread"),
    [
        (enveloped(), ("S/MIME: encrypted",)),
        (b"no CMS", ("S/MIME: damaged",)),
        (signed(PART)[:50], ("S/MIME: damaged",)),
        (compressed(zlib.compress(PART)[:20]), ()),  # a truncated stream gives its beginning
        (compressed(b"no zlib"), ("S/MIME: damaged",)),
        (signed(b""), ()),
        (b"", ("S/MIME: damaged",)),
    ],
)
def test_smime_that_cannot_be_looked_into(content: bytes, unread: tuple[str, ...]) -> None:
    assert read(mail(b"application/pkcs7-mime", content)) == ((), unread)


def test_what_unpacks_to_more_than_a_mail_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_BYTES", 1000)
    raw = mail(b"application/pkcs7-mime", compressed(zlib.compress(PART + b" " * 1000)))
    assert read(raw) == ((), ("S/MIME: larger than 100 MiB when opened",))


BODY = (1, 0x9003, properties((0x1013, HTML)))
START = (2, 0x9002, b"\0" * 14)


@pytest.mark.parametrize(
    "content",
    [
        tnef(BODY),
        tnef((1, 0x8008, b"IPM.Note\0"), (1, 0x9007, b"\xe4\x04\0\0\0\0\0\0"), BODY),
        tnef((1, 0x9003, properties((0x1009, rtf("<p>&#233;<img src='http://t.example/o'>"))))),
        tnef((1, 0x9003, properties((0x0037, b"Autumn\0"))), START, (2, 0x8010, b"a.html\0"), (2, 0x800F, HTML)),
        tnef(START, (2, 0x800F, HTML), (2, 0x9005, properties((0x3707, b"a.HTM\0")))),
        tnef(START, (2, 0x800F, LETTER), (2, 0x9005, properties((0x370E, b"message/rfc822\0")))),
        tnef(START, (2, 0x9005, properties((0x3701, IID_MESSAGE + tnef(BODY))))),
        tnef(BODY) + b"\0\0\r\n",
    ],
)
@pytest.mark.parametrize("content_type", [b"application/ms-tnef", b"Application/octet-stream; name=WINMAIL.DAT"])
def test_tnef(content: bytes, content_type: bytes) -> None:
    parts, unread = read(mail(content_type, content))
    assert [part.replace("&#233;", "é") for part in parts] == [TEXT]
    assert unread == ()


@pytest.mark.parametrize(
    ("content", "unread"),
    [
        (b"", ("TNEF: not TNEF",)),
        (b"no TNEF", ("TNEF: not TNEF",)),
        (tnef(BODY)[:40], ("TNEF: truncated",)),
        (tnef(BODY)[:10], ("TNEF: truncated",)),
        (tnef((1, 0x9003, properties((0x1009, b"\x01")))), ("TNEF: damaged",)),
        (tnef((1, 0x9003, properties((0x0037, b"Autumn\0")))), ()),
    ],
)
def test_tnef_without_html(content: bytes, unread: tuple[str, ...]) -> None:
    assert read(mail(b"application/ms-tnef", content)) == ((), unread)


HEADERS = "From: Shop <news@shop.example>\r\nTo: a@b.example\r\nContent-Type: multipart/mixed;\r\n boundary=x\r\n\r\n"


@pytest.mark.parametrize(
    "content",
    [
        msg(HEADERS, {"10130102": HTML}),
        msg(HEADERS, {"1013001F": TEXT.encode("utf-16-le")}),
        msg(HEADERS, {"10090102": rtf("<p>&#233;<img src='http://t.example/o'>")}),
        msg(HEADERS, {}, (("a.html", HTML),)),
        msg(HEADERS, {}, (("a.png", b"\x89PNG"), ("a.eml", LETTER))),
        msg("", {"10130102": HTML, "5D01001F": "news@shop.example".encode("utf-16-le")}),
    ],
)
def test_an_outlook_file(content: bytes) -> None:
    for raw in (content, mail(b"application/vnd.ms-outlook", content), mail(b"application/octet-stream; name=a.msg", content)):
        parts, unread = read(raw)
        assert [part.replace("&#233;", "é") for part in parts] == [TEXT]
        assert unread == ()


def test_an_outlook_file_that_never_was_on_the_way() -> None:
    streams = {tag: text.encode("utf-16-le") for tag, text in (("0C1F001F", "a@b.example"), ("0037001F", "Autumn\n sale"))}
    message = Message.from_bytes(msg("", streams))
    assert (message.from_domain, message.subject, message.html_parts) == ("b.example", "Autumn sale", ())
    assert message.date is not None
    assert message.date.isoformat() == "2025-11-04T10:00:00+00:00"


def test_another_ole_file_is_not_looked_into() -> None:
    message = Message.from_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert message.unread == ("Outlook .msg: not a .msg file",)


@pytest.mark.parametrize(
    ("raw", "unread"),
    [
        (mail(b"application/pgp-encrypted", b"Version: 1", b"7bit"), ("PGP: encrypted",)),
        (SENDER + b"Content-Type: text/plain\n\nHi\n-----BEGIN PGP MESSAGE-----\n\nhQEMA\n", ("PGP: encrypted",)),
        (SENDER + b"\n> -----BEGIN PGP MESSAGE-----\n", ()),  # quoted
        (mail(b"application/x-microsoft-rpmsg-message", b"x"), ("Microsoft RMS: encrypted",)),
        (SENDER + b"Content-Type: text/html\nContent-Transfer-Encoding: x-none\n\nx", ("transfer encoding: not known",)),
        (
            SENDER + b"Content-Type: multipart/mixed; boundary=b\n\n--c\nContent-Type: text/html\n\nx\n--c--\n",
            ("MIME: the boundary of a multipart is on no line",),
        ),
        (
            SENDER + b"Content-Type: multipart/mixed\n\n--c\nContent-Type: text/html\n\nx\n--c--\n",
            ("MIME: the boundary of a multipart is on no line",),
        ),
        (SENDER + b"Content-Type: multipart/mixed; boundary=b\n\nno part\n", ()),
        (LETTER, ()),
    ],
)
def test_what_cannot_be_looked_into_is_said(raw: bytes, unread: tuple[str, ...]) -> None:
    assert read(raw)[1] == unread


def test_containers_inside_one_another() -> None:
    for depth, expected in (
        (MAX_DEPTH, ((TEXT,), ())),
        (MAX_DEPTH + 1, ((), ("S/MIME: too many containers inside one another",))),
    ):
        raw = LETTER
        for _ in range(depth):
            raw = mail(b"application/pkcs7-mime", signed(raw))
        assert read(raw) == expected


def test_the_parts_of_a_container_stand_in_their_place() -> None:
    inner = mail(b"message/rfc822", SENDER + b"Content-Type: text/html\n\n<i>")
    raw = inner.replace(
        b"--b--\n", b"--b\nContent-Type: text/x-amp-html\n\n<amp>\n--b\nContent-Type: text/html\n\n<b>\n--b--\n"
    )
    message = Message.from_bytes(raw)
    assert message.html_parts == ("<i>", "<b>", "<amp>")
    assert message.content_types == ("text/plain", "text/html", "text/x-amp-html", "text/html")


@given(st.binary(max_size=60), st.integers(0, 400), st.booleans())
def test_any_damage_is_read(noise: bytes, at: int, cut: bool) -> None:
    for content_type, content in (
        (b"application/pkcs7-mime", signed(MULTIPART)),
        (b"application/ms-tnef", tnef(BODY, START, (2, 0x9005, properties((0x3701, IID_MESSAGE + tnef(BODY)))))),
        (b"message/rfc822", LETTER),
    ):
        damaged = content[:at] + noise + (b"" if cut else content[at + len(noise) :])
        message = Message.from_bytes(mail(content_type, damaged))
        assert isinstance(message.html_parts, tuple)
        assert all(": " in why for why in message.unread)


@given(
    st.text("<>abc='\"/ \n=", min_size=1, max_size=60).map(str.strip).filter(bool),
    st.sampled_from([b"base64", b"quoted-printable"]),
)
def test_any_html_in_any_container(html: str, encoding: bytes) -> None:
    letter = SENDER + b"Content-Type: text/html\nContent-Transfer-Encoding: " + encoding + b"\n\n"
    letter += encodebytes(html.encode()) if encoding == b"base64" else encodestring(html.encode())
    item = html.encode()
    for raw in (
        mail(b"message/rfc822", letter),
        mail(b"message/rfc822", letter, b"quoted-printable"),
        mail(b"application/pkcs7-mime", signed(letter, indefinite=True)),
        mail(b"application/pkcs7-mime", compressed(zlib.compress(letter))),
        mail(b"application/ms-tnef", tnef((1, 0x9003, properties((0x1013, item))))),
    ):
        assert read(raw) == ((html,), ())


def test_the_length_of_emlx_ends_the_mail() -> None:
    plist = b'<?xml version="1.0"?><plist version="1.0"><string>&lt;img src=http://t.example/o&gt;</string></plist>\n'
    for line_end in (b"\n", b"       \n", b"\r\n"):
        raw = b"%d" % len(LETTER) + line_end + LETTER + plist
        emlx = split_emlx(raw)
        assert emlx == (b"%d" % len(LETTER) + line_end, LETTER, plist)
        assert read(raw) == ((TEXT,), ())
        assert emlx.with_mail(LETTER + b"\n") == b"%d" % (len(LETTER) + 1) + line_end + LETTER + b"\n" + plist
    assert split_emlx(b"999\n" + LETTER) is None  # shorter than it says
    assert read(b"999\n" + LETTER) == ((TEXT,), ())
    assert split_emlx(LETTER) is None


@given(st.text("<>abc &;\n", max_size=60), st.integers(0, 12), st.sampled_from([b"\n", b"\r\n"]), st.binary(max_size=40))
def test_any_mail_as_apple_stores_it(text: str, blanks: int, line_end: bytes, plist: bytes) -> None:
    letter = SENDER + b"Content-Type: text/html\n\n<p>" + text.encode()
    plist = b'<?xml version="1.0"?>' + plist
    assert read(b"%d" % len(letter) + b" " * blanks + line_end + letter + plist) == ((("<p>" + text).strip(),), ())
