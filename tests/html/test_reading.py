import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tkit.html import RemoteReference, read_document, read_message, references
from tkit.html.ancestry import Ancestry
from tkit.html.hints import html_may_load
from tkit.html.trees import Backend
from tkit.mail import Message

BACKENDS: tuple[Backend, ...] = ("lexbor", "soup")
A = "http://a.example/"


@pytest.fixture(params=BACKENDS)
def read(request: pytest.FixtureRequest) -> Callable[[str], list[RemoteReference]]:
    return lambda html: read_document(html, backend=request.param).references


@pytest.fixture(params=BACKENDS)
def links(request: pytest.FixtureRequest) -> Callable[[str], list[str]]:
    return lambda html: read_document(html, backend=request.param).links


Read = Callable[[str], list[RemoteReference]]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<img src=a>", [("img-src", "a")]),
        ("<image src=a>", [("img-src", "a")]),
        ("<IMG SRC=a>", [("img-src", "a")]),
        ("<img src=''>", []),
        ("<img src>", []),
        ("<img src='\t a\n b '>", [("img-src", "a b")]),
        ("<img src=a src=b>", [("img-src", "a")]),
        ("<img src='a&amp;b&#x2f;c&copy=1&not'>", [("img-src", "a&b/c&copy=1\xac")]),
        ("<img srcset='a 1x, b 2x'>", [("img-srcset", "a"), ("img-srcset", "b")]),
        ("<img src=a srcset=b lowsrc=c dynsrc=d background=e style='x:url(f)'>", None),
        ("<picture><source srcset=a><img src=b></picture>", [("source-srcset", "a"), ("img-src", "b")]),
        ("<input type=image src=a>", [("input-image", "a")]),
        ("<input type=' IMAGE ' src=a>", [("input-image", "a")]),
        ("<input type=text src=a>", []),
        ("<input src=a>", []),
        ("<body background=a>", [("background-attr", "a")]),
        ("<table background=a><td background=b>", [("background-attr", "a"), ("background-attr", "b")]),
        ("<p background=a>", [("background-attr", "a")]),
        ("<p style='background:url(a)'>", [("style-attr", "a")]),
        ("<p style='background:url(&quot;a&quot;),url(b)'>", [("style-attr", "a"), ("style-attr", "b")]),
        ("<a href=z style='background:url(a)'>", [("style-attr", "a")]),
        ("<style>p{x:url(a)}</style>", [("style-element", "a")]),
        ("<style type=text/css>p{x:url(a)}</style>", [("style-element", "a")]),
        ("<style src=b>p{x:url(a)}</style>", [("style-element", "a")]),
        ("<style>@import 'a';@font-face{src:url(b)}</style>", [("css-import", "a"), ("font-face", "b")]),
        ("<style><!-- p{x:url(a)} --></style>", [("style-element", "a")]),
        ("<style>p{x:url(a&amp;b)}</style>", [("style-element", "a&amp;b")]),  # raw text: no entities
        ("<link rel=stylesheet href=a>", [("link-stylesheet", "a")]),
        ("<link rel='alternate STYLESHEET' href=a>", [("link-stylesheet", "a")]),
        ("<link rel='shortcut icon' href=a>", [("link-icon", "a")]),
        ("<link rel=apple-touch-icon href=a>", [("link-icon", "a")]),
        ("<link rel=preload as=image href=a>", [("link-preload", "a")]),
        ("<link rel=prefetch href=a>", [("link-preload", "a")]),
        ("<link rel=modulepreload href=a>", [("link-preload", "a")]),
        ("<link rel=prerender href=a>", [("link-preload", "a")]),
        ("<link rel=preconnect href=a>", [("link-preconnect", "a")]),
        ("<link rel=dns-prefetch href=a>", [("link-preconnect", "a")]),
        ("<link rel=canonical href=a>", []),
        ("<link href=a>", []),
        ("<video src=a poster=b><source src=c></video>", [("media-src", "a"), ("video-poster", "b"), ("media-src", "c")]),
        ("<audio src=a><track src=b></audio>", [("media-src", "a"), ("media-src", "b")]),
        ("<object data=a></object>", [("object-data", "a")]),
        ("<embed src=a>", [("embed-src", "a")]),
        ("<iframe src=a></iframe>", [("iframe-src", "a")]),
        ("<frameset><frame src=a></frameset>", [("frame-src", "a")]),
        ("<script src=a></script>", [("script-src", "a")]),
        ("<svg><image href=a /></svg>", [("svg-image", "a")]),
        ("<svg><image xlink:href=a /></svg>", [("svg-image", "a")]),
        ("<svg><image xlink:href=b href=a /></svg>", [("svg-image", "a")]),
        ("<svg><feImage href=a /></svg>", [("svg-image", "a")]),
        ("<svg><use href=a#b /></svg>", [("svg-use", "a#b")]),
        ("<svg><use href='#b' /></svg>", []),
        ("<v:fill src=a />", [("vml-src", "a")]),
        ("<v:imagedata src=a>", [("vml-src", "a")]),
        ("<amp-img src=a srcset='b 1x'></amp-img>", [("amp-img", "a"), ("amp-img", "b")]),
        ("<bgsound src=a>", [("bgsound", "a")]),
        ("<meta http-equiv=refresh content='0; url=a'>", [("meta-refresh", "a")]),
        ("<meta http-equiv=Refresh content='5;URL = \"a\"'>", [("meta-refresh", "a")]),
        ("<meta http-equiv=refresh content='5, a'>", [("meta-refresh", "a")]),
        ("<meta http-equiv=refresh content='5'>", []),
        ("<meta http-equiv=set-cookie content='0; url=a'>", []),
        ("<meta name=refresh content='0; url=a'>", []),
        ("<noscript><img src=a></noscript>", [("img-src", "a")]),
        ("<!-- <img src=a> -->", []),
        ("<template><img src=a></template>", []),
        ("<script>'<img src=a>'</script>", []),
        ("<textarea><img src=a></textarea>", []),
        ("<title><img src=a></title>", []),
        ("<xmp><img src=a></xmp>", []),
        ("<p>no picture: <img src=a", []),
        ("<div src=a href=b data=c poster=d srcset=e>", []),
        ("<a href=a><area href=b>", []),
        ("", []),
    ],
)
def test_carriers(read: Read, html: str, expected: list[tuple[str, str]] | None) -> None:
    if expected is None:
        names = ("img-src", "img-srcset", "img-lowsrc", "img-dynsrc", "background-attr", "style-attr")
        expected = list(zip(names, "abcdef", strict=True))
    assert [(found.carrier, found.url) for found in read(html)] == expected
    assert html_may_load(html) >= bool(expected)


