"""Templates are built from labelled references, by hand and from mails by the command line."""

import pandas as pd
from made_rows import ROWS, rows_of

from tkit.templates.building import build_templates, matched_keys
from tkit.templates.known import known_patterns
from tkit.templates.template import keys_of


def test_templates_of_rows() -> None:
    made = build_templates(ROWS, "digest")
    assert made.facts["trackers"] == 17
    assert made.facts["negatives"] == 9
    learnt = [one.pattern for one in made if one.origin == "learnt"]
    assert learnt == ["/mailkit/seen.php?k="]
    (sendgrid,) = [one for one in made if one.pattern == "/wf/open?upn="]
    assert (sendgrid.origin, sendgrid.service, sendgrid.trackers) == ("known", "SendGrid", 5)
    assert {one.pattern for one in made if one.origin == "known"} == {pattern for _, pattern in known_patterns()}
    rows = ROWS.assign(request=["stylesheet", *["image"] * (len(ROWS) - 1)])
    assert len(matched_keys(rows, made)) == 5 + 5  # a filter list's rules are for images
    assert keys_of(ROWS.iloc[:1]) == ["000000000000/0/0"]


def test_a_known_template_that_is_mostly_wrong_is_left_out() -> None:
    wrong = rows_of(*(("C", f"v{number}.example", "/mtracking.gif") for number in range(3)))
    made = build_templates(pd.concat([ROWS, wrong], ignore_index=True), "digest")
    assert "/mtracking.gif" not in made.patterns
