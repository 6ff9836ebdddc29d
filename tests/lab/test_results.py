from pathlib import Path

from made_outcomes import played
from selectolax.lexbor import LexborHTMLParser

from tkit.lab.belief import by_client, sensitivity
from tkit.lab.belief.tables import clients_grid, first_opens, sensitivity_grid
from tkit.lab.results import figures_of, requests_grid, run_of, timelines_of, write_page


def test_the_page_shows_both_runs_and_loads_nothing(tmp_path: Path) -> None:
    runs = [run_of("Without blocking", played()), run_of("With blocking", played())]
    path = write_page(tmp_path / "deep" / "lab.html", runs)
    page = LexborHTMLParser(path.read_text("utf-8"))
    headings = [node.text() for node in page.css("h2")]
    assert headings[:3] == ["Without blocking", "With blocking", "How right the sender is"]
    loads = [
        node.attributes.get("src") or node.attributes.get("srcset") or "" for node in page.css("img, source, script, link")
    ]
    assert len(loads) == 4  # each figure in both themes
    assert all(url.startswith("data:image/svg+xml;base64,") for url in loads)
    assert "This is a model." in page.text()


def test_the_tables() -> None:
    run = run_of("Now", played())
    lines = timelines_of(run).rows
    assert lines[4][3] == "false receipt"
    assert lines[0][1].count("●") == lines[0][2].count("○") == 3
    figures = {row[0].partition("\n")[0]: row[1] for row in figures_of([run]).rows}
    assert figures["receipt if read"].startswith("75.0%\n")
    assert figures["error of the open rate"].startswith("+0.0 points\n")
    assert figures["error in opens"].startswith("-0.8\n")
    assert requests_grid([run, run]).rows[0] == ("trackers", "6", "6")
    assert clients_grid(by_client(run.rows)).rows[1] == ("proxy", "3", "2 / 2", "50.0%", "100%", "4 / 2")
    assert sensitivity_grid(sensitivity(run.rows)).rows[5][-1] == "up to 45.0%"
    assert first_opens(run.played.timelines) == "4 of 6 opened, 1 of them again, 0 after more than a month"
