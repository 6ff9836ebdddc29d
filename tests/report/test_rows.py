"""Tests of tkit.report.rows."""

import re

import pandas as pd
from made_report import HOSTILE, Dots, mail, printed

from tkit.features import extract
from tkit.report.rows import rows_table
from tkit.verdicts import scan


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
        assert re.search(r"id=2 +tracker 100% Mailchimp *\n +0/1 +img-src +declared 1 x 1 px *\n", text)
        assert re.search(r"cat\.jpg +clean 0% *\n +0/0 +img-src +no recipient's address in the URL *\n", text)

    def test_personalised(self) -> None:
        body = "<img src='http://a.example.com/card.png?for=reader%40example.org' width=90 height=60>"
        (rows,) = scan([mail(body)], Dots())
        text = printed(rows_table(rows), width=120)
        assert re.search(r"example\.org +personalised 100% *\n +0/0 +img-src +a recipient's address in the URL *\n", text)

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
        assert re.search(r"01234567 +cid:logo@example\.com +local", text)
        assert re.search(r"01234567 +https://a\.example/x *\n", text)

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
