import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.campaigns.variation import difference, of_one_shape, stable


@pytest.mark.parametrize(
    ("url", "left"),
    [
        ("https://b.example/a.png?Expires=1&Signature=q&Key-Pair-Id=k&w=20", "https://b.example/a.png?w=20"),
        ("https://b.example/a.png?AWSAccessKeyId=A&Expires=1&Signature=q", "https://b.example/a.png"),
        ("https://b.example/a.png?X-Goog-Date=1&X-Goog-Signature=2#top", "https://b.example/a.png#top"),
        ("https://b.example/a.png?sv=2020&se=2024-05-06&sr=b&sp=r&sig=Qw", "https://b.example/a.png"),
        ("https://b.example/a.png?oh=00_Af&oe=6650&_nc_ht=x", "https://b.example/a.png"),
    ],
)
def test_signatures_are_left_out(url: str, left: str) -> None:
    assert stable(url) == (left, True, False)


@pytest.mark.parametrize(
    "url",
    [
        "https://b.example/a.png?sig=81f3",
        "https://b.example/o?signature=9&u=3",
        "https://b.example/o?se=1&st=2",
        "https://b.example/?",
    ],
)
def test_what_only_looks_signed_stays(url: str) -> None:
    assert stable(url) == (url, False, False)


@pytest.mark.parametrize(
    ("url", "left"),
    [
        ("http://b.example/o?u=a1&cb=5551", "http://b.example/o?u=a1"),
        ("http://b.example/a.gif?1184726000", "http://b.example/a.gif"),
        ("http://b.example/a.gif?_=1184726000123&amp;u=7", "http://b.example/a.gif?u=7"),
        ("http://b.example/a.gif?rnd=0.55123", "http://b.example/a.gif"),
    ],
)
def test_cache_busters_are_left_out(url: str, left: str) -> None:
    assert stable(url) == (left, False, True)


def test_what_stands_elsewhere_is_no_cache_buster_unless_it_is_a_time() -> None:
    assert not stable("http://b.example/o?t=5551", frozenset(("5551",))).busted
    assert stable("http://b.example/o?t=1184726000", frozenset(("1184726000",))).busted
    assert not stable("http://b.example/o?t=Anna").busted
    assert not stable("http://b.example/o?id=1184726000").busted


@given(st.text(max_size=60))
def test_stable_never_grows_and_is_its_own(text: str) -> None:
    once = stable("http://a.example/" + text)
    assert len(once.url) <= len(text) + 17
    assert stable(once.url).url == once.url


def test_tokens_that_differ() -> None:
    differing = difference(["http://a.example/x/k8e3/7?u=1&v=q", "http://a.example/x/k9g3/7?u=2&v=q"])
    assert differing.tokens == (("k8e3", "k9g3"), ("1", "2"))
    assert differing.length == 4


def test_other_numbers_of_tokens() -> None:
    differing = difference(["http://a.example/o/aGk_x.gif", "http://a.example/o/b-2-c.gif"])
    assert differing.tokens == (("aGk_x", "b-2-c"),)


def test_labels_under_one_domain_count_and_other_domains_do_not() -> None:
    assert difference(["http://u1.a.example/o", "http://u2.a.example/o"]).tokens == (("u1", "u2"),)
    assert difference(["http://u1.a.example/o", "http://u2.b.example/o"]) == ((), True)


@pytest.mark.parametrize(
    ("tokens", "alike"),
    [
        (["81f3", "9052"], True),
        (["92258", "384573"], True),
        (["kbi3xqld", "k9g3xqld"], True),
        (["red", "blue"], False),
        (["Spring", "Autumn"], False),
        (["7", "19448211"], False),
        (["", "81f3"], False),
        (["81f3", "abcd"], False),
    ],
)
def test_shapes(tokens: list[str], alike: bool) -> None:
    assert of_one_shape(tokens) is alike


@given(st.lists(st.text(max_size=20), min_size=2, max_size=5, unique=True))
def test_difference_has_a_value_for_every_url(tails: list[str]) -> None:
    urls = [f"http://a.example/{tail}" for tail in tails]
    assert all(len(tokens) == len(urls) for tokens in difference(urls).tokens)
