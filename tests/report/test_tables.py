"""Tests of tkit.report.tables."""

import pandas as pd
from made_report import printed, ways

from tkit.evaluate import Evaluation, comparison, differences
from tkit.report.tables import comparison_table, differences_table, splits_table, verdicts_grid, verdicts_table


class TestComparisonTable:
    def test_figures_fit_80_columns(self, done: list[Evaluation]) -> None:
        lines = printed(comparison_table(comparison(done))).splitlines()
        assert max(map(len, lines)) <= 80
        (line,) = [line for line in lines if "tiny rule" in line]
        # 9 of 10 trackers, 1 of 30 negatives; the rule cannot be tuned to 0.1%.
        assert line.split()[2:] == ["90.0%", "3.3%", "-", "3.3%"]

    def test_kind_and_interval_below(self, done: list[Evaluation]) -> None:
        lines = printed(comparison_table(comparison(done))).splitlines()
        below = lines[next(number for number, line in enumerate(lines) if "block all" in line) + 1]
        # The rule of three over 10 and 30 clusters.
        assert below.split() == ["url,", "rule", *("70.0", "to", "100"), *("90.0", "to", "100"), *("90.0", "to", "100")]

    def test_figures_are_not_broken(self, done: list[Evaluation]) -> None:
        text = printed(comparison_table(comparison(done).assign(name="a_very_long_name" * 5)), width=70)
        assert max(map(len, text.splitlines())) <= 70
        assert text.count("90.0%") == 3  # the rule and the detector, which has them at 0.1% as well
        assert text.count("90.0 to 100") == 2  # "block all", good references and mails

    def test_markup_in_names_is_text(self, done: list[Evaluation]) -> None:
        table = comparison_table(comparison(done).assign(name="[bold]x[/bold]"))
        assert "[bold]x[/bold]" in printed(table, width=200)


class TestStudyTables:
    def test_splits_fit_a_terminal(self, done: list[Evaluation]) -> None:
        text = printed(splits_table(ways(done[3])))
        assert "unseen sender" in text
        assert "10 and 30 negatives" in text
        assert max(map(len, text.splitlines())) <= 80

    def test_differences_in_points(self, done: list[Evaluation]) -> None:
        # With the rule's one false alarm of thirty the scores find the photo that it misses, too: ten of ten for nine.
        text = " ".join(printed(differences_table(differences(done[3], done))).split())
        assert "Recall gained by dots" in text
        assert "tiny rule 3.3% +10.0 points" in text
        assert "block all" not in text

    def test_no_differences(self, done: list[Evaluation]) -> None:
        assert "over" in printed(differences_table(differences(done[3], [done[3]])))


class TestVerdicts:
    VERDICTS = pd.DataFrame(
        [
            ("all", "P, no size", 1200, 300, 600, 300),
            ("all", "T", 40, 39, 1, 0),
            ("one.example", "T", 40, 39, 1, 0),
        ],
        columns=["corpus", "label", "rows", "tracker", "personalised", "clean"],
    )

    def test_all_mail_fits_a_terminal(self) -> None:
        lines = printed(verdicts_table(self.VERDICTS)).splitlines()
        assert max(map(len, lines)) <= 80
        counts, shares = next((line, lines[number + 1]) for number, line in enumerate(lines) if "1,200" in line)
        assert counts.split()[-4:] == ["1,200", "300", "600", "300"]
        assert shares.split()[-3:] == ["25.0%", "50.0%", "25.0%"]
        assert not any("one.example" in line for line in lines)

    def test_every_corpus_is_named_once(self) -> None:
        grid = verdicts_grid(self.VERDICTS)
        assert [row[0] for row in grid.rows] == ["all", "", "one.example"]
        assert [row[1] for row in grid.rows] == ["personalised picture, no size", "open tracker", "open tracker"]
        assert grid.rows[2][2:] == ("40", "39\n97.5%", "1\n2.5%", "0\n0%")
