"""The values of Content-Type and Content-Transfer-Encoding; what the standard library reads, and what it does not."""

import email
import email.message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.mail import Message
from tkit.mail.content import Content, read_content


def content(value: str, encoding: str = "") -> Content:
    field = f"Content-Transfer-Encoding: {encoding}\n" if encoding else ""
    return read_content(f"Content-Type: {value}\n{field}".encode("latin-1"), "text/plain")


@pytest.mark.parametrize(
    "value",
    [
        "text/html", "TEXT/Html", " \ttext/html ", '"text/html"', "'text/html'", '"text"/"html"', "text / html", "text/\n html",
        "(fancy) text/html", "text/html (comment)", "text(a)/(b)html", "((nested) (\\) twice)) text/html",
        "(a)(b)\n\ttext/html",
        "text/html;", "text/html,", "text/html charset=utf-8", "text/html; (comment; charset=a) charset=utf-8", "text/html/x",
        "text/html; charset=utf-8; charset=latin1", 'text/html; name="a;b\\"c"; charset="utf-8"', "text/html ;charset = utf-8",
        "text/html; charset=(comment) utf-8", "text/html; charset='utf-8'", "text/html; charset*=us-ascii'en'utf-8",
        'text/html; charset*0="ut"; charset*1="f-8"', 'text/html; charset="utf-8', "text/html (open; charset=utf-8",
        'text/html; "charset"=utf-8', "text/html; CHARSET=UTF-8", "text/html;;;charset=utf-8;;", "text/html; x; charset=utf-8",
    ],
)  # fmt: skip
def test_a_type_of_html(value: str) -> None:
    read = content(value)
    assert read.content_type == "text/html"
    assert read.charset == ("utf-8" if "utf" in value.lower() or "charset*0" in value else "")


@pytest.mark.parametrize("value", ["", "text", "html", "/html", "text/", ";text/html", "(text/html)", "text;/html"])
def test_no_type(value: str) -> None:
    assert content(value).content_type == "text/plain"


@pytest.mark.parametrize(
    ("value", "encoding"),
    [
        ("base64", "base64"), ("BASE64", "base64"), ("base64;", "base64"), ("base64; charset=utf-8", "base64"),
        ("base64 (encoded)", "base64"), ("(encoded) base64", "base64"), ('"base64"', "base64"), ("'base64'", "base64"),
        ("base64(encoded)", "base64"), ("\n base64", "base64"), ("base64, 8bit", "base64"), (" base64\t", "base64"),
        ("quoted-printable charset=utf-8", "quoted-printable"), ("Quoted-Printable;", "quoted-printable"),
        ("x-uuencode", "x-uuencode"), ("8bit", "8bit"), (";", ""), ("()", ""), ('""', ""),
    ],
)  # fmt: skip
def test_a_transfer_encoding(value: str, encoding: str) -> None:
    assert content("text/html", value).encoding == encoding


@pytest.mark.parametrize(
    "value",
    [
        "text/html; charset=utf-8 Content-Transfer-Encoding: base64",
        'text/html; charset="utf-8";\n Content-Transfer-Encoding: base64',
        'text/html; charset="utf-8"Content-Transfer-Encoding: base64;',
        "text/html; charset=utf-8; content-transfer-encoding=base64",
        "text/html;\tcharset=utf-8;CONTENT-TRANSFER-ENCODING:\n base64",
    ],
)
def test_an_encoding_that_is_glued_to_the_type(value: str) -> None:
    assert content(value) == ("text/html", "utf-8", "base64", (), "")
    assert content(value, "8bit").encoding == "8bit"  # a field of its own counts


def test_a_type_that_is_glued_to_the_encoding() -> None:
    block = b"Content-Transfer-Encoding: base64; Content-Type: text/html; charset=utf-8\n"
    assert read_content(block, "text/plain") == ("text/html", "utf-8", "base64", (), "")


@pytest.mark.parametrize(
    ("value", "boundaries"),
    [
        ("boundary=a", [b"a"]), ('boundary="a b"', [b"a b"]), ("boundary=a b", [b"a", b"a b"]), ('boundary="a', [b"a", b'"a']),
        ('boundary="foo\n bar"', [b"foo bar", b"foobar"]), ('boundary="foo\r\n\tbar"', [b"foo\tbar", b"foo bar", b"foobar"]),
        ('boundary=\n "foo"', [b"foo"]), ('boundary="\n foo"', [b"foo"]), ('boundary="foo\n "', [b"foo"]),
        ("boundary=foo (comment)", [b"foo", b"foo (comment)"]), ("boundary=(comment)foo", [b"foo", b"(comment)foo"]),
        ("boundary=a(b)c", [b"a(b)c"]), ('BOUNDARY = "a"', [b"a"]), ("boundary*=us-ascii''a%20b", [b"a b"]),
        ('boundary*0=a; boundary*1="b c"', [b"ab c"]), ('boundary=""', [b""]), ('boundary="a\\"b"', [b'a"b']),
        ("boundary=\xe9", [b"\xe9"]), ('name="x; boundary=a', [b"a"]), ("", []), ("boundary", []),
    ],
)  # fmt: skip
def test_the_readings_of_a_boundary(value: str, boundaries: list[bytes]) -> None:
    for between in ("; ", ";\n ", ";\n"):  # the last is a fold without its blank
        if between != ";\n" or "=" in value.partition("\n")[0]:
            assert content(f"multipart/mixed{between}{value}").boundaries == tuple(boundaries)


