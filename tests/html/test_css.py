from collections.abc import Iterable, Sequence
from typing import Any

import pytest
import tinycss2
from hypothesis import assume, example, given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from tkit.html.css import css_urls


def urls(text: str) -> list[str]:
    return [found.url for found in css_urls(text)]


def pairs(text: str) -> list[tuple[str, str]]:
    return [(found.url, found.use) for found in css_urls(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("background:url(a.png)", ["a.png"]),
        ("background:url( a.png )", ["a.png"]),
        ("background:url('a.png')", ["a.png"]),
        ('background:url( "a.png"\n)', ["a.png"]),
        ("background:URL(a.png)", ["a.png"]),
        ("background:url(a.png),url(b.png)", ["a.png", "b.png"]),
        ("background:src('a.png')", ["a.png"]),
        ("background:src(a.png)", []),  # src() takes no bare URL
        ("background:url('a.png' a-modifier)", ["a.png"]),
        ("background:url()", []),
        ("background:url('')", []),
        ("fill:url(#gradient)", []),
        ("fill:url('#gradient')", []),
        ("content:'url(a.png)'", []),
        ("/* url(a.png) */ background:url(b.png)", ["b.png"]),
        ("/* never closed url(a.png)", []),
        ("background:url(http://a.example/*.png)", ["http://a.example/*.png"]),
        ("background:url(/*a.png*/)", ["/*a.png*/"]),
        ("background:url(a b.png)", []),
        ("background:url(a'b.png)", []),
        ("background:url(a(b.png)", []),
        ("background:url(a\\)b.png)", ["a)b.png"]),
        ("background:url(a b.png), url(c.png)", ["c.png"]),
        ("background:url(a b\\).png), url(c.png)", ["c.png"]),
        ("background:url(a b\\\\), url(c.png)", ["c.png"]),  # the second backslash is escaped, not the parenthesis
        ("background:url(a\x07b.png)", []),
        ("background:url(a\xa0b.png)", ["a\xa0b.png"]),  # no white space of CSS
        ("background:url(a\0b.png)", ["a\ufffdb.png"]),
        ("background:url(a.png", ["a.png"]),
        ("background:url('a.png", ["a.png"]),
        ("background:url('a\nb.png')", []),
        ("background:url('a\nb.png') x:url(c.png)", []),  # the second quote opens a string that ends with the text
        ("background:url('a\n'b.png') x:url(c.png)", ["c.png"]),
        ("x{background:rl(a.png)}", []),
        ("x{background:curl(a.png)}", []),
        ("x{background:1url(a.png)}", []),
        ("x{background:\xb0url(a.png)}", []),  # a letter of a name, as every character beyond ASCII
        ("@url(a.png)", []),
        ("#url(a.png)", []),
        ("-url(a.png)", []),
        ("+url(a.png)", ["a.png"]),
        ("<!--url(a.png)-->", ["a.png"]),
        ("ur/**/l(a.png)", []),
        ("\u017frc('a.png')", []),  # LATIN SMALL LETTER LONG S is no s in CSS
    ],
)
def test_url_functions(text: str, expected: list[str]) -> None:
    assert urls(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\75rl(a.png)", ["a.png"]),
        (r"\75 rl(a.png)", ["a.png"]),
        (r"u\72 l(a.png)", ["a.png"]),
        (r"u\72" "\nl(a.png)", ["a.png"]),
        (r"u\000072l(a.png)", ["a.png"]),
        (r"\55\52\4c(a.png)", ["a.png"]),
        (r"u\rl(a.png)", ["a.png"]),
        (r"ur\6C(a.png)", ["a.png"]),
        (r"ur\l(a.png)", ["a.png"]),
        (r"s\72c('a.png')", []),  # U+072C
        (r"s\72 c('a.png')", ["a.png"]),
        (r"s\000072c('a.png')", ["a.png"]),
        (r"\\url(a.png)", []),  # a name that begins with a backslash
        (r"\29 url(a.png)", []),  # the white space belongs to the escape: one name
        (r"\.url(a.png)", []),
        (r"\\.url(a.png)", ["a.png"]),
        ("\\\nurl(a.png)", ["a.png"]),
        (r"image\-set('a.png')", ["a.png"]),
        (r"a\'{b:url(c.png)}", ["c.png"]),
        (r"a\({b:url(c.png)}", ["c.png"]),
    ],
)
def test_escapes_in_names(text: str, expected: list[str]) -> None:
    assert urls(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"url(https\3a //a.example/b)", "https://a.example/b"),
        (r"url(thr\65 e.png)", "three.png"),
        (r"url(thr\000065e.png)", "three.png"),
        (r"url(thr\65" "\te.png)", "three.png"),
        (r"url(thr\65  e.png)", None),  # one white space belongs to the escape, the second ends the URL
        (r"url(a\ b.png)", "a b.png"),
        (r"url(a\'b.png)", "a'b.png"),
        ("url(a\\\nb.png)", None),
        ("url('a\\\nb.png')", "ab.png"),
        ("url('a\\\r\nb.png')", "ab.png"),
        (r"url('\61 b.png')", "ab.png"),
        ("url('\\61\nb.png')", "ab.png"),
        (r"url(\0.png)", "\ufffd.png"),
        (r"url(\d800.png)", "\ufffd.png"),
        (r"url(\110000.png)", "\ufffd.png"),
        (r"url(\10ffff.png)", "\U0010ffff.png"),
        ("url(a\\", "a\ufffd"),
        ("url('a\\", "a"),
    ],
)
def test_escapes_in_urls(text: str, expected: str | None) -> None:
    assert urls(text) == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image-set('a.png' 1x, 'b.png' 2x)", ["a.png", "b.png"]),
        ("-webkit-image-set(url(a.png) 1x, url('b.png') 2x)", ["a.png", "b.png"]),
        ("image-set('a.avif' type('image/avif'), url(b.png) type('image/png'))", ["a.avif", "b.png"]),
        ("image-set(url('a)b.png') 1x, 'c.png' 2x)", ["a)b.png", "c.png"]),
        ("image-set(/* 'a.png' ) */ 'b.png')", ["b.png"]),
        ("image-set(['a.png'] {'b.png'} 'c.png')", ["c.png"]),
        ("image-set('a.png' ] 'b.png')", ["a.png", "b.png"]),
        ("image-set('a.png') 'b.png'", ["a.png"]),
        ("image-set(\\) 'a.png')", ["a.png"]),
        ("image-set(image-set('a.png') 'b.png')", ["a.png", "b.png"]),
        ("image-set('a.png", ["a.png"]),
        ("image-set('a\n'", []),
    ],
)
def test_image_set(text: str, expected: list[str]) -> None:
    assert urls(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@import 'a.css';", [("a.css", "import")]),
        ('@import"a.css"screen;', [("a.css", "import")]),
        ("@IMPORT url(a.css) print;", [("a.css", "import")]),
        ("@import/* b */ url('a.css');", [("a.css", "import")]),
        (r"@\69mport 'a.css';", [("a.css", "import")]),
        ("@important 'a.css';", []),
        (r"\@import 'a.css';", []),
        ("@import 'a.css'; x{y:url(b.png)}", [("a.css", "import"), ("b.png", "value")]),
        ("'@import\n'a.css'", []),  # the at-rule's name is inside a broken string
        ("@namespace svg url(http://www.w3.org/2000/svg); x{y:url(a.png)}", [("a.png", "value")]),
        ("@namespace 'http://www.w3.org/2000/svg';", []),
        ("@charset 'utf-8';", []),
        ("@font-face{src:url(a.woff2) format('woff2'),url('a.ttf')}", [("a.woff2", "font"), ("a.ttf", "font")]),
        ("@font-face {src:url(a)} x{y:url(b)}", [("a", "font"), ("b", "value")]),
        ("x{y:url(b)} @FONT-FACE/**/{src:url(a)}", [("b", "value"), ("a", "font")]),
        ("@font-face{src:url(a)}@font-face{src:url(b)}", [("a", "font"), ("b", "font")]),
        ("@font-face{src:url(a", [("a", "font")]),
        ("/* @font-face{ */ x{y:url(a)} @font-face{src:url(b)}", [("a", "value"), ("b", "font")]),
        ("@font-face-like{src:url(a)}", [("a", "value")]),
        ("@font-feature-values x{} y{z:url(a)}", [("a", "value")]),
        ("@media screen{x{y:url(a)}@font-face{src:url(b)}}", [("a", "value"), ("b", "font")]),
        ("<!-- x{y:url(a)} -->", [("a", "value")]),
    ],
)
def test_use(text: str, expected: list[tuple[str, str]]) -> None:
    assert pairs(text) == expected


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n", "\f"])
def test_line_ends_are_one(line_end: str) -> None:
    assert urls(f"url({line_end}a.png{line_end})url('b\\{line_end}c')url('d{line_end}") == ["a.png", "bc"]


