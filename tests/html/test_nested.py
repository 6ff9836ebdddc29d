"""What is in a document inside another: frames, shadow trees, ``data:`` URLs; and other ways of SVG and CSS to load."""

import random

import pytest
from made_nested import KINDS, T, data, generated, svg
from paths import ROOT

from tkit.html import read_document
from tkit.html.nested import MAX_DOCUMENTS, data_text, with_text

BOTH = pytest.mark.parametrize("backend", ["lexbor", "soup"])
CASES = [
    pytest.param(html, paths, id=f"{kind} {number}")
    for kind, cases in KINDS.items()
    for number, (html, paths) in enumerate(cases)
]
IMAGE = f"<img src={T}1>"


def urls(html: str, backend="lexbor") -> list[str]:
    return [one.resolved_url for one in read_document(html, backend=backend).references if not one.local]


@BOTH
@pytest.mark.parametrize(("html", "paths"), CASES)
def test_each_kind(html: str, paths: list[str], backend) -> None:
    assert sorted({url.partition("#")[0] for url in urls(html, backend)}) == [T + path for path in paths]


@BOTH
@pytest.mark.parametrize("seed", range(30))
def test_things_in_one_another(seed: int, backend) -> None:
    html, expected = generated(seed)
    assert urls(html, backend) == expected


def test_what_is_known_of_a_reference_in_a_frame() -> None:
    html = '<a href=http://l.test/><table><td style="display:none"><iframe srcdoc="<p><img src=http://t.test/1 alt=x>"></iframe></table></a>'  # noqa: E501
    document = read_document(html)
    (one,) = document.references
    assert (one.carrier, one.element, dict(one.attributes)) == ("img-src", "img", {"src": T + "1", "alt": "x"})
    # html body a table tbody tr td iframe, and html body p inside
    assert one.ancestry == (11, "p", "display", "http://l.test/", 1, False)
    assert (one.order, one.marks, one.conditional) == (1, 2, False)


def test_firefox_makes_a_shadow_tree_whatever_its_mode_is() -> None:
    (one,) = read_document(f"<div><template shadowrootmode=shut><img src={T}1></template></div>").references
    assert one.url == T + "1"


def test_links_of_a_frame_have_its_base() -> None:
    html = f'<base href=http://o.test/><iframe srcdoc="<base href={T}><a href=1>x</a>"></iframe><a href=2>x</a>'
    assert read_document(html).links == [T + "1", "http://o.test/2"]


def test_chromium_asks_with_a_base_that_does_not_count_too() -> None:
    html = f"<img src=0><svg><base href=http://w.test/ /></svg><base href={T}><img src=1><iframe src=2></iframe>"
    assert urls(html) == [T + "0", T + "1", "http://w.test/1", T + "2"]


def nested(depth: int) -> str:
    html = IMAGE
    for _ in range(depth):
        html = f'<iframe src="{data("text/html", html)}"></iframe>'
    return html


def test_documents_are_read_to_a_depth() -> None:
    assert urls(nested(MAX_DOCUMENTS)) == [T + "1"]
    assert urls(nested(MAX_DOCUMENTS + 1)) == []


def test_shadow_trees_are_read_to_any_depth() -> None:
    html = "<div><template shadowrootmode=open>" * 2000 + IMAGE
    document = read_document(html)
    assert [one.resolved_url for one in document.references] == [T + "1"]
    assert document.as_tags


def test_a_style_sheet_that_imports_itself_in_data_urls_ends() -> None:
    sheet = f"p{{background:url({T}1)}}"
    for _ in range(MAX_DOCUMENTS + 3):
        sheet = f"@import '{data('text/css', sheet)}';"
    assert urls(f"<style>{sheet}</style>") == []


class Counting:
    """Counts the characters that a function of the reader is given."""

    def __init__(self, function) -> None:
        self.function = function
        self.characters = 0

    def __call__(self, text: str, *others):
        self.characters += len(text)
        return self.function(text, *others)


@pytest.mark.parametrize(
    "html",
    [
        nested(12),
        f'<iframe src="{data("text/html", IMAGE)}"></iframe>' * 500,
        "<iframe srcdoc='<iframe srcdoc=&quot;<p>&quot;></iframe>'></iframe>" * 500,
        "<div><template shadowrootmode=open>" * 300,
    ],
)
def test_the_work_is_bounded(html: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from tkit.html import reading  # noqa: PLC0415

    counting = Counting(reading.tree_takes_long)
    monkeypatch.setattr(reading, "tree_takes_long", counting)
    read_document(html)
    assert counting.characters <= (MAX_DOCUMENTS + 1) * len(html)


def test_many_at_rules_in_an_open_comment_and_in_strings() -> None:
    # Quadratic steps would take hours.
    for piece in (
        "@import/*",
        '"@import/*" ',
        "@font-face/**/",
        "@namespace ",
        "--a:'",
        "image-set(",
        "@property --a{",
        "--a ",
    ):
        assert urls(f"<style>{piece * 20_000}</style><p style='background:image-set(var(--a) 1x)'>{IMAGE}") == [T + "1"]


def test_data_urls() -> None:
    assert data_text("http://a.example/") is None
    assert data_text("data:text/html") is None
    assert data_text("data:text/html;base64,A") is None
    assert data_text("data: text/HTML ; base64 , PHA+ ") == ("<p>", "text/html")
    assert data_text("data:text/html;charset=iso-8859-1,%e9") == ("é", "text/html")
    assert data_text("data:image/svg+xml,<style/><g a='/>'/>") == ("<style></style><g a='/>'></g>", "image/svg+xml")


@pytest.mark.parametrize("seed", range(20))
def test_a_data_url_has_the_text_that_was_written(seed: int) -> None:
    choose = random.Random(seed)
    text = "".join(chr(choose.randrange(1, 0xD000)) for _ in range(choose.randrange(50)))
    assert data_text(with_text("data:text/html,x", text)) == (text, "text/html")


def test_samples_use_every_way() -> None:
    mails = b"".join(path.read_bytes() for path in sorted((ROOT / "data" / "sample").glob("*.eml")))
    for word in (b"srcdoc", b"shadowrootmode", b"attributeName", b"clip-path", b"data:text/html", b"data:text/css"):
        assert word in mails
    assert svg("") == '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
