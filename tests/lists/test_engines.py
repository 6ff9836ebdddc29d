"""Tests of tkit.lists.engines: tiny lists of each kind, with verdicts worked out by hand."""

import builtins
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from made_lists import tiny

from tkit.errors import TkitError
from tkit.lists.engines import LONGEST_TEXT, HostList, PublishedList, RegexList, SubstringList
from tkit.lists.sources import verdicts


def hits(published: PublishedList, urls: dict[str, bool]) -> dict[str, bool]:
    return dict(zip(urls, published.match_many(list(urls)).tolist(), strict=True))


FILTERS = """[Adblock Plus 2.0]
! Title: synthetic
||ads.example.com^
@@||ads.example.com/logo^
/open.gif?$image
.example.net%2Fopen.gif%3F$image
/beacon.js$script
t.example.net/o/
&weak=$third-party
&own=$~third-party
/read/[0-9]+x/$image
/wf/open^$all
/(?=look)ahead/$image
##img[width="1"]
pixel.example.org/cancelled
pixel.example.org/cancelled$badfilter
"""


@pytest.fixture
def filters(tmp_path: Path) -> PublishedList:
    pytest.importorskip("adblock", reason="the extra 'lists' is not installed")
    return tiny(tmp_path, "filters", FILTERS)


def test_filters_judge_a_picture_asked_for_by_a_mail(filters):
    urls = {
        "https://ads.example.com/a.png": True,
        "https://eu.ads.example.com/a.png": True,
        "https://notads.example.com/a.png": False,
        "https://ads.example.com.example.net/a.png": False,
        "https://ads.example.com/logo/x.png": False,  # the exception
        "https://a.example.net/OPEN.GIF?u=1": True,  # filters ignore the case
        "https://a.example.net/open.gif": False,
        "https://a.example.net/beacon.js": False,  # a rule about scripts
        "https://a.example.net/x?a=1&weak=1": True,
        "https://a.example.net/x?a=1&own=1": False,
        "https://a.example.net/read/123x": True,
        "https://a.example.net/xread/1x?b": True,  # the slashes only bound the regular expression
        "https://a.example.net/read/x": False,
    }
    assert hits(filters, urls) == urls


def test_filters_on_webmail_proxies(filters):
    wrapped = "https://ci3.googleusercontent.com/proxy/AbC=s0-d-e1-ft#"
    urls = {
        wrapped + "https://t.example.net/o/1": True,  # an unanchored rule reads the fragment
        wrapped + "https://ads.example.com/a.png": False,  # an anchored one sees the proxy's host only
        "https://p.example.org/?url=https%3A%2F%2Fa.example.net%2Fopen.gif%3Fu%3D1": True,  # the encoded twin
        "https://p.example.org/?url=https%3A%2F%2Ft.example.net%2Fo%2F1": False,  # a rule without one
    }
    assert hits(filters, urls) == urls


def test_filters_say_what_the_engine_dropped(filters):
    assert filters.rules == 14
    assert filters.dropped == (
        "/(?=look)ahead/$image (the engine cannot compile the regular expression)",
        '##img[width="1"] (hides an element and judges no URL)',
    )
    assert filters.match("https://a.example.net/wf/open?upn=1")  # $all, which the engine itself does not know
    assert filters.rewritten == ("/wf/open^$all",)
    assert not filters.match("https://pixel.example.org/cancelled")


def test_filters_drop_options_that_are_not_about_requests(tmp_path):
    pytest.importorskip("adblock", reason="the extra 'lists' is not installed")
    published = tiny(tmp_path, "filters", "/a$nosuchoption\n/b$image,all\n/c$image\r\n")
    assert published.dropped == ("/a$nosuchoption (the engine does not take it for a rule about requests)",)
    assert published.match("https://a.example/b")
    assert published.match("https://a.example/c")


