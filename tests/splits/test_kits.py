import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tkit.errors import TkitError
from tkit.splits.folds import connected_components
from tkit.splits.kits import component_keys, kit_forms
from tkit.url.template import path_template


def frame(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


class TestPathTemplate:
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
    def test_worked_out_by_hand(self, path: str, template: str) -> None:
        assert path_template(path) == template

    @pytest.mark.parametrize("path", ["", "/", "/?", "/17", "/a1b2c3/d4e5f6.gif", "/1x1.gif?123", "/x9?7f3a", "#open"])
    def test_without_a_word_there_is_no_template(self, path: str) -> None:
        assert path_template(path) == ""

    def test_one_kit_on_many_domains(self) -> None:
        tokens = [
            "r4d8vtmw",
            "b7Gr13YqKn",
            "1234abcd567ef",
            "0123abcd-45ef-4a6b-8c7d-89abcdef0123",
            "Z22m6WT8_FCY-8d",
        ]
        templates = {
            path_template(f"/campaign/{token}/open.gif?list={number}&e={token}") for number, token in enumerate(tokens)
        }
        assert templates == {"/campaign/*/open.gif?list=*&e=*"}

    @settings(deadline=None)
    @given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
    def test_a_template_is_its_own_template(self, path: str) -> None:
        assert path_template(path_template(path)) == path_template(path)

    @settings(deadline=None)
    @given(st.text(alphabet="/?&=;.-_~%#*+@abZ019", max_size=40))
    def test_a_template_holds_no_value_and_a_letter_or_nothing(self, path: str) -> None:
        template = path_template(path)
        assert template == "" or (template.startswith("/") and re.search("[a-z_$]", template))
        assert all(value == "*" for value in re.findall("=([^&]*)", template))

    @settings(deadline=None)
    @given(
        st.text(alphabet="abcdef0123456789", min_size=6, max_size=40).filter(lambda token: re.search("[0-9]", token)),
        st.integers(0, 10**12),
        st.text(max_size=20).filter(lambda value: not set("&;#") & set(value)),
    )
    def test_what_varies_leaves_the_template_alone(self, token: str, number: int, value: str) -> None:
        assert path_template(f"/kit/{token}/{number}/open?u={value}") == "/kit/*/open?u=*"


class TestKitForms:
    @pytest.mark.parametrize(
        ("templates", "forms"),
        [
            (["/edyfw.php?*", "/glpqm.php?*"], ["/*.php?*", "/*.php?*"]),
            (["/oimg.php?id=*", "/app-b/oimg.php?id=*"], ["/oimg.php?id=*", "/oimg.php?id=*"]),
            (["/*/ux/*/m/*/rred/*/", "/*/ux/*/m/*/xbck/*/"], ["/ux/*/m/*/", "/ux/*/m/*/"]),
            (["/cgi-bin/eqoci?soso=*&campaign=*", "/cgi-bin/mepi?iwoy=*&campaign=*"], ["/cgi-bin/*?*&campaign=*"] * 2),
            (["/t/dnyv.gif", "/t/ktru.gif"], ["/t/*.gif"] * 2),
            (["/rnd-blue/p", "/rnd-green/p"], ["/rnd-*/p"] * 2),
            (["/vank.gif", "/soso.gif"], ["", ""]),
            (["/vank", "/soso"], ["", ""]),
            (["/vank?*", "/soso?*"], ["", ""]),
            (["", "/a"], ["", ""]),
        ],
    )
    def test_worked_out_by_hand(self, templates: list[str], forms: list[str]) -> None:
        assert kit_forms(templates, ["a.test", "b.test"]) == forms

    def test_what_one_owner_repeats_is_not_shared(self) -> None:
        assert kit_forms(["/x/vank", "/x/vank", "/x/soso"], ["a.test", "a.test", "b.test"]) == ["/x/*"] * 3

    def test_a_form_is_as_coarse_as_its_template(self) -> None:
        templates = ["/wf/open?upn=*", "/wf/open?upn=*", "/open/*"]
        assert kit_forms(templates, ["a.test", "b.test", "c.test"]) == ["/wf/open?upn=*", "/wf/open?upn=*", "/open/*"]


class TestComponentKeys:
    def test_what_joins_which_rows(self) -> None:
        rows = frame(
            sender_domain=["news.example.com", "example.com", "a.example.org", "b.example.net", "", ""],
            resolved_url=[
                "https://one.test/o/a1b2c3d4",
                "https://pictures.test/logo.png",
                "https://two.test/o/ff00ff00",
                "https://pictures.test/other.png",
                "https://pictures.test/other.png",
                "https://pictures.test/logo/third.png",
            ],
            host=["One.test", "pictures.test", "two.test", "pictures.test", "pictures.test", "pictures.test"],
            label=["T", "C", "T", "C", "S", "C"],
        )
        sender, url, host, domain, template, form = component_keys(rows)
        assert sender.tolist() == ["example.com", "example.com", "example.org", "example.net", "", ""]
        assert url.tolist() == rows["resolved_url"].tolist()
        assert host.tolist() == ["one.test", "", "two.test", "", "", ""]
        assert domain.tolist() == ["one.test", "", "two.test", "", "", ""]
        assert template.tolist() == ["/o/*", "", "/o/*", "", "", ""]
        assert form.tolist() == ["/o/*", "", "/o/*", "", "", ""]
        # 0 and 1 by sender, 2 by template, 3 and 4 by URL; 5 shares only the host of pictures.
        assert connected_components([sender, url, host, domain, template, form]).tolist() == [0, 0, 0, 1, 1, 2]

    def test_one_domain_joins_the_trackers_of_its_hosts(self) -> None:
        rows = frame(
            sender_domain=["a.test", "b.test"],
            resolved_url=["https://x.mail.test/17", "https://y.mail.test/18"],
            host=["x.mail.test", "y.mail.test"],
            label=["T", "T"],
        )
        assert connected_components(component_keys(rows)).tolist() == [0, 0]

    def test_missing_texts_are_empty_keys(self) -> None:
        rows = frame(sender_domain=[None], resolved_url=[None], host=[None], label=["T"])
        assert [key.tolist() for key in component_keys(rows)] == [[""]] * 6

    def test_a_missing_column_is_named(self) -> None:
        with pytest.raises(TkitError, match="no column host"):
            component_keys(frame(sender_domain=[""], resolved_url=[""], label=["C"]))
