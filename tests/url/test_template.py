import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.url.template import file_type, path_template, url_template


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/track/open.php?u=8f2c1a&id=77", "/track/open.php?u=*&id=*"),
        ("/Track/Open.GIF", "/track/open.gif"),
        ("/clickOpen/newsLetter", "/clickopen/newsletter"),
        ("/o/aGVsbG8gd29ybGQx.gif", "/o/*.gif"),
        ("/o/MTIz|NDU2==.gif", "/o/*.gif"),
        ("/oo/XyZ12Ab/0a1b2c3d/e.gif", "/oo/*/e.gif"),
        ("/op/1234_md/56/789", "/op/*_md/*"),
        ("/image-1234-567", "/image-*-*"),
        ("/wf/open?upn=v2.Kq7_bT4-9L", "/wf/open?upn=*"),
        ("/pixel?Q7xk2Lm9Zt4", "/pixel?*"),
        ("/pixel?reader%40example.com", "/pixel?*"),
        ("/pixel?open", "/pixel?open"),
        ("/p?a=1&amp;b=2;c=3&", "/p?a=*&b=*&c=*"),
        ("/p?dGVzdA9x=", "/p?*"),
        ("/p?id%5B%5D=4&id%5B%5D=5", "/p?id[]=*&id[]=*"),
        ("/r/t/deadbeef", "/r/t/*"),
        ("/r/faced", "/r/faced"),
        ("/r/qwrtpsdfgh", "/r/*"),
        ("/r/abcdefghijklmnopqrstu", "/r/*"),
        ("/r/AbCdEfGhIj", "/r/*"),
        ("/o/" + "%41" * 4, "/o/aaaa"),
        ("/o/%FF%FE", "/o/*"),
        ("//t//x", "/t/x"),
        ("/1234567/o/", "/*/o/"),
        ("/?mid=5", "/?mid=*"),
        ("/open#12", "/open"),
        ("open/17", "/open/*"),
    ],
)
def test_path_template(path: str, template: str) -> None:
    assert path_template(path) == template


@pytest.mark.parametrize("path", ["", "/", "/?", "/17", "/a1b2c3/d4e5f6.gif", "/1x1.gif?123", "/x9?7f3a", "#open"])
def test_without_a_word_there_is_no_template(path: str) -> None:
    assert path_template(path) == ""


def test_one_kit_on_many_domains() -> None:
    tokens = [
        "r4d8vtmw",
        "b7Gr13YqKn",
        "1234abcd567ef",
        "0123abcd-45ef-4a6b-8c7d-89abcdef0123",
        "Z22m6WT8_FCY-8d",
    ]
    found = {path_template(f"/campaign/{token}/open.gif?list={number}&e={token}") for number, token in enumerate(tokens)}
    assert found == {"/campaign/*/open.gif?list=*&e=*"}


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_a_template_is_its_own_template(path: str) -> None:
    assert path_template(path_template(path)) == path_template(path)


@given(st.text(alphabet="/?&=;.-_~%#*+@abZ019", max_size=40))
def test_a_template_holds_no_value_and_a_letter_or_nothing(path: str) -> None:
    template = path_template(path)
    assert template == "" or (template.startswith("/") and re.search("[a-z_$]", template))
    assert all(value == "*" for value in re.findall("=([^&]*)", template))


@given(
    st.text(alphabet="abcdef0123456789", min_size=6, max_size=40).filter(lambda token: re.search("[0-9]", token)),
    st.integers(0, 10**12),
    st.text(max_size=20).filter(lambda value: not set("&;#") & set(value)),
)
def test_what_varies_leaves_the_template_alone(token: str, number: int, value: str) -> None:
    assert path_template(f"/kit/{token}/{number}/open?u={value}") == "/kit/*/open?u=*"


def test_url_template_and_file_type() -> None:
    assert url_template("http://x.a.example/o/8f3a9c?u=1") == url_template("http://y.a.example/o/771b2e?u=2")
    assert url_template("http://a.example/8f3a9c.gif") != url_template("http://a.example/8f3a9c.jpg")
    assert file_type("http://a.example/q9ude.2lp") == ""