@pytest.mark.parametrize(
    "unit",
    [
        *("(", "url(", "url(a)", "url( ", "url(\\", "image-set(", "image-set({", '"', "'\\", "/*", "\\75 "),
        *("@font-face", "@font-face{url(a)", "@font-face/*", "/*@font-face{*/url(a)", "@namespace url("),
        *("@import/**/", "@import/**//**//**//**/'"),
    ],
)
def test_hostile_repetition_finishes(unit: str) -> None:
    assert urls("url(x)" + unit * (200_000 // len(unit)))[0] == "x"


def oracle(text: str) -> list[tuple[str, str]]:
    """Return what ``css_urls`` promises from the tokens of tinycss2."""
    found: list[tuple[str, str]] = []
    collect(tinycss2.parse_component_value_list(text), found, "value", False)
    return found


def collect(nodes: Iterable[Any], found: list[tuple[str, str]], use: str, strings: bool) -> None:
    nodes = [node for node in nodes if node.type not in ("whitespace", "comment")]
    statement = previous = ""
    for node in nodes:
        here = "import" if previous == "import" else "" if statement == "namespace" else use
        name = ""
        if node.type == "at-keyword":
            statement = name = node.lower_value
        elif node.type == "url":
            keep(node.value, here, found)
        elif node.type == "string":
            keep(node.value, "import" if previous == "import" else use if strings else "", found)
        elif node.type == "function":
            arguments = node.arguments
            first = next((part for part in arguments if part.type != "whitespace"), None)
            if node.lower_name in ("url", "src") and first is not None and first.type == "string":
                keep(first.value, here, found)
                arguments = arguments[arguments.index(first) + 1 :]
            inner = node.lower_name in ("image-set", "-webkit-image-set")
            collect(arguments, found, here or "value", inner)
        elif node.type == "{} block":
            collect(node.content, found, "font" if previous == "font-face" else use, False)
            statement = ""
        elif node.type in ("() block", "[] block"):
            collect(node.content, found, use, False)
        elif node.type == "literal" and node.value == ";":
            statement = ""
        previous = name


def keep(url: str, use: str, found: list[tuple[str, str]]) -> None:
    if use and url and not url.startswith("#"):
        found.append((url, use))


FRAGMENTS = st.sampled_from(
    [
        *("url(", "URL(", "url('", 'url("', "\\75", "72 ", "u", "rl(", "\\55 rl(", "src(", "S\\72 c("),
        *("image-set(", "-webkit-image-set(", "type(", "@import", "@import ", "@font-face{", "a{", "{", "}"),
        *("(", ")", ")", "[", "]", ";", ",", "'", '"', "\\", "\\29", "\\26 ", "/*", "*/", "<!--", "-->"),
        *("#", "@", "-", "1", "a", "f", "x.png", "é", "\xa0", "\0", "\x7f", " ", "\t", "\n", "\r\n", "\f"),
    ]
)


def differs_in_tinycss2(text: str) -> bool:
    """Return where tinycss2 1.5 leaves CSS Syntax: escaped backslashes in a bad URL, escaped line ends in a bare one."""
    return any(f"\\{character}" in text for character in "\\\n\r\f")


@given(st.lists(FRAGMENTS, max_size=16).map("".join))
@example("image-set((@import'a'")
@example("url('\\9\f")
@example("\\<!--url(a)")
def test_any_text_has_the_urls_that_tinycss2_sees(text: str) -> None:
    assume(not differs_in_tinycss2(text))
    assert urls(text) == [url for url, _ in oracle(text)]


NAMES = st.text("abcdefgurlsc-", min_size=1, max_size=6)
URLS = st.text("abc019./:?=&%~é", max_size=12)
COMMENTS = st.sampled_from(["", "", " ", "/* url(z) */", "\n", "/**/"])


@st.composite
def escaped(draw: st.DrawFn, word: str) -> str:
    """A word with some of its letters escaped."""
    written = []
    for letter in word:
        ways = [letter, letter.upper(), f"\\{ord(letter):06x}", f"\\{ord(letter):x} "]
        written.append(draw(st.sampled_from([letter, letter, *ways])) if letter != "-" else letter)
    return "".join(written)


@st.composite
def values(draw: st.DrawFn) -> str:
    url = draw(URLS)
    quote = draw(st.sampled_from(["", "'", '"']))
    function = draw(escaped("url"))
    space = draw(st.sampled_from(["", " ", "\n"]))
    one = f"{function}({space}{quote}{url}{quote}{space})"
    way = draw(st.integers(0, 2))
    if way == 0:
        return one
    if way == 1:
        return f"{draw(escaped('image-set'))}({one} 1x, {draw(COMMENTS)}'{url}' type('image/png') 2x)"
    return f"linear-gradient(red, {draw(NAMES)}), {one}"


@st.composite
def style_sheets(draw: st.DrawFn) -> str:
    """A sheet as mails have them: imports, fonts, rules, also nested in ``@media``."""
    text = ""
    for kind in draw(st.lists(st.sampled_from(["import", "font", "rule", "media", "namespace", "string"]), max_size=5)):
        comment, value = draw(COMMENTS), draw(values())
        rule = f"{draw(NAMES)}{{background{comment}:{comment}{value};{draw(NAMES)}:0}}"
        if kind == "import":
            text += f"@{draw(escaped('import'))}{comment} '{draw(URLS)}' screen;"
        elif kind == "font":
            text += f"@{draw(escaped('font-face'))}{comment}{{src:{value} format('woff')}}"
        elif kind == "namespace":
            text += f"@namespace {draw(NAMES)} url({draw(URLS)});"
        elif kind == "string":
            text += f"a::before{{content:'{draw(NAMES)}{comment}'}}"
        else:
            text += f"@media (min-width:1px){{{rule}}}" if kind == "media" else rule
        text += comment
    return text


@given(style_sheets())
def test_a_style_sheet_has_the_urls_and_uses_that_tinycss2_sees(text: str) -> None:
    assert pairs(text) == oracle(text)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    for found in css_urls(text):
        assert found.url
        assert not found.url.startswith("#")
        assert found.use in ("value", "import", "font")


def test_real_style_sheets_have_the_urls_that_tinycss2_sees(corpus_html: Sequence[str]) -> None:
    texts = {
        text
        for html in corpus_html
        for node in LexborHTMLParser(html).css("style, [style]")
        for text in (node.attributes.get("style"), node.text() if node.tag == "style" else None)
        if text
    }
    assert texts
    wrong = {text for text in texts if pairs(text) != oracle(text)}
    assert len(wrong) == 0
