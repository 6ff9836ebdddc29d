from base64 import encodebytes
from quopri import encodestring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.mail.transfer import decode_base64, decode_quoted_printable, decoded, defects_of

CUT = ["base64: characters outside the alphabet, or truncated"]
BROKEN = ["quoted-printable: broken escape"]


@given(st.binary(max_size=200))
def test_what_is_sound_comes_back(data: bytes) -> None:
    for encoding, written in (("base64", encodebytes(data)), ("base64", encodebytes(data).replace(b"\n", b"\r\n"))):
        assert decoded(written, encoding) == data
        assert defects_of(written, encoding) == []
    assert defects_of(encodestring(data), "quoted-printable") == []


@given(st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), max_size=200))
def test_text_comes_back_from_quoted_printable(text: str) -> None:
    assert decoded(encodestring(text.encode()), "quoted-printable") == text.encode()


@pytest.mark.parametrize(
    ("written", "content", "defects"),
    [
        (b"", b"", []),
        (b"QUJD", b"ABC", []),
        (b"QU JD\r\n\tQQ==\n", b"ABCA", []),
        (b"QQ==\nQUI=", b"AAB", []),  # two pieces one behind the other
        (b"QUJDQ", b"ABC", CUT),  # one digit is no byte
        (b"QUJDQQ", b"ABCA", CUT),
        (b"QU*JD", b"ABC", CUT),
        (b"\xffQUJD", b"ABC", CUT),
        (b"=QUJD", b"ABC", CUT),
        (b"QUJD====", b"ABC", []),
    ],
)
def test_base64(written: bytes, content: bytes, defects: list[str]) -> None:
    assert (decode_base64(written), defects_of(written, "base64")) == (content, defects)


@pytest.mark.parametrize(
    ("written", "content", "defects"),
    [
        (b"a=3Db=3d", b"a=b=", []),
        (b"a=\nb=\r\nc= \nd", b"abcd", []),
        (b"a \nb\t\r\nc \t \nd \t", b"a\nb\r\nc\nd", []),
        (b"a  b\t\tc", b"a  b\t\tc", []),
        (b"a=zz==3D", b"a=zz==", BROKEN),
        (b"a==\nb", b"a=b", BROKEN),
        (b"\xe9=20", b"\xe9 ", ["quoted-printable: raw 8-bit bytes"]),
    ],
)
def test_quoted_printable(written: bytes, content: bytes, defects: list[str]) -> None:
    assert (decode_quoted_printable(written), defects_of(written, "quoted-printable")) == (content, defects)


def test_other_encodings() -> None:
    assert decoded(b"a=3D", "8bit") == decoded(b"a=3D", "") == decoded(b"a=3D", "x-none") == b"a=3D"
    assert decoded(b"begin 644 a\n#04)#\n`\nend\n", "x-uuencode") == b"ABC"
    assert decoded(b"no such thing", "uuencode") == b"no such thing"