def test_facts_of_a_reference(read: Read) -> None:
    [found] = read('<p>Hi <IMG Src=" //a.example/o?id=1 " WIDTH=1 hidden alt=""> there</p>')
    assert found == RemoteReference(
        part=0,
        index=0,
        carrier="img-src",
        url="//a.example/o?id=1",
        resolved_url="https://a.example/o?id=1",
        local=False,
        element="img",
        attributes={"src": " //a.example/o?id=1 ", "width": "1", "hidden": "", "alt": ""},
        ancestry=Ancestry(depth=3, parent="p", hidden_by="", link=None, tables=0),
        order=0,
        marks=1,
        text_before=True,
        text_after=True,
        conditional=False,
        descriptor="",
        repeats=1,
    )


@pytest.mark.parametrize(
    ("html", "ancestry"),
    [
        ("<img src=a>", Ancestry(2, "body", "", None, 0)),
        ("<link rel=icon href=a>", Ancestry(2, "head", "", None, 0)),
        ("<body background=a>", Ancestry(1, "html", "", None, 0)),
        ("<a href=' b '><b><img src=a>", Ancestry(4, "b", "", "b", 0)),
        ("<a href=b><a href=c><img src=a>", Ancestry(3, "a", "", "c", 0)),  # a link ends where the next begins
        ("<a name=b><img src=a>", Ancestry(3, "a", "", None, 0)),
        ("<a href><img src=a>", Ancestry(3, "a", "", "", 0)),
        ("<table><tr><td><table><td><img src=a>", Ancestry(10, "td", "", None, 2)),
        ("<table><img src=a>", Ancestry(2, "body", "", None, 0)),  # moved before the table
        ("<div style='display:none'><p><img src=a>", Ancestry(4, "p", "display", None, 0)),
        ("<div hidden><img src=a>", Ancestry(3, "div", "hidden", None, 0)),
        ("<div hidden><p style='opacity:0'><img src=a>", Ancestry(4, "p", "opacity", None, 0)),  # the nearest
        ("<img src=a style='display:none'>", Ancestry(2, "body", "", None, 0)),  # its own style is no ancestor's
    ],
)
def test_ancestry(read: Read, html: str, ancestry: Ancestry) -> None:
    assert [found.ancestry for found in read(html)] == [ancestry]


