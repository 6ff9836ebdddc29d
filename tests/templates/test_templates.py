import re
from pathlib import Path

import pandas as pd
import pytest
from paths import ROOT

from tkit.dataset import read
from tkit.errors import TkitError
from tkit.splits import Split
from tkit.templates import Matcher, Template, Templates, load_templates
from tkit.templates.building import build_templates, matched_keys
from tkit.templates.known import KNOWN
from tkit.templates.learning import GRID, Limits, count, measured, select, weak_beside, with_known, without_kin
from tkit.templates.matching import encoded
from tkit.templates.pieces import first_word, patterns_of, pieces_of, tail_of
from tkit.templates.template import keys_of, load_matched
from tkit.url.template import is_word

# Pieces


def test_pieces_keep_words_and_nothing_else() -> None:
    assert pieces_of("/Read/open2?upn=Kq7_x") == ["/", "read", "/", "*", "?", "upn", "=", "*", "_", "x"]
    assert pieces_of("/o/anna.berg@b.example/x.gif") == ["/", "o", "/", "*", "/", "x", ".", "gif"]
    assert pieces_of("/o?m=anna%40b.example&k=1") == ["/", "o", "?", "m", "=", "*", "&", "k", "=", "*"]
    assert len(pieces_of("/a" * 9999)) == 48
    assert tail_of("HTTP://a.example:80") == ""
    assert first_word("") == ""


def test_patterns_of_a_tail() -> None:
    # Of ".gif" the extension's letters do not count: "/o.gif" has one letter.
    assert patterns_of("/o.gif") == frozenset()
    assert patterns_of("/open.gif") == {"/open.gif"}
    assert patterns_of("/open.gif?u=1") == {"/open.gif?", "/open.gif?u="}
    assert patterns_of("/op/1_md/2") == {"/op/*_md/"}
    assert "/open.php?m=*&l=" in patterns_of("/a/open.php?M=12&L=3")
    assert patterns_of("/track/anna@b.example/?to=anna%40b.example") == {"/track/", "/track/*/?to="}


def test_no_pattern_has_more_than_four_words() -> None:
    assert max(patterns_of("/alpha/beta/gamma/delta/epsilon/"), key=len) == "/beta/gamma/delta/epsilon/"


# Matching


@pytest.mark.parametrize(
    ("pattern", "twin"),
    [
        ("/track/open.php?u=", "%2Ftrack%2Fopen*.php%3Fu%3D"),
        (".emltrk.com/", ".emltrk*.com%2F"),
        ("/q/*~~/", "%2Fq%2F*~~%2F"),
        ("?email=", "%3Femail%3D"),
    ],
)
def test_twins_by_hand(pattern: str, twin: str) -> None:
    assert encoded(pattern) == twin


def test_matching_by_hand() -> None:
    matcher = Matcher(["/wf/open?upn=", "/op/*_md/"])
    verdicts = {
        "http://a.example/wf/open?upn=1": True,
        "http://a.example/WF/Open?UPN=1": True,
        "http://a.example/xwf/open?upn=1": False,
        "http://a.example/wf/open?u=1": False,
        "http://a.example/op/1/2_md/3": True,
        "http://a.example/op/_md/": True,
        "http://a.example/op/1_md": False,
        "https://ci3.googleusercontent.com/x#http://a.example/wf/open?upn=1": True,
        "https://ec.b.example/?url=http%3a%2f%2fa.example%2fwf%2fopen%3fupn%3d1": True,
        "": False,
    }
    assert matcher.match_many(list(verdicts)).tolist() == list(verdicts.values())
    assert matcher.first("http://a.example/op/1_md/") == "/op/*_md/"
    assert not Matcher([]).match("http://a.example/")


# Learning


