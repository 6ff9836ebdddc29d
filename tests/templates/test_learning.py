"""Templates are learnt from what unrelated domains share."""

from made_rows import ROWS, rows_of

from tkit.splits import Split
from tkit.templates.learning import Limits, count, measured, select, weak_beside, with_known, without_kin

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
