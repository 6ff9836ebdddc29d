"""Tests of tkit.report.rows."""

import re

import pandas as pd
from made_report import HOSTILE, Dots, mail, printed

from tkit.features import extract
from tkit.report.rows import rows_table, summary_table
from tkit.verdicts import scan, with_provenance


class TestRowsTable:
    MAIL = (
        "<a href='http://b.example.com'><img src='http://b.example.com/cat.jpg' width=90 height=60></a>"
        "<img src='http://x.list-manage.com/track/open.php?u=1&id=2' width=1 height=1>"
    )

    def test_verdicts(self) -> None:
        (rows,) = scan([mail(self.MAIL)], Dots())
        assert max(map(len, printed(rows_table(rows)).splitlines())) <= 80
        text = printed(rows_table(rows), width=120)
        # Margins 10 for a tracker, and -10 for an individual picture: what is clean is so for that reason.
        assert re.search(r"id=2 +tracker 100% Mailchimp *\n +img-src, part 0, number 1 +declared 1 x 1 px *\n", text)
        assert re.search(r"cat\.jpg +clean 0% *\n +img-src, part 0, number 0 +no recipient's address in the URL *\n", text)

    def test_personalised(self) -> None:
        body = "<img src='http://a.example.com/card.png?for=reader%40example.org' width=90 height=60>"
        (rows,) = scan([mail(body)], Dots())
        text = printed(rows_table(rows), width=120)
        assert re.search(
            r"example\.org +personalised 100% *\n +img-src, part 0, number 0 +a recipient's address in the URL", text
        )

    def test_each_mail_is_named_once(self) -> None:
        one, other = mail(self.MAIL, 1), mail(self.MAIL, 2)
        one.where, other.where = "box.mbox#1", "box.mbox#\x1b2"
        (rows,) = scan([one, one, other], Dots())
        lines = printed(rows_table(with_provenance(rows, [one, one, other]))).splitlines()
        names = [line for line in lines if line.startswith("box")]
        assert names == ["box.mbox#1 · a.example.com · 2024-05-06"] * 2 + ["box.mbox#\ufffd2 · a.example.com · 2024-05-06"]
        nameless = printed(rows_table(rows)).splitlines()
        assert nameless.count(one.message_sha256[:8]) == 2
        assert nameless.count(other.message_sha256[:8]) == 1

    def test_which_programs_load_it(self) -> None:
        dot = "<img src='http://t.example.net/o' width=1 height=1>"
        (rows,) = scan([mail(f"<p><!--[if mso]>{dot}<![endif]--><b><noscript>{dot}</noscript></b>{dot}")], Dots())
        text = printed(rows_table(rows))
        assert (text.count("loaded by Outlook alone"), text.count("loaded where no scripts run")) == (1, 1)

    def test_references(self) -> None:
        rows = pd.DataFrame(
            {
                "message_sha256": ["0123456789abcdef"] * 2,
                "part": 0,
                "index": [0, 1],
                "carrier": "img-src",
                "url": ["cid:logo@example.com", "//a.example/x"],
                "resolved_url": ["", "https://a.example/x"],
                "local": [True, False],
            }
        )
        text = printed(rows_table(rows))
        assert re.search(r"01234567\n +cid:logo@example\.com +local *\n", text)
        assert re.search(r"\n +https://a\.example/x *\n", text)

    def test_features_that_are_given(self) -> None:
        rows = extract([mail("<img src='http://a.example/' width=7>")])
        assert re.search(r"\battr_width 7\b", printed(rows_table(rows), width=200))
        assert "attr_height" not in printed(rows_table(rows), width=200)
        assert "hidden" not in printed(rows_table(rows), width=200)

    def test_no_rows(self) -> None:
        assert "Features" in printed(rows_table(extract([])))

    def test_hostile_texts(self) -> None:
        (rows,) = scan([mail(self.MAIL)], Dots())
        rows = rows.assign(resolved_url=HOSTILE[-1], carrier=HOSTILE[-1], provider=HOSTILE[-1])
        assert not set("\x1b\x07\u202e") & set(printed(rows_table(rows)))


def test_summary() -> None:
    counts = {"mails": 1_200, "with trackers": 0}
    text = printed(
        summary_table(counts, [("S/MIME: encrypted", 1_100, ["a.eml", "\x1bb.eml"]), ("TNEF: damaged", 1, ["c.eml"])])
    )
    assert re.search(r"\n +mails +1,200 *\n +with trackers +0 *\n", text)
    assert text.endswith(
        "not read fully, S/MIME: encrypted: 1,100 mails, such as a.eml, \ufffdb.eml\n"
        "not read fully, TNEF: damaged: 1 mail, such as c.eml\n"
    )