def rows_of(*references: tuple[str, str, str]) -> pd.DataFrame:
    """Rows of (label, host, tail); sender and component are the host's own."""
    frame = pd.DataFrame(references, columns=["label", "domain", "tail"])
    return frame.assign(
        url="http://" + frame["domain"] + frame["tail"],
        resolved_url="http://" + frame["domain"] + frame["tail"],
        tracker=frame["label"] == "T",
        sender=frame["domain"],
        component=pd.factorize(frame["domain"])[0],
        source="gold",
        confidence=3,
        corpus="first",
        request="image",
        word=frame["tail"].map(first_word),
        message_sha256=[f"{number:064x}" for number in range(len(frame))],
        part=0,
        index=0,
    )


def kit(number: int) -> tuple[str, str, str]:
    return ("T", f"t{number}.example", f"/mailkit/seen.php?k=x{number}y7")


ROWS = rows_of(
    *map(kit, range(6)),
    *(("T", f"u{number}.example", f"/shared/pic?n={number}") for number in range(4)),
    ("C", "u7.example", "/shared/pic?n=9"),
    ("T", "alone.example", "/onlyhere/view?n=1"),
    ("T", "alone.example", "/onlyhere/view?n=2"),
    *(("T", f"s{number}.example", f"/wf/open?upn={number}x") for number in range(5)),
    *(("C", f"c{number}.example", "/images/logo.png") for number in range(8)),
)
NO_WEAK = ROWS[:0]


def test_what_unrelated_domains_share_is_learnt() -> None:
    counted = count(with_known(ROWS), NO_WEAK)
    assert len(counted.domains["/mailkit/seen.php?k="]) == 6
    assert counted.negative_domains["/shared/pic?n="] == {"u7.example"}
    # Of patterns that match the same the longest; nothing of one domain alone, nothing that a known template has.
    assert select(counted, Limits(3, 0.0)) == ["/mailkit/seen.php?k="]
    assert select(counted, Limits(3, 0.2)) == ["/mailkit/seen.php?k=", "/shared/pic?n="]
    assert select(counted, Limits(5, 0.2)) == ["/mailkit/seen.php?k="]


def test_weak_labels_count_against_a_pattern() -> None:
    weak = rows_of(*(("C", f"w{number}.example", "/mailkit/seen.php?k=1") for number in range(3)))
    assert select(count(with_known(ROWS), weak), Limits(3, 0.1)) == []


def test_weak_rows_of_tested_mails_and_senders_are_left_out() -> None:
    weak = rows_of(("C", "a.example", "/"), ("C", "b.example", "/"), ("C", "c.example", "/"))
    test = weak.iloc[:1].assign(sender="b.example")
    assert weak_beside(weak, test)["domain"].tolist() == ["c.example"]


def test_evidence_by_hand() -> None:
    weak = rows_of(("C", "w.example", "/shared/pic?n=1"), ("S", "w.example", "/shared/pic?n=2"))
    (one, none) = measured([("learnt", "", "/shared/pic?n="), ("known", "Nobody", "/never/")], ROWS, weak)
    assert (one.trackers, one.domains, one.senders, one.components, one.corpora) == (4, 4, 4, 4, 1)
    assert (one.negatives, one.weak_negatives, one.negative_domains, one.error) == (1, 2, 2, round(2 / 6, 4))
    assert one.error_high is not None
    assert one.error < one.error_high < 1
    assert one.evidence == "trackers 4 (domains 4, senders 4), good pictures 3 (domains 2); error 33.3%, at most 70%; " + (
        "little evidence"
    )
    assert none.error is None
    assert none.evidence == "met in no labelled mail"


def test_kin_of_tested_trackers_is_taken_out_of_training() -> None:
    rows = rows_of(
        ("T", "a.example", "/x1"), ("T", "a.example", "/y1"), ("T", "b.example", "/x2"), ("C", "a.example", "/x"),
        ("T", "c.example", "/1"), ("T", "d.example", "/2"),
    )  # fmt: skip
    test = (rows.index == 0) | (rows.index == 4)
    split = without_kin(Split("by hand", ~test, test), rows, ("domain", "word"))
    # The second has its domain, the third its first word; a good picture stays, and no first word is none in common.
    assert rows.index[split.train].tolist() == [3, 5]


