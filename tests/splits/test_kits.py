import pandas as pd
import pytest

from tkit.errors import TkitError
from tkit.splits.folds import connected_components
from tkit.splits.kits import component_keys, kit_forms


def frame(**columns: list[object]) -> pd.DataFrame:
    """Return rows with these columns, each in a mail of its own without another."""
    table = pd.DataFrame(columns)
    return table if "message_sha256" in table else table.assign(message_sha256=[str(number) for number in range(len(table))])


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
        mail, sender, url, host, domain, template, form = component_keys(rows)
        assert mail.tolist() == rows["message_sha256"].tolist()
        assert sender.tolist() == ["example.com", "example.com", "example.org", "example.net", "", ""]
        assert url.tolist() == rows["resolved_url"].tolist()
        assert host.tolist() == ["one.test", "", "two.test", "", "", ""]
        assert domain.tolist() == ["one.test", "", "two.test", "", "", ""]
        assert template.tolist() == ["/o/*", "", "/o/*", "", "", ""]
        assert form.tolist() == ["/o/*", "", "/o/*", "", "", ""]
        # 0 and 1 by sender, 2 by template, 3 and 4 by URL; 5 shares only the host of pictures.
        assert connected_components([mail, sender, url, host, domain, template, form]).tolist() == [0, 0, 0, 1, 1, 2]

    def test_one_domain_joins_the_trackers_of_its_hosts(self) -> None:
        rows = frame(
            sender_domain=["a.test", "b.test"],
            resolved_url=["https://x.mail.test/17", "https://y.mail.test/18"],
            host=["x.mail.test", "y.mail.test"],
            label=["T", "T"],
        )
        assert connected_components(component_keys(rows)).tolist() == [0, 0]

    def test_the_rows_of_a_mail_without_a_sender_belong_together(self) -> None:
        rows = frame(
            message_sha256=["m", "m", "n"],
            sender_domain=["", "", ""],
            resolved_url=["https://a.test/1.png", "https://b.test/2.png", "https://c.test/3.png"],
            host=["a.test", "b.test", "c.test"],
            label=["C", "C", "C"],
        )
        assert connected_components(component_keys(rows)).tolist() == [0, 0, 1]

    def test_missing_texts_are_empty_keys(self) -> None:
        rows = frame(sender_domain=[None], resolved_url=[None], host=[None], label=["T"])
        assert [key.tolist() for key in component_keys(rows)] == [["0"], *[[""]] * 6]

    def test_a_missing_column_is_named(self) -> None:
        with pytest.raises(TkitError, match="no column host"):
            component_keys(frame(sender_domain=[""], resolved_url=[""], label=["C"]))
