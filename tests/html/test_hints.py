import pytest

from tkit.html import hints, read_document
from tkit.html.css import may_load
from tkit.html.hints import (
    comment_may_load,
    conditional_comments_may_load,
    css_may_load,
    html_may_load,
    without_space_behind_body,
)


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<p>a</body> \n</html>\r\n", "<p>a</body></html>"),
        ("<p>a</BODY >\t<!-- b --> \n", "<p>a</BODY ><!-- b -->"),
        ("<p>a</html>\n<!-- b -->\n<!-- c -->x ", "<p>a</html><!-- b --><!-- c -->x "),
        ("</bodyguard> a", "</bodyguard> a"),
        ("<p> a </p> ", "<p> a </p> "),
        ("</body><!-- </body --> <p></html> ", "</body><!-- </body --><p></html>"),
        ("</body><!-- a --> <!-- b", "</body><!-- a --><!-- b"),
        ("</body> <!-- a", "</body><!-- a"),
        ("</body> <p></html", "</body><p></html"),
    ],
)
def test_white_space_behind_the_body_is_left_out(html: str, kept: str) -> None:
    assert without_space_behind_body(html) == kept


@pytest.mark.parametrize(
    "html",
    [
        "<!--[if mso]><img src=a><![endif]-->",
        "<!-- [IF gte mso 9]><v:rect background = 'a'><![endif]-->",
        "<!--[if mso]><table><![endif]--><p><!--[if mso]><v:fill src=a><![endif]-->",
        "<!-- a --!><!--[if mso]><img src=a><![endif]-->",
        "<script>'<!--'</script><!--[if mso]><img src=a><![endif]-->",
        "<!--[if mso]><img src=a>",
    ],
)
def test_conditional_comments_that_may_load_are_seen(html: str) -> None:
    assert conditional_comments_may_load(html)


@pytest.mark.parametrize(
    "html", ["", "<!-- src -->", "<!--[if mso]><table><tr><![endif]--><img src=a>", "<![if mso]><img src=a>"]
)
def test_other_comments_are_left_alone(html: str) -> None:
    assert not conditional_comments_may_load(html)


def test_a_comment_may_load_by_what_its_text_holds() -> None:
    assert comment_may_load("<V:FILL SRC=a>")
    assert not comment_may_load("<td style='background-color: red' data-a=1>")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("url(a)", "url(a)"),
        ("URL(a)", "URL(a)"),
        ("u&#82;l(a)", "uRl(a)"),
        ("&#0117;rl(a)", "url(a)"),
        ("&#x75rl(a)", "url(a)"),
        ("&#X6C;", "l"),
        ("url&lpar;a)", "url(a)"),
        ("url&#40;a)", "url(a)"),
        ("url&#x28;a)", "url(a)"),
        ("src('a')", "src('a')"),
        ("&commat;import 'a'", "@import 'a'"),
        ("&#64;import 'a'", "@import 'a'"),
        ("image&#45;set('a')", "image-set('a')"),
        ("\\75rl(a)", "\\75rl(a)"),
        ("&bsol;75rl(a)", "\\75rl(a)"),
        ("&#92;75rl(a)", "\\75rl(a)"),
    ],
)
def test_css_that_may_load_is_seen_through_character_references(written: str, read: str) -> None:
    assert css_may_load(f'<p style="{written}">')
    assert may_load(read) or read == "l"


@pytest.mark.parametrize("html", ["<p style='color: rgb(0, 0, 0)'>a&nbsp;b&#8217;s &#160; a@b.example &#39;", "(url) import"])
def test_a_text_without_urls_in_css_is_known_as_such(html: str) -> None:
    assert not css_may_load(html)


