"""Tests of tkit.report.audit."""

import json
import re
import shutil
from dataclasses import fields, replace
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from made_report import FACTS, Dots, assert_loads_nothing, hostile, printed

from tkit.errors import TkitError
from tkit.evaluate import Evaluation, comparison
from tkit.mail import Message
from tkit.report.audit import audit_tables, audit_text, write_audit
from tkit.report.study import write_study
from tkit.verdicts import Audit, audit


class TestAuditTables:
    def test_figures(self, found: Audit) -> None:
        text = printed(*audit_tables(found))
        assert max(map(len, text.splitlines())) <= 80
        assert re.search(r"with trackers +mails +1 +33\.3%", text)
        assert re.search(r"example\.com +2 +1 +50\.0% +0 +1 +1 *\n +Mailchimp *\n", text)
        assert re.search(r"2024-05 +3 +1 +33\.3%", text)
        assert re.search(r"at most 3 px +1 +100%", text)
        assert re.search(r"example\.net +1 +1", text)

    def test_long_frames_are_cut_and_counted(self, found: Audit) -> None:
        many = pd.concat([found.senders.head(1)] * 25, ignore_index=True)
        text = printed(*audit_tables(replace(found, senders=many)))
        assert text.count("Mailchimp") == 22  # 20 senders, the provider itself, and the service of its server
        assert "and 5 more" in text

    def test_nameless_and_empty(self, found: Audit) -> None:
        text = printed(*audit_tables(replace(found, senders=found.senders.assign(sender="", provider=""))))
        assert "(no sender)" in text
        assert [table.title for table in audit_tables(audit([], Dots()))] != []
        assert "Senders" not in printed(*audit_tables(audit([], Dots())))

    def test_the_first_table_says_what_could_not_be_read(self, found: Audit, tmp_path: Path) -> None:
        why = [("S/MIME: encrypted", 1, ["a.eml"]), ("TNEF: damaged", 1200, ["b.eml", "\x1bc.eml"])]
        unread = replace(found, unread=pd.DataFrame(why, columns=["why", "mails", "examples"]))
        text = " ".join(printed(audit_tables(unread)[0]).split())
        assert "not read fully, S/MIME: encrypted: 1 mail, such as a.eml" in text
        assert "not read fully, TNEF: damaged: 1,200 mails, such as b.eml, \ufffdc.eml" in text
        assert "S/MIME: encrypted: 1 mail, such as a.eml" in write_audit(tmp_path, unread).read_text(encoding="utf-8")
        assert "such as" not in printed(audit_tables(found)[0])

    def test_nothing_steers_the_terminal(self, found: Audit) -> None:
        text = printed(*audit_tables(hostile(found)))
        assert not set("\x1b\x07\u202e") & set(text)
        assert "[link=http://evil.example/l]" in text.replace("\n", "")