def test_depth_is_capped() -> None:
    assert read_document("<div>" * 600 + f"<img src={A}>").references[0].ancestry.depth == 512


def test_order_counts_links_and_references(read: Read) -> None:
    found = read("<a href=1></a><img src=2 srcset='3, 4 2x'><a href=5><img src=6></a><area href=7>")
    assert [(one.url, one.order, one.index) for one in found] == [("2", 1, 0), ("3", 2, 1), ("4", 3, 2), ("6", 5, 3)]
    assert {one.marks for one in found} == {7}


@pytest.mark.parametrize(
    ("html", "before", "after"),
    [
        ("<p><img src=a></p>", False, False),
        ("<p>x<img src=a></p>", True, False),
        ("<p><img src=a>x</p>", False, True),
        ("<p> \n<img src=a>\t </p>", False, False),
        ("<p>\xa0<img src=a>\xa0</p>", True, True),  # &nbsp; is no white space of HTML
        ("<p>x<b></b><img src=a><!-- y -->x</p>", False, False),
        ("<p>x</p><img src=a><p>x</p>", False, False),
    ],
)
def test_text_beside(read: Read, html: str, before: bool, after: bool) -> None:
    [found] = read(html)
    assert (found.text_before, found.text_after) == (before, after)


def test_conditional_comments(read: Read) -> None:
    html = (
        "<body><a href=z><table><td><!--[if mso]><div hidden><v:fill src=a /></div><img src=b><![endif]-->"
        "<!--[IF gte mso 9]><style>p{x:url(c)}</style><![endif]-->"
        "<![if !mso]><img src=d><![endif]><!--[if !mso]><!--><img src=e><!--<![endif]-->"
        "<!-- [note] <img src=f> -->"
    )
    found = read(html)
    assert [(one.url, one.conditional) for one in found] == [("a", True), ("b", True), ("c", True), ("d", False), ("e", False)]
    # What surrounds the comment surrounds its references: html, body, a, table, tbody, tr, td.
    assert found[0].ancestry == Ancestry(7 + 3, "div", "hidden", "z", 1)
    assert found[1].ancestry == Ancestry(7 + 2, "body", "", "z", 1)
    assert [one.index for one in found] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("html", "loaded_by"),
    [
        ("<img src=a>", "any"),
        ("<!--[if mso]><img src=a><![endif]-->", "outlook"),
        ("<!--[if !mso]><!--><img src=a><!--<![endif]-->", "any"),
        ("<p><noscript><img src=a></noscript>", "noscript"),
        ("<div><NoScript><div><p><img src=a></noscript>", "noscript"),
        ("<noscript></noscript><img src=a>", "any"),
        ("<head><noscript><link rel=stylesheet href=a></noscript>", "noscript"),
        ("<head><noscript><img src=a></noscript>", "any"),  # in a head, a picture ends it (HTML Standard, section 13.2.6.4.5)
        ("<p><noscript><!--[if mso]><img src=a><![endif]--></noscript>", "outlook"),
        ("<!--[if mso]><noscript><img src=a></noscript><![endif]-->", "outlook"),
        ("<p><noscript><iframe srcdoc='<p style=background:url(a)>'></iframe></noscript>", "noscript"),
    ],
)
def test_which_programs_load_it(read: Read, html: str, loaded_by: str) -> None:
    assert [(one.url, one.loaded_by) for one in read(html)] == [("a", loaded_by)]


