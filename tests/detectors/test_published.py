"""Tests of tkit.detectors.published."""

import pandas as pd
import pytest

from tkit.detectors.base import threshold_of
from tkit.detectors.facts import with_facts
from tkit.detectors.published import ListDetector, PublishedColumn, Unwrapped
from tkit.errors import TkitError
from tkit.features import VANTAGES
from tkit.lists.engines import HostList, RegexList, SubstringList
from tkit.mail import Message

PROXY = "https://ci3.googleusercontent.com/proxy/A#"


def rows_of(html: str) -> pd.DataFrame:
    raw = f"From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n{html}".encode()
    return pd.concat(with_facts([Message.from_bytes(raw)]), ignore_index=True)


def test_a_list_judges_what_is_asked_for() -> None:
    hosts = ListDetector(HostList("t", "hosts", ["t.example"]), "mine")
    rows = rows_of(f"<img src=http://t.example/a><img src={PROXY}http://t.example/a><img src=http://b.example/>")
    assert hosts.scores(rows).tolist() == [1.0, 0.0, 0.0]
    assert Unwrapped(hosts).scores(rows).tolist() == [1.0, 1.0, 0.0]
    assert Unwrapped(hosts).name == "mine, unwrapped"


def test_a_list_of_tags_sees_the_element_and_says_so() -> None:
    tags = ListDetector(RegexList("t", "regex-tag", ["<img[^>]+//t.example/"], on_tag=True), "mine")
    rows = rows_of(f"<img alt=x src=http://t.example/a><td background=http://t.example/a><img src={PROXY}http://t.example/a>")
    assert tags.vantage == "element"
    assert ListDetector(HostList("t", "hosts", ["t.example"]), "mine").vantage == VANTAGES[0]
    assert tags.scores(rows).tolist() == [1.0, 1.0]
    hidden = rows_of("<img src=https://u.example/?url=http%3A%2F%2Ft.example%2Fa>")
    assert tags.scores(hidden).tolist() == [0.0]


def test_the_tag_is_written_anew_around_the_original() -> None:
    wrapped = "https://proxy.example/x?url=https%3A%2F%2Ft.example%2Fo"
    rows = rows_of(f'<img src="{wrapped}" title="{wrapped}">').assign(original_url="https://t.example/o")

    class Seen:
        name, vantage, facts = "seen", "url", ("url", "resolved_url", "tag", "written_attributes")
        threshold_score = 0.9

        def scores(self, rows: pd.DataFrame) -> object:
            seen.append(rows[list(self.facts)].iloc[0].tolist())
            return rows["resolved_url"].str.contains("//t.example").to_numpy(float)

    seen: list[list[object]] = []
    assert Unwrapped(Seen()).scores(rows).tolist() == [1.0]
    assert threshold_of(Unwrapped(Seen())) == 0.9  # its verdict is the detector's own
    assert threshold_of(Unwrapped(PublishedColumn("neomd"))) == 0.5
    inner = {"src": "https://t.example/o", "title": "https://t.example/o"}
    assert seen[1] == [
        "https://t.example/o",
        "https://t.example/o",
        '<img src="https://t.example/o" title="https://t.example/o">',
        inner,
    ]
    assert seen[0][:2] == [wrapped, wrapped]
    assert rows["url"].tolist() == [wrapped]  # what was given is not changed


def test_where_nothing_is_wrapped_the_detector_is_asked_once() -> None:
    published = SubstringList("t", "substrings", ["/o"])
    rows = rows_of("<img src=http://t.example/o>")
    assert Unwrapped(ListDetector(published, "mine")).scores(rows).tolist() == [1.0]


def test_a_published_column() -> None:
    detector = PublishedColumn("neomd")
    assert detector.scores(pd.DataFrame({"published_neomd": [True, False]})).tolist() == [1.0, 0.0]
    with pytest.raises(TkitError, match=r"no bool column published_neomd: only the published dataset has.*list:neomd"):
        detector.scores(pd.DataFrame({"published_neomd": ["x"]}))


def test_a_list_needs_the_mails() -> None:
    with pytest.raises(TkitError, match="mine: rows have no column resolved_url"):
        ListDetector(HostList("t", "hosts", ["t.example"]), "mine").scores(pd.DataFrame({"tiny": [1.0]}))
