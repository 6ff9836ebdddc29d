"""Tests of tkit.manipulate.urls: expected URLs written by hand."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.manipulate.urls import (
    header_picture,
    jpg,
    link_redirect,
    neutral_words,
    own_token,
    sender_domain,
    short_token,
    split_token,
)
from tkit.url import host_of, resolve


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://t.esp.example:8080/o?id=7", "http://www.shop.example/o?id=7"),
        ("https://shop.example/", "https://www.shop.example/"),
    ],
)
def test_served_by_the_sender(url: str, expected: str) -> None:
    assert sender_domain(url, "shop.example") == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a.example/track/open.php?u=7&id=b81e2c", "http://a.example/media/banner.php?v=7&w=b81e2c"),
        ("http://a.example/o/b81e2c", "http://a.example/media/b81e2c"),
        ("http://a.example/?b81e2c", "http://a.example/?b81e2c"),  # no name of a parameter
        ("http://a.example/pixel.gif#x", "http://a.example/media.gif"),
        ("http://a.example/", "http://a.example/"),
        ("http://a.example/open-track_x/", "http://a.example/media/"),  # one token, one word
        ("http://a.example/abcdefghijklmnopqrstuvwxyz", "http://a.example/abcdefghijklmnopqrstuvwxyz"),  # longer than a word
    ],
)
def test_names_say_nothing(url: str, expected: str) -> None:
    assert neutral_words(url) == expected


def test_short_tokens_are_six_hexadecimal_digits_and_tell_apart() -> None:
    first = short_token("http://a.example/o/b81e2c7f0.gif?upn=Kq7_bT4-9Lmx")
    other = short_token("http://a.example/o/b81e2c7f1.gif?upn=Kq7_bT4-9Lmx")
    assert first != other
    assert len(first) == len(other) == len("http://a.example/o/123456.gif?upn=123456")
    assert first.startswith("http://a.example/o/")
    assert "Kq7" not in first


@pytest.mark.parametrize("url", ["http://a.example/o/b81e2c.gif?id=12345", "http://a.example/open", "http://a.example/"])
def test_what_is_short_already_stays(url: str) -> None:
    assert short_token(url) == url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a.example/o/b81e2c7f0.gif", "http://a.example/o/b81e/2c7f/0.gif"),
        ("http://a.example/open?upn=b81e2c7f&v=2", "http://a.example/b81e/2c7f/open?v=2"),
        ("http://a.example/b81e2c7f/open.gif", "http://a.example/b81e/2c7f/open.gif"),
        ("http://a.example/open?u=b81e2c7", "http://a.example/open?u=b81e2c7"),  # shorter than eight
        ("http://a.example/?b81e2c7f", "http://a.example/b81e/2c7f/"),
    ],
)
def test_tokens_become_directories(url: str, expected: str) -> None:
    assert split_token(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a.example/", "http://a.example/image.jpg"),
        ("http://a.example/o.gif?x=1", "http://a.example/o.jpg?x=1"),
        ("http://a.example/v2.b81e2c", "http://a.example/v2.b81e2c.jpg"),  # no extension: a digit
    ],
)
def test_ends_as_a_photograph(url: str, expected: str) -> None:
    assert jpg(url) == expected


def test_hidden_behind_the_links_redirect() -> None:
    hidden = link_redirect("http://t.example/o?id=7", "https://click.shop.example/ls/click?upn=1")
    assert hidden.startswith("https://click.shop.example/ls/")
    assert len(hidden.rpartition("/")[2]) == 22
    assert hidden != link_redirect("http://t.example/o?id=8", "https://click.shop.example/ls/click?upn=1")
    assert link_redirect("http://t.example/o", "https://shop.example").startswith("https://shop.example/r/")


def test_a_header_picture_is_named_by_the_url() -> None:
    one, other = (header_picture(f"http://t.example/o?id={number}", "shop.example") for number in "78")
    assert re.fullmatch(r"https://www\.shop\.example/images/2024/header-[0-9a-f]{12}\.jpg", one)
    assert one != other


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("http://a.example/o/b81e2c7f90.gif?v=2", r"http://a\.example/o/[0-9a-f]{10}\.gif\?v=2"),
        ("http://a.example/o?u=Kx9-4471_Qz&w=600", r"http://a\.example/o\?u=[A-Z][a-z]\d-\d{4}_[A-Z][a-z]&w=600"),
        ("http://a.example/open/8812/pic.png", r"http://a\.example/open/\d{4}/pic\.png"),  # no long one: the shorter
        ("http://a.example/o?to=anna%40b.example", r"http://a\.example/o\?to=[a-z]{4}%40b\.example"),
    ],
)
def test_another_recipient_has_other_tokens_of_the_same_form(url: str, form: str) -> None:
    found = {own_token(url, recipient) for recipient in ("anna", "berta", "cem")}
    assert len(found | {url}) == 4
    assert all(re.fullmatch(form, each) for each in found)
    assert own_token(url, "anna") == own_token(url, "anna")


@pytest.mark.parametrize(
    "url", ["http://a.example/pixel.gif", "http://a.example/v2/logo.png?w=60", "http://a.example/%E2%82%AC"]
)
def test_an_url_without_a_token_is_everybodys(url: str) -> None:
    assert own_token(url, "anna") == url


def test_of_two_identifiers_one_may_be_the_mailings() -> None:
    urls = [f"http://a.example/{number:08x}/o?u={number:016d}" for number in range(20, 40)]
    changed = [
        [one != other for one, other in zip(url.split("/"), own_token(url, "anna").split("/"), strict=True)] for url in urls
    ]
    assert {tuple(parts[3:]) for parts in changed} == {(True, True), (False, True)}


_URLS = st.text("abyz019/._-?&=%~,;|", max_size=60).map(lambda tail: resolve(f"http://t.example/{tail}"))


@given(_URLS)
def test_every_rewriting_gives_an_url_on_the_same_host(url: str) -> None:
    for function in (neutral_words, short_token, split_token, jpg, lambda url: own_token(url, "anna")):
        found = function(url)
        assert resolve(found)
        assert host_of(found) == "t.example"
        assert function(url) == found