def test_conditional_comments_beside_the_html_element() -> None:
    html = "<!--[if mso]><img src=a><![endif]--><html><body></body></html><!--[if mso]><img src=b><![endif]-->"
    assert [one.url for one in read_document(html).references] == ["a", "b"]


def test_conditional_comments_inside_one_another(read: Read) -> None:
    assert read("<p>" + "<!--[if mso]>" * 1_000 + "<img src=a>") == []


def test_base(read: Read) -> None:
    html = "<base href=http://a.example/b/><base href=http://c.example/><img src=d.gif><img src=//e.example/f><img src=cid:g>"
    assert [(one.url, one.resolved_url, one.local) for one in read(html)] == [
        ("d.gif", "http://a.example/b/d.gif", False),
        ("//e.example/f", "http://e.example/f", False),
        ("cid:g", "", True),
    ]


def test_base_holds_for_what_stands_before_it(read: Read) -> None:
    assert [one.resolved_url for one in read(f"<img src=b><base href={A}>")] == [f"{A}b"]


def test_no_base(read: Read) -> None:
    for html in ("<img src=b>", "<base><img src=b>", "<base target=_blank><img src=b>", "<base href=cid:a><img src=b>"):
        assert [(one.resolved_url, one.local) for one in read(html)] == [("", True)]


def test_a_base_that_says_nothing_hides_the_next(read: Read) -> None:
    assert [one.local for one in read(f"<base href=''><base href={A}><img src=b>")] == [True]


def test_repeats(read: Read) -> None:
    html = f"<img src={A}b><img src=HTTP://A.example/b><img src=cid:c><img src=cid:c><img src={A}d>"
    assert [one.repeats for one in read(html)] == [2, 2, 0, 0, 1]


def test_descriptors(read: Read) -> None:
    html = "<img src=a srcset='b, c 2x,d 100w 50h'>"
    assert [(one.url, one.descriptor) for one in read(html)] == [("a", ""), ("b", ""), ("c", "2x"), ("d", "100w 50h")]


def test_links(links: Callable[[str], list[str]]) -> None:
    html = f"<a href={A}>1</a><a name=b>2</a><a href=mailto:c@a.example>3</a><map><area href=//d.example></map><a href=e>"
    assert links(html) == [A, "", "https://d.example/", ""]
    assert links(f"<base href={A}><a href=e>") == [f"{A}e"]
    assert links("<link rel=stylesheet href=a><img src=b>") == []


def test_a_link_without_a_value() -> None:
    assert read_document("<a href>1</a><area href>").links == ["", ""]


def test_references_are_numbered_through_a_message() -> None:
    message = Message.from_bytes(
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        b"--b\nContent-Type: text/html\n\n<img src=http://a.example/1><img src=cid:2>\n"
        b"--b\nContent-Type: text/plain\n\n<img src=http://a.example/0>\n"
        b"--b\nContent-Type: text/html\n\n<base href=http://b.example/><img src=3><a href=4>\n--b--\n"
    )
    found = references(message)
    assert [(one.part, one.index, one.resolved_url) for one in found] == [
        (0, 0, "http://a.example/1"),
        (0, 1, ""),
        (1, 2, "http://b.example/3"),
    ]
    documents = read_message(message)
    assert [document.links for document in documents] == [[], ["http://b.example/4"]]
    assert [one for document in documents for one in document.references] == found


