from collections.abc import Sequence

import ada_url
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tkit.html import read_document
from tkit.url import clean, holds_address, host_of, names_recipient, registrable_domain, resolve, unwrap
from tkit.url.decoding import decoded_forms

# Any string at all: surrogates, controls and characters beyond the first plane too.
ANY_TEXT = st.text(st.characters())
URL_LIKE = st.lists(
    st.sampled_from(
        [
            *("http:", "https:", "HTTP:", "ftp:", "cid:", "data:", "javascript:", "/", "//", "\\", "?", "#", "@", ":"),
            *("a.example", "xn--", "é", "\uff41", "0x7f.1", "256", "[", "::1", "]", "%", "%41", "%zz", "..", "."),
            *("\ud800", "\udfff", "\x00", "\t", "\n", " ", "a", "b", "=", "&", "+", "|", "<", "\u3002", "\xad", "\U0001f600"),
        ]
    ),
    max_size=10,
).map("".join)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  http://a.example/  ", "http://a.example/"),
        ("\x00\x1f http://a.example/\x0c\r\n", "http://a.example/"),
        ("http://a.ex\r\n\tample/", "http://a.example/"),
        ("http://a.example/a b", "http://a.example/a b"),
        ("http://a.example/\x0b", "http://a.example/"),
        ("http://a.example/\x0bb", "http://a.example/\x0bb"),
        ("\xa0http://a.example/", "\xa0http://a.example/"),  # no C0 control and no space
        ("", ""),
        (" \t\n", ""),
    ],
)
def test_clean(value: str, expected: str) -> None:
    assert clean(value) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a.example", "http://a.example/"),
        ("HTTP://A.Example/B", "http://a.example/B"),
        ("http:a.example/b", "http://a.example/b"),
        ("http:\\\\a.example\\b", "http://a.example/b"),
        ("http:////a.example/b", "http://a.example/b"),
        ("//a.example/b", "https://a.example/b"),
        ("/\\a.example/b", "https://a.example/b"),
        ("\\\\a.example/b", "https://a.example/b"),
        ("http://a.example:80/", "http://a.example/"),
        ("http://a.example:8080/", "http://a.example:8080/"),
        ("ftp://a.example/b.gif", "ftp://a.example/b.gif"),
        ("http://u:p@a.example/", "http://u:p@a.example/"),
        ("http://a.example/b/./c/../d", "http://a.example/b/d"),
        ("http://a.example/b/%2e%2E/d", "http://a.example/d"),
        ("http://a.example/é?ü#ö", "http://a.example/%C3%A9?%C3%BC#%C3%B6"),
        ('http://a.example/a b"<>`?a b"<>\'', "http://a.example/a%20b%22%3C%3E%60?a%20b%22%3C%3E%27"),
        ("http://a.example/%zz", "http://a.example/%zz"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://0177.0.0.1/", "http://127.0.0.1/"),
        ("http://[2001:DB8::1]/", "http://[2001:db8::1]/"),
        ("http://\uff41.example/", "http://a.example/"),
        ("http://a\u3002example/", "http://a.example/"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://a%2eexample/", "http://a.example/"),
        ("http://a.example/\ud800", "http://a.example/%EF%BF%BD"),
        ("http://a.example/\ud83d\ude00", "http://a.example/%F0%9F%98%80"),  # the two halves of one character
        ("//a.example/\udfff", "https://a.example/%EF%BF%BD"),
        # What has no server, and what cannot be parsed:
        ("pixel.gif", ""),
        ("/pixel.gif", ""),
        ("", ""),
        ("#top", ""),
        ("cid:logo@a.example", ""),
        ("mid:1@a.example", ""),
        ("data:image/gif;base64,R0lGODlhAQABAAAAACw=", ""),
        ("about:blank", ""),
        ("javascript:void(0)", ""),
        ("file:///c:/a.gif", ""),
        ("blob:http://a.example/1", ""),
        ("http://", ""),
        ("http://[n-3]/x", ""),
        ("http://a b.example/", ""),
        ("http://256.256.256.256/", ""),
        ("http://a.example:99999/", ""),
        ("http://\ud800/", ""),
        ("\ud800", ""),
    ],
)
def test_resolve_without_base(url: str, expected: str) -> None:
    assert resolve(url) == expected


