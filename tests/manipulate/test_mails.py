"""Tests of tkit.manipulate.mails: hand-made documents, and what stands in them after each edit."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.errors import TkitError
from tkit.features import extract, feature_names
from tkit.html import RemoteReference, read_document
from tkit.mail import Message
from tkit.manipulate import MANIPULATIONS, manipulate
from tkit.manipulate.mails import COMBINED, HARMLESS, PAIRS, TRIPLES, WHOLE, Edited

PIXEL = "http://t.esp.example/wf/open.php?upn=b81e2c7f90"
MAIL = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN"><html><body><h1>Hello</h1>'
    '<a href="https://click.shop.example/ls/click?upn=1">Buy</a><a href="https://other.example/">Other</a>'
    '<a href="https://click.shop.example/ls/click?upn=2">More</a><img src="https://cdn.example/logo.png" width="90">'
    f'<p>Bye</p><img src="{PIXEL}" width="1" height="1" style="display:none;border:0"></body></html>'
)


def edited(html: str, *names: str, number: int = -1, sender: str = "shop.example") -> Edited:
    found = manipulate(html, read_document(html).references[number], names, sender)
    assert found is not None
    read = read_document(found.html).references[found.reference.index]
    assert read == found.reference
    return found


def attributes(html: str, *names: str) -> dict[str, str]:
    return dict(edited(html, *names).reference.attributes)


def test_no_manipulation_changes_nothing() -> None:
    found = edited(MAIL)
    assert found.reference == read_document(MAIL).references[-1]
    assert found.html.startswith('<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN">')


def test_ordinary_size() -> None:
    found = attributes(MAIL, "ordinary-size")
    assert found == {"src": PIXEL, "width": "640", "height": "360", "style": "border:0"}


def test_what_is_chosen_differs_between_references() -> None:
    pixels = [f"<img src='http://t.example/{number}'>" for number in range(40)]
    sizes = {edited(pixel, "ordinary-size").reference.attributes["width"] for pixel in pixels}
    assert {"120", "600", "88", "48", "640"} <= sizes


def test_no_size() -> None:
    assert attributes(MAIL, "no-size") == {"src": PIXEL, "style": "border:0"}
    assert attributes(f"<img hidden style='width:1px' src='{PIXEL}'>", "no-size") == {"src": PIXEL}


def test_top_of_the_body() -> None:
    found = edited(MAIL, "top-of-body").reference
    assert (found.url, found.order, found.marks) == (PIXEL, 0, 5)
    assert edited(f"<img src='{PIXEL}'>", "top-of-body").reference.order == 0  # it was there already


def test_alternative_text_and_the_commonest_link_around() -> None:
    found = edited(MAIL, "alt-and-link").reference
    assert found.attributes["alt"] == "Shop now"
    assert found.ancestry.link == "https://click.shop.example/ls/click?upn=1"
    assert found.ancestry.parent == "a"


def test_a_link_around_stays() -> None:
    html = f"<a href='http://a.example/'><img src='{PIXEL}'></a><a href='http://b.example/'>b</a>"
    assert edited(html, "alt-and-link").reference.ancestry.link == "http://a.example/"


def test_a_mail_without_links_links_to_its_sender() -> None:
    assert edited(f"<img src='{PIXEL}'>", "alt-and-link").reference.ancestry.link == "https://www.shop.example/"
    assert edited(f"<img src='{PIXEL}'>", "alt-and-link", sender="").reference.ancestry.link is None


def test_background_of_a_style_with_its_size() -> None:
    found = edited(MAIL, "css-background").reference
    assert (found.carrier, found.element, found.url) == ("style-attr", "span", PIXEL)
    assert dict(found.attributes) == {"style": f"display:inline-block;width:1px;height:1px;background-image:url('{PIXEL}')"}


def test_the_senders_own_header_picture() -> None:
    found = edited(MAIL, "header-picture").reference
    assert re.fullmatch(r"https://www\.shop\.example/images/2024/header-[0-9a-f]{12}\.jpg", found.url)
    assert {**found.attributes, "src": "", "alt": ""} == {"src": "", "width": "600", "height": "200", "alt": ""}
    assert found.attributes["alt"]
    assert (found.index, found.ancestry.parent) == (0, "a")
    assert found.ancestry.link == "https://click.shop.example/ls/click?upn=1"
    other = edited(MAIL.replace("b81e2c7f90", "0d5512a6cc"), "header-picture").reference
    assert other.url != found.url  # the name is the recipient's


def test_a_picture_in_a_link_of_its_own_becomes_the_same_header_picture() -> None:
    html = f"<h1>Hello</h1><a href='https://shop.example/'><img src='{PIXEL}' class=logo></a><p><img src='{PIXEL}' width=1>"
    first, second = (edited(html, "header-picture", number=number).reference for number in (-2, -1))
    assert (first.attributes, first.ancestry.link, first.order) == (second.attributes, second.ancestry.link, second.order)


def test_a_header_picture_needs_a_sender_or_a_link() -> None:
    html = f"<img src='{PIXEL}'>"
    assert manipulate(html, read_document(html).references[0], ["header-picture"]) is None


def test_what_replaces_everything_is_combined_with_nothing() -> None:
    assert {name for names in (*PAIRS, *TRIPLES) for name in names} == set(COMBINED)
    assert set(COMBINED) == set(MANIPULATIONS) - set(WHOLE)
    assert ("ordinary-size", "alt-and-link", "jpg") in TRIPLES
    assert len(TRIPLES) == 10  # an ordinary size, and two of five


def test_another_recipients_url_and_then_the_manipulations() -> None:
    reference = read_document(MAIL).references[-1]
    other = PIXEL.replace("b81e2c7f90", "0d5512a6cc")
    found = manipulate(MAIL, reference, ["ordinary-size", "jpg"], "shop.example", None, "drawn by the mailing", other)
    same = manipulate(MAIL, reference, ["ordinary-size", "jpg"], "shop.example", None, "drawn by the mailing")
    assert found is not None
    assert same is not None
    assert found.reference.url == "http://t.esp.example/wf/open.jpg?upn=0d5512a6cc"
    assert found.reference.attributes["width"] == same.reference.attributes["width"]
    alone = manipulate(MAIL, reference, [], url=other)
    assert alone is not None
    assert dict(alone.reference.attributes) == {**reference.attributes, "src": other}


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("sender-domain", "http://www.shop.example/wf/open.php?upn=b81e2c7f90"),
        ("neutral-words", "http://t.esp.example/top/media.php?t=b81e2c7f90"),
        ("split-token", "http://t.esp.example/wf/b81e/2c7f/90/open.php"),
        ("jpg", "http://t.esp.example/wf/open.jpg?upn=b81e2c7f90"),
    ],
)
def test_urls(name: str, url: str) -> None:
    found = edited(MAIL, name).reference
    assert found.url == url
    assert found.attributes["width"] == "1"


def test_redirect_of_the_commonest_link() -> None:
    assert edited(MAIL, "link-redirect").reference.url.startswith("https://click.shop.example/ls/")


def test_the_sender_unknown_the_links_domain_serves() -> None:
    assert edited(MAIL, "sender-domain", sender="").reference.url.startswith("http://www.shop.example/")


def test_two_at_once_whatever_their_order() -> None:
    first, second = edited(MAIL, "jpg", "css-background"), edited(MAIL, "css-background", "jpg")
    assert first == second
    assert "open.jpg" in first.reference.url
    assert first.reference.carrier == "style-attr"


def test_a_style_and_a_background_attribute_are_edited_where_they_stand() -> None:
    style = f"<div style=\"background:url('{PIXEL}');width:1px\">x</div>"
    found = edited(style, "ordinary-size", "jpg").reference
    assert dict(found.attributes) == {
        "style": "background:url('http://t.esp.example/wf/open.jpg?upn=b81e2c7f90');width:640px;height:360px"
    }
    table = f"<table background='{PIXEL}'><tr><td>x</table>"
    assert edited(table, "jpg").reference.attributes["background"] == "http://t.esp.example/wf/open.jpg?upn=b81e2c7f90"


def test_of_equal_elements_the_one_asked_for() -> None:
    html = f"<img src='{PIXEL}'><p>a</p><img src='{PIXEL}'><p>b</p><img src='{PIXEL}'>"
    found = edited(html, "no-size", "jpg", number=1)
    assert [reference.url.count("jpg") for reference in read_document(found.html).references] == [0, 1, 0]


def test_a_wrapped_url_is_written_without_its_wrapper() -> None:
    html = f"<img src='https://ci3.googleusercontent.com/proxy/abc=s0-d-e1-ft#{PIXEL}'>"
    assert edited(html, "jpg").reference.url == "http://t.esp.example/wf/open.jpg?upn=b81e2c7f90"


@pytest.mark.parametrize(
    "html",
    [
        f"<style>p {{ background: url({PIXEL}) }}</style>",  # no element's own
        f"<!--[if mso]><img src='{PIXEL}'><![endif]-->",
        "<img src='cid:logo'>",
    ],
)
def test_what_cannot_be_edited(html: str) -> None:
    assert manipulate(html, read_document(html).references[0], ["jpg"]) is None


@pytest.mark.parametrize("name", ["ordinary-size", "no-size", "jpg", "alt-and-link"])
def test_not_in_a_shadow_tree(name: str) -> None:
    html = f"<div><template shadowrootmode=open><img src='{PIXEL}'></template></div><a href='https://a.example/'>a</a>"
    (reference,) = read_document(html).references
    assert manipulate(html, reference, [name]) is None


def test_what_one_manipulation_cannot_do() -> None:
    html = f"<table background='{PIXEL}'><tr><td>x</table>"
    assert manipulate(html, read_document(html).references[0], ["alt-and-link"]) is None
    assert manipulate(html, read_document(html).references[0], ["link-redirect"]) is None  # no link in the mail


def test_an_unknown_name() -> None:
    with pytest.raises(TkitError, match="unknown manipulation 'wiggle': choose from ordinary-size, no-size"):
        manipulate(MAIL, read_document(MAIL).references[0], ["wiggle"])


def test_every_pair_once() -> None:
    assert len(PAIRS) == 54  # 11 * 10 / 2, less the two sizes
    assert set(HARMLESS) < set(MANIPULATIONS)


def test_an_attribute_named_as_the_marker_is_kept() -> None:
    html = f"<img src='http://a.example/x.png' data-edited><img src='{PIXEL}'>"
    assert "data-edited" in read_document(edited(html, "jpg").html).references[0].attributes


_NAMES = st.sampled_from([(), *((name,) for name in MANIPULATIONS), *PAIRS])
_TAGS = st.sampled_from(
    ["<p>", "</p>", "<table>", "<tr>", "<td>", "</table>", "<a href='http://b.example/x'>", "</a>", "text", "<b>", "</div>"]
)


@given(st.lists(_TAGS, max_size=12), st.lists(_TAGS, max_size=12), _NAMES)
def test_only_the_one_reference_changes(before: list[str], after: list[str], names: tuple[str, ...]) -> None:
    html = f"{''.join(before)}<img src='{PIXEL}' width=1>{''.join(after)}<img src='http://c.example/y.png'>"
    references = read_document(html).references
    pixel = next(reference for reference in references if reference.url == PIXEL)
    found = manipulate(html, pixel, names, "shop.example")
    if found is None:
        return
    now: list[RemoteReference] = read_document(found.html).references
    assert len(now) == 2
    assert now[found.reference.index].url == found.reference.url
    assert now[1 - found.reference.index].url == "http://c.example/y.png"


def test_no_feature_changes_by_writing_the_tree_anew() -> None:
    head = b"From: a@shop.example\nContent-Type: text/html\n\n"
    before = extract([Message.from_bytes(head + MAIL.encode())])
    after = extract([Message.from_bytes(head + edited(MAIL).html.encode())])
    names = feature_names("message")
    assert before[names].equals(after[names])


def test_one_draw_for_all_copies_of_a_mailing() -> None:
    pixels = [f"<img src='http://t.example/{number}'>" for number in range(40)]
    found = [manipulate(pixel, read_document(pixel).references[0], ["ordinary-size"], drawn_by="a mailing") for pixel in pixels]
    assert len({one.reference.attributes["width"] for one in found if one is not None}) == 1
    alone = manipulate(pixels[3], read_document(pixels[3]).references[0], ["ordinary-size"], drawn_by="http://t.example/3")
    assert alone == edited(pixels[3], "ordinary-size")
