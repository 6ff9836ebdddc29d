"""Tests of tkit.report.audit."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from made_report import FACTS, Dots, assert_loads_nothing, hostile, printed

from tkit.errors import TkitError
from tkit.evaluate import Evaluation, comparison
from tkit.report.audit import audit_tables, write_audit
from tkit.report.study import write_study
from tkit.verdicts import Audit, audit


class TestAuditTables:
    def test_figures(self, found: Audit) -> None:
        text = printed(*audit_tables(found))
        assert max(map(len, text.splitlines())) <= 80
        assert re.search(r"with trackers +mails +1 +33\.3%", text)
        assert re.search(r"example\.com +Mailchimp +2 +1 +50\.0% +1", text)
        assert re.search(r"2024-05 +3 +1 +33\.3%", text)
        assert re.search(r"at most 3 px +1 +100%", text)
        assert re.search(r"example\.net +1 +1", text)

    def test_long_frames_are_cut_and_counted(self, found: Audit) -> None:
        many = pd.concat([found.senders.head(1)] * 25, ignore_index=True)
        text = printed(*audit_tables(replace(found, senders=many)))
        assert text.count("Mailchimp") == 21  # 20 senders and the provider itself
        assert "and 5 more" in text

    def test_nameless_and_empty(self, found: Audit) -> None:
        text = printed(*audit_tables(replace(found, senders=found.senders.assign(sender="", provider=""))))
        assert "(no sender)" in text
        assert [table.title for table in audit_tables(audit([], Dots()))] != []
        assert "Senders" not in printed(*audit_tables(audit([], Dots())))

    def test_the_first_table_says_what_could_not_be_read(self, found: Audit, tmp_path: Path) -> None:
        why = [("S/MIME: encrypted", 1, "a.eml"), ("TNEF: damaged", 1200, "b.eml, \x1bc.eml")]
        unread = replace(found, unread=pd.DataFrame(why, columns=["why", "mails", "first"]))
        text = " ".join(printed(audit_tables(unread)[0]).split())
        assert "not read fully, S/MIME: encrypted: 1 mail, such as a.eml" in text
        assert "not read fully, TNEF: damaged: 1,200 mails, such as b.eml, \ufffdc.eml" in text
        assert "S/MIME: encrypted: 1 mail, such as a.eml" in write_audit(tmp_path, unread).read_text(encoding="utf-8")
        assert "such as" not in printed(audit_tables(found)[0])

    def test_nothing_steers_the_terminal(self, found: Audit) -> None:
        text = printed(*audit_tables(hostile(found)))
        assert not set("\x1b\x07\u202e") & set(text)
        assert "[link=http://evil.example/l]" in text.replace("\n", "")


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
        with render.ChromiumRenderer() as renderer:
            for page in pages:
                assert renderer.requested(page.read_text(encoding="utf-8")) == []
                assert renderer.defects == ()
            assert renderer.requested("<img src='http://a.example/x'>") == ["http://a.example/x"]