@pytest.mark.parametrize(
    ("url", "base", "expected"),
    [
        ("c.gif", "http://a.example/b/", "http://a.example/b/c.gif"),
        ("c.gif", "http://a.example/b", "http://a.example/c.gif"),
        ("../c.gif", "http://a.example/b/d/", "http://a.example/b/c.gif"),
        ("/c.gif", "http://a.example/b/", "http://a.example/c.gif"),
        ("//c.example/d", "http://a.example/", "http://c.example/d"),
        ("?c", "http://a.example/b?d#e", "http://a.example/b?c"),
        ("#c", "http://a.example/b?d", "http://a.example/b?d#c"),
        ("", "http://a.example/b?d#e", "http://a.example/b?d"),
        ("http:c.gif", "http://a.example/b/", "http://a.example/b/c.gif"),
        ("https:c.gif", "http://a.example/b/", "https://c.gif/"),
        ("https://c.example/", "http://a.example/", "https://c.example/"),
        ("cid:c", "http://a.example/", ""),
        ("http://[n-3]/", "http://a.example/", ""),
        ("c\ud800", "http://a.example/", "http://a.example/c%EF%BF%BD"),
        ("c", "http://a.example/\ud800/", "http://a.example/%EF%BF%BD/c"),
        ("c.gif", "no base", ""),
    ],
)
def test_resolve_with_base(url: str, base: str, expected: str) -> None:
    assert resolve(url, base) == expected


@given(ANY_TEXT | URL_LIKE, ANY_TEXT | URL_LIKE)
@example("\ud800", "\udfff")
@example("x", "http://a.example/\ud800")
def test_resolve_gives_a_url_that_resolves_to_itself(url: str, base: str) -> None:
    for resolved in (resolve(clean(url)), resolve(clean(url), resolve(clean(base)))):
        assert resolved == "" or resolved.startswith(("http://", "https://", "ftp://"))
        assert resolved.isascii()
        assert resolve(resolved) == resolved
        assert (host_of(resolved) == "") == (resolved == "")


@given(ANY_TEXT | URL_LIKE, ANY_TEXT | URL_LIKE)
def test_no_string_is_refused(text: str, other: str) -> None:
    assert isinstance(resolve(text, other), str)
    assert isinstance(host_of(text), str)
    assert isinstance(registrable_domain(text), str)
    assert isinstance(unwrap(text), str)
    assert decoded_forms(text)[0] == text
    assert isinstance(holds_address(text), bool)
    assert isinstance(names_recipient(text, [other, f"{other}@a.example"]), bool)


def test_can_ada_gives_what_ada_url_gives(corpus_html: Sequence[str]) -> None:
    documents = [read_document(html) for html in corpus_html]
    urls = {reference.url for document in documents for reference in document.references}
    assert len(urls) > 50
    for url in urls:
        try:
            expected = ada_url.URL(url if url[:2] != "//" else f"https:{url}").href
        except ValueError:
            expected = ""
        assert resolve(url) == (expected if expected.startswith(("http:", "https:", "ftp:")) else "")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/", "a.example"),
        ("https://u:p@a.example:8443/x", "a.example"),
        ("https://a.example?b@c.example", "a.example"),
        ("http://[2001:db8::1]:80/", "[2001:db8::1]"),
        ("http://10.0.0.1/", "10.0.0.1"),
        ("", ""),
        ("cid:logo", ""),
    ],
)
def test_host_of(url: str, expected: str) -> None:
    assert host_of(url) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("a.example.com", "example.com"),
        ("example.com", "example.com"),
        ("com", "com"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("co.uk", "co.uk"),
        ("a.b.c.kobe.jp", "b.c.kobe.jp"),
        ("www.city.kobe.jp", "city.kobe.jp"),
        ("a.blogspot.com", "blogspot.com"),  # the private section is left out: who registered is asked for
        ("A.Example.COM", "example.com"),
        (".a.example.com.", "example.com"),
        ("a.xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("localhost", "localhost"),
        ("10.0.0.1", "10.0.0.1"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("", ""),
        (".", ""),
    ],
)
def test_registrable_domain(host: str, expected: str) -> None:
    assert registrable_domain(host) == expected


@given(st.lists(st.text("abc-", min_size=1, max_size=8), min_size=1, max_size=5).map(".".join))
def test_the_registrable_domain_is_the_end_of_its_host(host: str) -> None:
    domain = registrable_domain(host)
    assert domain
    assert f".{host}".endswith(f".{domain}")
    assert registrable_domain(domain) == domain
    assert registrable_domain(f"more.{host}") in (domain, f"{host}", f"more.{host}")