@pytest.mark.parametrize(
    "html",
    [
        "<svg><feImage href=http://a.example/1><use xlink:href=http://a.example/2></svg>",
        "<svg><image xlink:href=http://a.example/1><foreignObject><object data=http://a.example/2></object></svg>",
        "<object data=http://a.example/1></object><video poster=http://a.example/2></video><img lowsrc=http://a.example/3>",
        "<meta http-equiv=refresh content='0; url=http://a.example/1'><img srcset='http://a.example/2 2x'>",
        "<v:fill src=http://a.example/1><amp-img srcset=http://a.example/2></amp-img><p background=http://a.example/3>",
        "<p style='background: &#117;rl(http://a.example/1)'><style>@import 'http://a.example/2'</style>",
        "<a href=http://a.example/1><area href=http://a.example/2><link rel=icon href=http://a.example/3>",
    ],
)
def test_every_carrier_is_among_the_nodes_that_are_visited(html: str) -> None:
    """A conditional comment that may load has the reader visit every node: what it finds then is what there is."""
    comment = "<!--[if mso]><img src=''><![endif]-->"
    chosen, every = read_document(html), read_document(comment + html)
    assert len(chosen.references) + len(chosen.links) == html.count("http://")
    assert [(found.carrier, found.url) for found in chosen.references] == [
        (found.carrier, found.url) for found in every.references
    ]
    assert chosen.links == every.links


@pytest.mark.parametrize(
    "html",
    [
        "<IMG SRC=a>",
        "<meta http-equiv=REFRESH content='0; url=a'>",
        "<meta http-equiv='&#114;efresh' content='0; url=a'>",
        "<meta http-equiv = refr&#101;sh content='0; url=a'>",
        "<p style='background: &#117;rl(a)'>",
        "<!--[if mso]><v:fill Src=a><![endif]-->",
    ],
)
def test_html_that_may_load_is_seen_however_it_is_written(html: str) -> None:
    assert html_may_load(html)


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<p>a&nbsp;b <a href='http://a.example/?a=1&amp;b=2'>c</a>",
        "<meta http-equiv=content-type content='text/html; charset=utf-8'><style>a:link { color: red }</style>",
    ],
)
def test_html_without_a_reference_is_known_as_such(html: str) -> None:
    assert not html_may_load(html)


def test_no_reference_of_public_mail_is_in_html_that_is_said_to_hold_none(corpus_html: list[str]) -> None:
    silent = [html for html in corpus_html if not html_may_load(html)]
    assert silent
    assert [read_document(html).references for html in silent] == [[]] * len(silent)


@pytest.mark.parametrize("html", ["<meta http-equiv='x &amp;efresh'>", "<meta http-equiv=x>&amp;", "http-equiv ref&amp;"])
def test_a_character_reference_elsewhere_is_no_part_of_refresh(html: str) -> None:
    assert not html_may_load(html)


@pytest.mark.parametrize("after", ["", "-->"])
@pytest.mark.parametrize("html", ["<!--[if", "<!--[if mso]><p>", "<!-- \n [if mso]> "])
def test_of_comments_that_open_in_one_another_each_character_is_read_once(
    html: str, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    monkeypatch.setattr(hints, "comment_may_load", lambda comment: bool(read.append(len(comment))))
    for doublings in range(5):
        read.clear()
        text = html * (1_000 << doublings) + after
        assert not conditional_comments_may_load(text)
        assert sum(read) <= len(text)


@pytest.mark.parametrize("html", ["http-equiv=", "http-equiv= '", "http-equiv=r", "<meta http-equiv=x ", "http-equiv=\t"])
@pytest.mark.parametrize("filled", ["{}", "http-equiv={}", "http-equiv={}&"])
def test_many_beginnings_of_a_refresh_are_no_trouble(html: str, filled: str) -> None:
    # Read to the end from each of them, these would take hours.
    assert not hints._REFRESH.search(filled.format(html * 100_000 + "x").encode())


@pytest.mark.parametrize("html", ["</body ", "</body><!--", "</body> <!--", "</body>\n<!-- </body>"])
def test_many_ends_of_the_body_are_no_trouble(html: str) -> None:
    assert without_space_behind_body(html * 100_000).replace(" ", "").replace("\n", "").count("</body") >= 100_000