def test_filters_of_all_types_keep_their_other_options(tmp_path):
    pytest.importorskip("adblock", reason="the extra 'lists' is not installed")
    published = tiny(
        tmp_path, "filters", "/one$all,~third-party\n/two$all,domain=message.invalid\n/three$script,all\n/four$allow\n"
    )
    assert [published.match(f"https://a.example/{path}") for path in ("one", "two", "four")] == [False, True, False]
    assert published.dropped == ("/four$allow (the engine does not take it for a rule about requests)",)


def test_filters_judge_by_what_is_asked_for(filters):
    beacon = "https://a.example.net/beacon.js"
    assert filters.match_many([beacon] * 2, None, ["script", "image"]).tolist() == [True, False]
    assert not filters.match("https://a.example.net/open.gif", request="font")


def test_filters_without_the_engine_say_how_to_install_it(tmp_path, monkeypatch):
    real_import = builtins.__import__

    def no_adblock(name, *arguments, **options):
        if name == "adblock":
            raise ImportError(name)
        return real_import(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", no_adblock)
    with pytest.raises(TkitError, match=r"pip install 'tkit\[lists\]'"):
        tiny(tmp_path, "filters", "/a$image\n")


# Hosts

HOST_VERDICTS = {
    "https://example.com/x.gif": True,
    "https://t.mail.example.com/x.gif": True,
    "http://T.EXAMPLE.COM:8080/": True,
    "https://example.com./x.gif": True,
    "//t.example.com/x.gif": True,
    "https://notexample.com/x.gif": False,
    "https://example.com.example.net/x.gif": False,
    "https://example.net/?u=example.com": False,
    "https://example.com@example.net/": False,
    "https://ci3.googleusercontent.com/proxy/A#https://example.com/x.gif": False,
    "cid:example.com": False,
    "pixel.gif": False,
    "": False,
}


@pytest.mark.parametrize("content", [["Example.COM", "example.org"], {"example.com": "A", "example.org": "B"}])
def test_hosts_stand_for_themselves_and_their_subdomains(tmp_path, content):
    published = tiny(tmp_path, "hosts", content)
    assert published.rules == 2
    assert hits(published, HOST_VERDICTS) == HOST_VERDICTS


def test_hosts_empty_rule_is_dropped_and_matches_nothing():
    published = HostList("tiny", "hosts", ["", "."])
    assert published.dropped == ("'' (empty)", "'.' (empty)")
    assert not published.match("pixel.gif")


@given(st.text(alphabet="abc.-", min_size=1, max_size=12))
def test_hosts_suffix_needs_a_dot(prefix):
    published = HostList("tiny", "hosts", ["example.com"])
    assert not published.match(f"http://{prefix.replace('.', '')}xexample.com/")
    assert published.match("http://a.example.com/" + prefix)


# Substrings

SUBSTRINGS = {"Service": ["track.example.com/open", "/Beacon/"], "Other": ["example.net/o?u="]}


@pytest.mark.parametrize(
    ("kind", "url", "expected"),
    [
        ("substrings", "https://track.example.com/open/1", True),
        ("substrings", "https://notrack.example.com/open", True),
        ("substrings", "https://TRACK.example.com/open/1", False),
        ("substrings", "https://a.example/beacon/1", False),
        ("substrings", "https://a.example/Beacon/1", True),
        ("substrings", "https://exampleXnet/o?u=1", False),
        ("substrings-nocase", "https://TRACK.example.com/OPEN", True),
        ("substrings-nocase", "https://a.example/beacon/1", True),
        ("substrings-nocase", "https://example.net/o?x=1", False),
    ],
)
def test_substrings(tmp_path, kind, url, expected):
    published = tiny(tmp_path, kind, SUBSTRINGS)
    assert published.rules == 3
    assert published.match(url) is expected


def test_substrings_from_pairs_and_from_plain_strings(tmp_path):
    pairs = tiny(tmp_path, "substrings", [["A", "one.example/"], ["A", "two.example/"]])
    assert (pairs.rules, pairs.match("http://two.example/"), pairs.match("http://A/")) == (2, True, False)
    plain = tiny(tmp_path, "substrings", ["one.example/"])
    assert (plain.rules, plain.match("http://one.example/")) == (1, True)


def test_substrings_empty_rule_is_dropped_and_matches_nothing():
    published = SubstringList("tiny", "substrings", ["", "a.example"])
    assert (published.rules, published.dropped) == (2, ("'' (empty)",))
    assert not published.match("https://b.example/")


# Wildcards

VENDORS = [
    {"name": "A", "domains": ["t.example.com/t"], "patterns": ["*://*.t.example.com/t/open*"]},
    {"name": "B", "domains": ["example.org/w"], "patterns": ["*://*.example.net/a/*/open*", "a|b", "**"]},
]


def test_wildcards(tmp_path):
    published = tiny(tmp_path, "wildcards-nocase", VENDORS)
    urls = {
        "https://T.example.com/t/1": True,
        "https://not.example.com/t/1": True,  # a substring, whatever stands before
        "https://m.example.net/a/77/open?1": True,
        "https://m.example.net/a/open?1": False,
        "https://example.net/a/77/open": False,  # the pattern has a dot before the domain
        "https://texample.com/t": False,
        "https://proxy.example/#https://t.example.com/t/1": True,
    }
    assert hits(published, urls) == urls
    assert published.rules == 5  # the first vendor's pattern says no more than its domain
    assert [entry.split(" ")[0] for entry in published.dropped] == ["a|b", "**"]


# Regular expressions


def test_javascript_expressions_on_the_url(tmp_path):
    published = tiny(tmp_path, "regex-js-nocase", {"A": [r"t\d{2,3}.example.(com|net)\/open", r"mail\/\w+$"]})
    urls = {
        "https://T42.example.net/OPEN": True,
        "https://t42xexample.com/open": True,  # the dots are not escaped
        "https://t4.example.com/open": False,
        "https://t1234.example.com/open": False,
        "https://a.example/mail/abc": True,
        "https://a.example/mail/abc?d": False,
        "https://a.example/mail/abc\n": False,  # Python's own $ would match before the line end
    }
    assert hits(published, urls) == urls
    assert published.dropped == ()


def test_named_lines_regard_the_case_and_keep_later_separators(tmp_path):
    published = tiny(tmp_path, "regex-js", "A@@=a\\.example\\/o|b\\.example\nB@@=c\\.example\\?x@@=\n\n")
    assert published.rules == 2
    urls = {
        "http://a.example/o": True,
        "http://b.example/": True,
        "http://A.example/o": False,
        "http://c.example?x@@=": True,
    }
    assert hits(published, urls) == urls


def test_hey_slashes_bound_an_expression_only_round_metacharacters(tmp_path):
    rules = {"A": ["/e.(one|two)/o/"], "B": ["/plain/t/"], "C": ["wf/open?upn"]}
    published = tiny(tmp_path, "regex-hey", rules)
    urls = {
        "http://e.two/o": True,
        "http://E.two/o": False,
        "http://a.example/plain/t/1": True,
        "http://a.example/plain/t": False,
        "http://a.example/wf/open?upn=1": True,
        "http://a.example/wf/openupn": False,  # no metacharacter: the question mark is itself
    }
    assert hits(published, urls) == urls


BROKEN = {
    r"open(": "not a regular expression",
    r"[z-a]": "not a regular expression",
    r"*open": "nothing to repeat",
    r"(?i)open": "nothing to repeat",
    r"(?<=a)b": "nothing to repeat",
    r"a++b": "may mean something else",
    r"a{2}?b": "may mean something else",
    r"(a)\1": "may mean something else",
    r"[[:alpha:]]x": "may mean something else",
    r"[a&&b]x": "may mean something else",
    r"[]x": "may mean something else",
    r"a[": "may mean something else",
    "a\\": "may mean something else",
}


def test_broken_expressions_are_dropped_with_the_reason_and_the_rest_works(tmp_path):
    published = tiny(tmp_path, "regex-js-nocase", {"A": [*BROKEN, r"good\.example"]})
    assert published.rules == len(BROKEN) + 1
    assert len(published.dropped) == len(BROKEN)
    for entry, (rule, reason) in zip(published.dropped, BROKEN.items(), strict=True):
        assert entry.startswith(rule + " (")
        assert reason in entry
    assert published.match("http://good.example/")
    assert not published.match("http://a.example/aab")


def test_expressions_read_no_more_than_the_longest_text():
    published = RegexList("tiny", "regex-js", ["open"])
    start = "http://a.example/"
    assert published.match((start + "x" * LONGEST_TEXT)[: LONGEST_TEXT - 4] + "open")
    assert not published.match((start + "x" * LONGEST_TEXT)[: LONGEST_TEXT - 3] + "open")


# The HTML of one tag


def test_tag_expressions_read_the_tag_where_there_is_one(tmp_path):
    published = tiny(tmp_path, "regex-tag", {"A": [r"t[0-9]+.example.com/o", r"/x\?a=1&b="]})
    url = "https://t1.example.com/o"
    assert published.match(url)
    assert published.match(url, tag='<IMG width=1 src="https://T1.EXAMPLE.com/o">')
    assert not published.match(url, tag='<img src="https://b.example/">')
    assert not published.match(url, tag='<td background="https://t1.example.com/o">')
    assert published.match("https://a.example/x?a=1&b=2")
    # The program reads HTML as written, where an ampersand may be an entity.
    assert not published.match("https://a.example/x?a=1&b=2", tag='<img src="https://a.example/x?a=1&amp;b=2">')


def test_tag_expressions_in_the_programs_frame(tmp_path):
    published = tiny(tmp_path, "regex-tag", {"A": ["/eo/[a-z]+", "/e/o/.+", "broken(", "p.example"]})
    urls = {
        "https://a.example/eo/abc": True,
        "https://a.example/eo/1": False,
        "https://a.example/e/o/1": True,  # possessive to the end of the line, then the ">" of a later line
        'https://b.example/">p.example': True,  # what ends a tag is escaped in the tag made of a URL
        "https://b.example/p": False,
    }
    assert hits(published, urls) == urls
    assert [entry.split(" ")[0] for entry in published.dropped] == ["broken("]


# Many URLs


def test_match_many_judges_what_is_equal_once():
    judged = []

    class Counting(SubstringList):
        def _hit(self, text: str) -> bool:
            judged.append(text)
            return super()._hit(text)

    found = Counting("tiny", "substrings", ["a.example"]).match_many(["http://a.example/", "b", "b"])
    assert found.dtype == np.bool_
    assert found.tolist() == [True, False, False]
    assert sorted(judged) == ["b", "http://a.example/"]


def test_match_many_of_nothing_is_empty():
    assert HostList("tiny", "hosts", ["a.example"]).match_many([]).shape == (0,)


def test_match_many_refuses_tags_of_another_length():
    with pytest.raises(TkitError, match="tags: 1 for 2 URLs"):
        HostList("tiny", "hosts", ["a.example"]).match_many(["a", "b"], ["<img>"])


# No string raises


@given(url=st.text(max_size=60), tag=st.text(max_size=60))
@example(url="http://a.example/\ud800/open.gif?", tag="\ud800")
@example(url="https://[n-3]/", tag="<img src=")
def test_no_string_raises(tmp_path_factory, url, tag):
    folder = tmp_path_factory.getbasetemp()
    loaded = [
        tiny(folder, "hosts", ["example.com"]),
        tiny(folder, "substrings-nocase", SUBSTRINGS),
        tiny(folder, "wildcards-nocase", VENDORS),
        tiny(folder, "regex-hey", {"A": ["/e.(one|two)/o/"]}),
        tiny(folder, "regex-tag", {"A": ["/e/o/.+"]}),
    ]
    for published in loaded:
        frame = verdicts([published], [url, url], ["", url], [tag, tag])
        assert frame["tiny"].tolist()[1] is published.match(url, tag=tag)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tail=st.text(max_size=60))
@example(tail="a.example/\ud800/x")
@example(tail="[n-3]/")
def test_no_string_raises_in_the_filter_engine(filters, tail):
    filters.match(tail)
    filters.match("https://" + tail)
    assert filters.match("https://ads.example.com/" + tail) or "logo" in tail
