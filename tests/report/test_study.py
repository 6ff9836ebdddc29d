"""Tests of tkit.report.study."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from made_report import FACTS, HOSTILE, Dots, assert_loads_nothing, evaluations, quarters, study_rows, ways

from tkit.errors import TkitError
from tkit.evaluate import Evaluation, comparison, differences, slices
from tkit.report.study import Details, write_study


class TestStudyPage:
    def written(self, folder: Path, done: list[Evaluation], **options: Any) -> str:
        page = write_study(folder / "study", comparison(done), done, FACTS, **options)
        assert page == folder / "study" / "report.html"
        assert_loads_nothing(page)
        return page.read_text(encoding="utf-8")

    def test_sections_and_figures(self, tmp_path: Path, done: list[Evaluation]) -> None:
        text = self.written(tmp_path, done)
        headings = re.findall("<h2>(.*?)</h2>", text)
        assert headings == ["Detectors compared", "Errors", "Method", "How to reproduce"]
        assert "10 open trackers and 30 pictures that a person should see: content, spacers, and personalised pictures" in text
        assert "<pre>tkit study -o out/study</pre>" in text
        assert text.count("<figure>") == 3
        figures = sorted(path.name for path in (tmp_path / "study" / "figures").iterdir())
        assert figures == ["roc.svg", "scores.svg", "tpr.svg"]

    def test_errors_with_reasons(self, tmp_path: Path, done: list[Evaluation]) -> None:
        text = self.written(tmp_path, done, bundle=Dots())
        miss, alarm = re.findall("<details><summary>.*?</details>", text)  # 0.346 below the threshold, 0.3 above it
        assert "<b>missed</b> open tracker, example.com" in miss
        assert "<dt>reasons</dt><dd>declared 90 x 60 px; in a link</dd>" in miss
        assert "<dt>label</dt><dd>open tracker, sure</dd>" in miss
        assert "<b>false positive</b> spacer, example.net" in alarm
        assert "<dt>reasons</dt><dd>declared 1 x 1 px</dd>" in alarm
        assert "tiny 1" in alarm
        assert "which was trained on these references" in text

    def test_no_urls_and_no_reasons_without_a_bundle(self, tmp_path: Path, done: list[Evaluation]) -> None:
        text = self.written(tmp_path, done)
        assert ">reasons<" not in text
        assert "which was trained on" not in text
        assert "http://" not in text

    def test_details(self, tmp_path: Path, done: list[Evaluation]) -> None:
        near = {"near_1": "ab/0/1", "near_1_label": "C", "near_1_confidence": 2, "near_1_distance": 4.25}
        details = Details(
            answer=["The answer."],
            splits=ways(done[3]),
            differences=differences(done[3], done),
            verdicts=pd.DataFrame([{"corpus": "all", "label": "T", "rows": 10, "tracker": 8, "personalised": 1, "clean": 1}]),
            slices=slices(done[3]),
            over_time=quarters(done[3]),
            errors=done[3].errors().assign(**near),
        )
        text = self.written(tmp_path, done, details=details)
        assert re.findall("<h2>(.*?)</h2>", text) == [
            "Summary",
            "Detectors compared",
            "On unseen data",
            "The three verdicts",
            "Over time",
            "Where it works and where it does not",
            "Errors",
            "Method",
            "How to reproduce",
        ]
        assert text.index("The answer.") < text.index("<table>")
        assert "Trained once, before 2020Q2" in text
        assert "<dd>content (likely) at distance 4.2, ab/0/1</dd>" in text
        assert "few trackers" in text
        figures = sorted(path.name for path in (tmp_path / "study" / "figures").iterdir())
        assert figures == ["decay.svg", "roc.svg", "scores.svg", "splits.svg", "tpr.svg"]

    def test_same_bytes(self, tmp_path: Path, done: list[Evaluation]) -> None:
        assert self.written(tmp_path / "a", done) == self.written(tmp_path / "b", done)

    def test_rules_only(self, tmp_path: Path, done: list[Evaluation]) -> None:
        text = self.written(tmp_path, done[:3])
        assert "references judged wrongly by tiny rule" in text
        assert not (tmp_path / "study" / "figures" / "scores.svg").exists()

    def test_without_errors(self, tmp_path: Path) -> None:
        rows = study_rows()
        perfect = Evaluation(rows, 0.1 + 0.8 * (rows["label"] == "T").to_numpy(float), "dots", "element", resamples=50)
        text = self.written(tmp_path, [perfect], bundle=Dots())
        assert "One detector judged the same 40 labelled remote references of 40 mails." in text
        assert "0 references judged wrongly" in text

    def test_hostile_texts(self, tmp_path: Path) -> None:
        rows = study_rows().assign(host_domain=HOSTILE[2], carrier=HOSTILE[0], corpus=HOSTILE[1])
        done = evaluations(rows)
        for evaluation, text in zip(done, HOSTILE, strict=False):
            evaluation.name = text
        facts = {"command": HOSTILE[3], HOSTILE[4]: HOSTILE[5]}
        assert_loads_nothing(write_study(tmp_path, comparison(done), done, facts))

    def test_refuses(self, tmp_path: Path, done: list[Evaluation]) -> None:
        table = comparison(done)
        with pytest.raises(TkitError, match="not of these evaluations"):
            write_study(tmp_path, table, done[1:], FACTS)
        with pytest.raises(TkitError, match="not of these evaluations"):
            write_study(tmp_path, table.head(0), [], FACTS)
        with pytest.raises(TkitError, match="facts lack 'command'"):
            write_study(tmp_path, table, done, {"tkit": "0.1.0"})
        with pytest.raises(TkitError, match="no evaluation of dots at element"):
            write_study(tmp_path, table.head(2), done[:2], FACTS, bundle=Dots())
        (tmp_path / "file").touch()
        with pytest.raises(TkitError, match="cannot be written"):
            write_study(tmp_path / "file", table, done, FACTS)