class TestAuditText:
    def test_servers_in_the_tables(self, found: Audit) -> None:
        text = printed(*audit_tables(found))
        # The servers of the fixture: a dot of Mailchimp, and a picture with the recipient's address. Their mails have no name.
        assert re.search(r"x\.list-manage\.com +1 +0 +1 +1 *\n +Mailchimp *\n +[0-9a-f]{12} *\n", text)
        assert re.search(r"t\.example\.net +0 +1 +1 +1 *\n +[0-9a-f]{12} *\n", text)
        assert re.search(r"any +1 +100%", text)

    def test_a_page_shows_more_examples_than_the_terminal(self, found: Audit) -> None:
        named = replace(found, servers=found.servers.head(1).assign(examples=[["box#1", "box#7", "box#9"]]))
        assert re.findall(r"box#\d", audit_text(named, "table")) == ["box#1"]
        assert re.findall(r"box#\d", audit_text(named, "html")) == ["box#1", "box#7", "box#9"]

    def test_of_a_long_place_the_end_is_shown(self, found: Audit) -> None:
        named = replace(found, servers=found.servers.head(1).assign(examples=[["x" * 70 + "/2024.mbox#1234567"]]))
        assert f" …{'x' * 11}/2024.mbox#1234567 " in printed(*audit_tables(named))

    def test_json_holds_every_frame(self, found: Audit) -> None:
        read = json.loads(audit_text(found, "json"))
        assert list(read) == [field.name for field in fields(Audit)]
        assert read["detector"] == "dots"
        assert read["totals"][0] == {"what": "mails", "count": 3, "of": "", "share": None, "low": None, "high": None}
        assert [(server["host"], server["mails"]) for server in read["servers"]] == [
            ("x.list-manage.com", 1),
            ("t.example.net", 1),
        ]
        assert len(read["servers"][0]["examples"]) == 1
        assert read["over_time"][0]["start"].startswith("2024-05-01T00:00:00+00:00")

    def test_csv_has_one_row_per_row_of_each_frame(self, found: Audit) -> None:
        named = found.servers.assign(examples=[["a.mbox#1", "a.mbox#7"], []])
        rows = pd.read_csv(StringIO(audit_text(replace(found, servers=named), "csv")), dtype=str, keep_default_na=False)
        frames = [getattr(found, field.name) for field in fields(Audit)]
        assert len(rows) == sum(len(frame) for frame in frames if isinstance(frame, pd.DataFrame))
        servers = rows[rows["table"] == "servers"]
        columns = ["name", "service", "trackers", "personalised", "mails", "senders", "examples", "share"]
        assert servers[columns].values.tolist() == [
            ["x.list-manage.com", "Mailchimp", "1", "0", "1", "1", "a.mbox#1; a.mbox#7", ""],
            ["t.example.net", "", "0", "1", "1", "1", "", ""],
        ]

    def test_forged_dates(self) -> None:
        dates = ("1 Jan 1500 00:00:00 +0000", "1 Jan 9999 00:00:00 +0000")
        raws = (f"Date: {date}\nContent-Type: text/html\n\n<img src=http://t.example/o width=1 height=1>" for date in dates)
        found = audit([Message.from_bytes(raw.encode()) for raw in raws], Dots())
        starts = [row["start"] for row in json.loads(audit_text(found, "json"))["over_time"]]
        assert starts == ["1500-01-01T00:00:00+00:00", "9999-01-01T00:00:00+00:00"]
        assert "1500-01-01" in audit_text(found, "csv")

    def test_another_form(self, found: Audit) -> None:
        with pytest.raises(TkitError, match="format 'xml': take one of html, json, csv, table"):
            audit_text(found, "xml")

    def test_of_nothing(self) -> None:
        empty = audit([], Dots())
        assert json.loads(audit_text(empty, "json"))["servers"] == []
        assert audit_text(empty, "csv").count("\r\n") == 1 + len(empty.totals)

    def test_tables_are_those_of_the_terminal(self, found: Audit, tmp_path: Path) -> None:
        assert audit_text(found, "table") == printed(*audit_tables(found), width=120)
        path = write_audit(tmp_path / "new" / "audit.txt", found, "table")
        assert path.read_text(encoding="utf-8") == audit_text(found, "table")


class TestAuditPage:
    def test_folder_or_file(self, tmp_path: Path, found: Audit) -> None:
        assert write_audit(tmp_path / "new" / "folder", found) == tmp_path / "new" / "folder" / "report.html"
        assert write_audit(str(tmp_path / "mine.html"), found) == tmp_path / "mine.html"

    def test_what_it_says(self, tmp_path: Path, found: Audit) -> None:
        page = write_audit(tmp_path, found)
        assert_loads_nothing(page)
        text = page.read_text(encoding="utf-8")
        assert "1 of 3 mails (33.3%, 95% interval 6.1 to 79.2) report to a server" in text
        assert "tracker if its score for that is at least 0.9, and personalised if it is no tracker" in text
        assert "1 more (33.3%, 95% interval 6.1 to 79.2) report it only by personalised pictures" in text
        assert "reader@example.org" not in text
        assert "http://" not in text

    def test_of_nothing(self, tmp_path: Path) -> None:
        page = write_audit(tmp_path, audit([], Dots()))
        assert_loads_nothing(page)
        assert "0 of 0 mails" in page.read_text(encoding="utf-8")

    def test_hostile_texts_are_shown_as_text(self, tmp_path: Path, found: Audit) -> None:
        page = write_audit(tmp_path, hostile(found))
        assert_loads_nothing(page)
        text = page.read_text(encoding="utf-8")
        assert "&lt;img src=http://evil.example/x&gt;" in text
        assert "&lt;/td&gt;&lt;/table&gt;" in text
        assert not set("\x1b\x07\u202e") & set(text)

    @pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on PATH")
    def test_chromium_asks_for_nothing(self, tmp_path: Path, found: Audit, done: list[Evaluation]) -> None:
        render = pytest.importorskip("tkit.lab.render", exc_type=TkitError, reason="no Playwright")
        pages = [
            write_audit(tmp_path / "audit", hostile(found)),
            write_study(tmp_path / "study", comparison(done), done, FACTS),
        ]
        with render.ChromiumRenderer(timeout_seconds=120) as renderer:
            for page in pages:
                assert renderer.requested(page.read_text(encoding="utf-8")) == []
                assert renderer.defects == ()
            assert renderer.requested("<img src='http://a.example/x'>") == ["http://a.example/x"]