@pytest.mark.parametrize(
    ("declared", "line"),
    [
        ('boundary="foo\n bar"', "foo bar"), ('boundary="foo\n bar"', "foobar"), ('boundary="foo\n\tbar"', "foo bar"),
        ('boundary="foo\n\tbar"', "foo\tbar"), ('boundary="\n foo"', "foo"), ("boundary=foo (comment)", "foo"),
        ("boundary=foo (comment)", "foo (comment)"), ("boundary=foo bar", "foo bar"), ('boundary="foo', "foo"),
        ('boundary="foo', '"foo'), ("boundary=\xe9", "\xe9"),
    ],
)  # fmt: skip
def test_of_the_readings_the_one_counts_that_a_line_has(declared: str, line: str) -> None:
    raw = f"Content-Type: multipart/mixed; {declared}\n\n--{line}\nContent-Type: text/html\n\n<p>\n--{line}--\n"
    assert Message.from_bytes(raw.encode("latin-1")).html_parts == ("<p>",)


TOKEN = st.text("abcXYZ019-._=?+'", min_size=1, max_size=12).filter(lambda text: not text.startswith(("'", "=")))
QUOTED = st.text("abc 019-._=?;,()<>@", max_size=12).map(lambda text: f'"{text}"')
PARAMETER = st.tuples(st.sampled_from(["boundary", "Boundary", "name", "type", "x"]), st.one_of(TOKEN, QUOTED))


@given(
    st.sampled_from(["multipart/mixed", "Multipart/X-Y", "text/html", "application/x.y+z"]),
    st.lists(PARAMETER, max_size=4),
    st.sampled_from(["; ", ";", ";\n ", " ;\r\n\t"]),
)
def test_a_sound_value_is_read_as_by_the_standard_library(kind: str, parameters: list[tuple[str, str]], between: str) -> None:
    value = between.join([kind, *(f"{name}={value}" for name, value in parameters)])
    message = email.message.Message()
    message["Content-Type"] = value.replace("\r", "").replace("\n", "")
    read = content(value)
    boundary = message.get_boundary()
    assert read.content_type == message.get_content_type()
    assert list(read.boundaries) == ([] if boundary is None else [boundary.strip().encode()])


COMMENT = st.text("abc /;=", max_size=8).map("({})".format)
BETWEEN = st.lists(st.one_of(COMMENT, st.sampled_from([" ", "\t", "\n ", "\r\n\t"])), max_size=4).map("".join)


@given(BETWEEN, BETWEEN, BETWEEN, st.sampled_from(["", ";", "; charset=utf-8"]))
def test_comments_and_folds_anywhere_in_a_type(before: str, within: str, behind: str, parameters: str) -> None:
    assert content(f"{before}text{within}/html{behind}{parameters}").content_type == "text/html"


@given(
    BETWEEN,
    st.sampled_from(["base64", "Quoted-Printable", "8BIT", "x-uuencode"]),
    st.sampled_from(["", '"', "'"]),
    BETWEEN,
    st.sampled_from(["", ";", "; charset=utf-8", " charset=utf-8", ", 8bit"]),
)
def test_anything_around_a_transfer_encoding(before: str, encoding: str, quote: str, behind: str, rest: str) -> None:
    assert content("text/html", f"{before}{quote}{encoding}{quote}{behind}{rest}").encoding == encoding.lower()


@given(
    st.lists(st.text("abcXYZ019-._=?+'", min_size=1, max_size=8), min_size=1, max_size=4),
    st.sampled_from(["\n ", "\r\n\t", "\n \t "]),
    st.sampled_from(["", "\n "]),
    st.booleans(),
)
def test_a_boundary_folded_anywhere(words: list[str], fold: str, before: str, blank: bool) -> None:
    line = (" " if blank else "").join(words)
    raw = f'Content-Type: multipart/mixed;\n boundary="{before}{fold.join(words)}"\n\n--{line}\nContent-Type: text/html\n\n<p>'
    assert Message.from_bytes(f"{raw}\n--{line}--\n".encode()).html_parts == ("<p>",)


PIECES = st.sampled_from(
    [
        "multipart/mixed", "text/html", "/", ";", "; ", "boundary=", "; boundary=", "Boundary =", "boundary*=", "boundary*0=",
        "boundary*1*=", '"', "----=_Next.1", "abc", "x?=", "\\", '\\"', "<", ">", "us-ascii''", "utf-8'en'%41", "%20", " ",
        "\n ", "\r\n\t", "charset=", "utf-8", "(comment)", "(", ")", "type=text/html", "\xe9", "\x01", "=", "=?utf-8?q?a?=",
        "\nContent-Type:", "\ncontent-transfer-encoding: base64", "x-content-type:",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12))
def test_any_value_is_read(pieces: list[str]) -> None:
    read = content("".join(pieces))
    assert read.content_type.count("/") >= 1
    assert read.content_type == read.content_type.lower().strip()
    assert all(boundary == boundary.strip() for boundary in read.boundaries)


@pytest.mark.parametrize(
    "piece", [";", "; ", "(", ")", '"', "\\", "=", " ", "a=b;", "(a", '"a";', "*0=", "\n ", ";\na=", "boundary"]
)
def test_a_value_of_megabytes_is_read_in_one_pass(piece: str) -> None:
    # Read anew for each of its pieces, a value of 100,000 would take minutes.
    assert content("multipart/mixed" + piece * 100_000).content_type.startswith("multipart/mixed")