def test_templates_of_rows() -> None:
    made = build_templates(ROWS, "digest")
    assert made.facts["trackers"] == 17
    assert made.facts["negatives"] == 9
    learnt = [one.pattern for one in made if one.origin == "learnt"]
    assert learnt == ["/mailkit/seen.php?k="]
    (sendgrid,) = [one for one in made if one.pattern == "/wf/open?upn="]
    assert (sendgrid.origin, sendgrid.service, sendgrid.trackers) == ("known", "SendGrid", 5)
    assert {one.pattern for one in made if one.origin == "known"} == {pattern for _, pattern in KNOWN}
    rows = ROWS.assign(request=["stylesheet", *["image"] * (len(ROWS) - 1)])
    assert len(matched_keys(rows, made)) == 5 + 5  # a filter list's rules are for images
    assert keys_of(ROWS.iloc[:1]) == ["000000000000/0/0"]


def test_a_known_template_that_is_mostly_wrong_is_left_out() -> None:
    wrong = rows_of(*(("C", f"v{number}.example", "/mtracking.gif") for number in range(3)))
    made = build_templates(pd.concat([ROWS, wrong], ignore_index=True), "digest")
    assert "/mtracking.gif" not in made.patterns


# The file


def test_written_and_read_back(tmp_path: Path) -> None:
    made = Templates((Template("/a/b", "learnt", error=0.5), Template("/c/*", "known", "Nobody")), {"tkit_version": "1"})
    made.write(tmp_path / "t.json")
    assert load_templates(tmp_path / "t.json") == made
    assert made.patterns == ["/a/b", "/c/*"]
    assert len(made) == 2


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "cannot be read"),
        ("{", "no templates"),
        ("[]", "no templates"),
        ('{"format": 9, "templates": []}', "format 9, but this tkit reads 1: make it with `tkit templates build`"),
        ('{"format": 1, "templates": [{"pattern": "/a", "origin": "learnt", "colour": "red"}]}', "no templates .*colour"),
        ('{"format": 1, "templates": [{"pattern": "**", "origin": "learnt"}]}', "is no template"),
        ('{"format": 1, "templates": [{"pattern": "/a", "origin": "guessed"}]}', "is no template"),
    ],
)
def test_what_is_no_file_of_templates(tmp_path: Path, text: str | None, what: str) -> None:
    if text is not None:
        (tmp_path / "t.json").write_text(text, encoding="utf-8")
    with pytest.raises(TkitError, match=what):
        load_templates(tmp_path / "t.json")


def test_the_templates_that_come_with_tkit() -> None:
    shipped = load_templates()
    assert shipped.facts["dataset"] == read(ROOT / "data" / "dataset").digest(), "run `make templates`"
    learnt = [one for one in shipped if one.origin == "learnt"]
    assert len(learnt) > 10
    for one in learnt:
        # No host, no address, no identifier: words that three domains and three senders share.
        assert one.pattern[0] in "/?&"
        assert one.domains >= 3
        assert one.senders >= 3
        assert all(map(is_word, re.findall("[a-z]+", one.pattern)))
        assert not set(one.pattern) & set("@%0123456789")
        assert one.error is not None
        assert one.error <= max(limits.error for limits in GRID)
    assert {one.pattern for one in shipped if one.origin == "known"} <= {pattern for _, pattern in KNOWN}
    assert 500 < len(load_matched()) < 3000


def test_known_templates_are_told_once_and_name_no_bare_host() -> None:
    patterns = [pattern for _, pattern in KNOWN]
    assert len(set(patterns)) == len(patterns)
    for pattern in patterns:
        assert pattern.isascii()
        assert set("/?") & set(pattern)
        assert pattern[0] in "/.:?"