PIECES = [
    *(
        "<img src=",
        "<img ",
        "src=",
        "srcset='",
        "style='x:url(",
        "<style>",
        "</style>",
        "<base href=",
        "<a href=",
        "<!--[if mso]>",
    ),
    *(
        "<![endif]-->",
        "<!--",
        "-->",
        "<svg>",
        "<image href=",
        "</svg>",
        "<table>",
        "<td background=",
        "<template>",
        "</template>",
    ),
    *(
        "<meta http-equiv=refresh content='0;url=",
        "<link rel=icon href=",
        "<math>",
        "<title>",
        "</title>",
        "<p>",
        "</p>",
        "<b>",
    ),
    *(
        "</b>",
        "</a>",
        "<select>",
        "<frameset>",
        "<object data=",
        "http://a.example/",
        "//b",
        "cid:c",
        "@import '",
        "'",
        '"',
        ">",
    ),
    *(
        "/>",
        "<",
        "&amp;",
        "&#0;",
        "&#xd800;",
        "\0",
        "\ud800",
        "\xa0",
        " ",
        "\n",
        "x",
        "<plaintext>",
        "<noscript>",
        "<v:fill src=",
    ),
]


@given(st.text(st.characters()) | st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
@example("<img src='http://a.example/\ud800'>")
@example("<base href='\ud800'><a href='\udfff'>")
def test_any_text_is_read(html: str) -> None:
    document = read_document(html, part=3, start=5)
    for number, found in enumerate(document.references):
        assert (found.part, found.index) == (3, 5 + number)
        assert found.url
        assert found.local == (found.resolved_url == "")
        assert found.order < found.marks
        assert found.marks == len(document.references) + len(document.links)
        assert (found.repeats == 0) == found.local
    orders = [found.order for found in document.references]
    assert orders == sorted(set(orders))


@pytest.mark.parametrize(
    "html",
    [
        "<b>" * 100_000 + f"<img src={A}>",
        "<div>" * 20_000 + f"<img src={A}>",
        "<p><font>" * 20_000 + f"<img src={A}>",
        "<table>" * 20_000 + f"<img src={A}>",
        "<svg>" * 20_000 + f"</svg><img src={A}>",
        "<img " + " ".join(f"a{number}=1" for number in range(20_000)) + f" src={A}>",
        "<p " + " ".join(f"a{number}=1" for number in range(20_000)) + f"><img src={A}>",
        "".join(f"<i a{number}=1>" for number in range(5_000)) + f"<img src={A}>",
        f"<style>{'a{color:red}' * 2_500_000}b{{c:url({A})}}</style>",
        f"<style>{'/*' * 15_000_000}*/b{{c:url({A})}}</style>",
        f"<!--{'x' * 30_000_000}--><img src={A}>",
        f"<img src={A}{'x' * 3_000_000}>",
        f"<img src={A} style='{'a:b;' * 1_000_000}'>",
        f"{'<!--[if mso]>' * 5_000}--><img src={A}>",
        "<a href=>" * 100_000 + f"<img src={A}>",
    ],
    ids=lambda html: f"{html[:20]}, {len(html):,}",
)
def test_hostile_size_is_read(html: str) -> None:
    found = read_document(html).references
    assert [one.resolved_url.rstrip("x") for one in found] == [A]


def test_many_references_are_read() -> None:
    assert len(read_document(f"<p><img src={A}>" * 100_000).references) == 100_000
    assert (
        len(read_document(f"<img srcset='{','.join(f' {A}{number} {number}w' for number in range(1, 100_001))}'>").references)
        == 100_000
    )


def test_references_are_plain_data() -> None:
    [found] = read_document(f"<a href={A}><img src={A}o.gif alt='x'>").references
    facts: dict[str, Any] = json.loads(json.dumps(found._asdict()))
    assert facts["attributes"] == {"src": f"{A}o.gif", "alt": "x"}
    assert re.fullmatch(r"[a-z-]+", facts["carrier"])


@pytest.mark.parametrize("end", ["</body>\n", "</html>\r\n", "</body>\n</HTML >\n<!-- x -->\n"])
def test_white_space_behind_the_body_opens_no_link_again(end: str) -> None:
    """Chromium's way: the HTML Standard has one more link, with nothing but white space in it."""
    document = read_document(f"<center><a href=http://a.example/><img src=http://a.example/o></center>{end}")
    assert (len(document.links), document.references[0].marks) == (1, 2)
