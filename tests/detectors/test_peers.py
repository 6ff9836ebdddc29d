"""Tests of tkit.detectors.peers: each program on references whose verdict is worked out from its source by hand."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paths import SHARED

from tkit.detectors.facts import with_facts
from tkit.detectors.peers import (
    PEERS,
    FairEmailProgram,
    MailTrackerBlocker,
    Neomd,
    Pelton,
    SnappyMailProgram,
    TrockerProgram,
    all_peers,
)
from tkit.errors import TkitError
from tkit.lists.engines import HostList, RegexList, SubstringList
from tkit.lists.sources import ListSource, load
from tkit.mail import Message

NOTHING = SubstringList("none", "substrings", [])


def rows_of(*html: str) -> pd.DataFrame:
    raws = (f"From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n{one}".encode() for one in html)
    return pd.concat(with_facts(map(Message.from_bytes, raws)), ignore_index=True)


def calls(detector, html: dict[str, bool]) -> dict[str, bool]:
    """Each fragment is a mail of its own, with one reference."""
    return dict(zip(html, (detector.scores(rows_of(*html)) > 0).tolist(), strict=True))


S = "src=http://t.example/a.gif"


def mail_tracker_blocker(folder: Path) -> MailTrackerBlocker:
    vendors = {"V": ["v.example/o"], "Litmus": ["litmus.example/[0-9]+", "late.example"]}
    (folder / "list.json").write_text(json.dumps(vendors))
    listed = load(ListSource("m", "list.json", "regex-tag", "p", "f", "", "", ""), folder)
    return MailTrackerBlocker(listed, (vendors["Litmus"][0],))


def test_mail_tracker_blocker(tmp_path: Path) -> None:
    expected = {
        "<img src=http://v.example/o>": True,
        "<table><td background=http://v.example/o>": False,  # only img tags
        f"<img {S} width=1>": True,
        f"<img {S} width=0 height=9>": True,  # the width alone
        f"<img {S} width=9 height=1>": False,
        f"<img {S} width=10>": False,
        f"<img {S} width=1px>": True,
        f"<img {S} style='width: 1px'>": True,
        f"<img {S} style='max-width:1px'>": False,
        f"<img {S} style='width:1em'>": False,
        "<img src=http://t.example/spacer.gif width=1>": False,
        "<img src=http://t.example/TRANSPARENT.gif width=1>": False,
        "<p style='background-image: url(http://litmus.example/7)'>x": True,
        "<p style='background-image: url(http://late.example/7)'>x": False,  # not its vendor's first
        "<style>p{content: url(https://litmus.example/7?a=b)}</style><p>x": True,
    }
    assert calls(mail_tracker_blocker(tmp_path), expected) == expected


def test_pelton() -> None:
    program = Pelton(HostList("p", "hosts", ["known.example"]))
    expected = {
        f"<img {S} height=1>": True,
        f"<img {S} width=1px>": True,
        f"<img {S} width=1%>": False,
        f"<img {S} width=2 height=2>": False,
        f"<img {S} style='opacity:0'>": True,
        f"<img {S} style='opacity:0.5'>": True,  # its expression ends at the point
        f"<img {S} style='max-height: 1px'>": True,
        "<img src=http://x.known.example/>": True,
        "<img src=http://t.example/?u=me%40b.example>": True,
        "<img src=http://t.example/abcdef0123456789.gif>": True,  # opaque, and alone on its host
        "<img src=http://t.example/?id=abcdef-0123456789>": True,
        "<img src=http://t.example/abcdef012345678.gif>": False,
        "<img src=//known.example/a>": False,  # no http in what is written
        "<table><td background=http://known.example/a>": False,
    }
    assert calls(program, expected) == expected


def test_pelton_counts_pictures_of_the_host_in_the_part() -> None:
    program = Pelton(HostList("p", "hosts", ["known.example"]))
    opaque = "<img src=http://t.example/abcdef0123456789.gif>"
    assert program.scores(rows_of(opaque + "<img src=http://t.example/logo.gif>", opaque)).tolist() == [0, 0, 1]


def test_neomd() -> None:
    program = Neomd(SubstringList("n", "substrings-nocase", ["v.example/o"], ignore_case=True))
    expected = {
        "<img src=http://v.example/O>": True,
        "<img src=http://t.example/wf/open?upn=1>": True,  # a generic path
        f"<img {S} width=1 height=1>": True,
        f"<img {S} width=0 height=1px alt=' '>": True,
        f"<img {S} width=1 height=1 alt=logo>": False,
        f"<img {S} width=1>": False,
        f"<img {S} style='display: none'>": True,
        f"<img {S} width=2 height=1>": False,
    }
    assert calls(program, expected) == expected


def test_snappymail() -> None:
    program = SnappyMailProgram(SubstringList("s", "substrings", ["/track/open"]))
    expected = {
        "<img src=http://t.example/track/open?1>": True,
        "<table><td background=http://t.example/track/open?1>": False,
        f"<img {S} width=1>": True,
        f"<img {S} width=2>": False,
        f"<img {S} height=2>": True,  # moved to the maximal height
        f"<img {S} height=3>": False,
        f"<img {S} height=2 style='height:40px'>": False,  # the style has it already
        f"<img {S} style='max-width:2px'>": True,
        f"<img {S}>": False,
    }
    assert calls(program, expected) == expected


def test_trocker() -> None:
    program = TrockerProgram(RegexList("t", "regex-js", ["v\\.example"]))
    expected = {"<img src=http://v.example/a>": True, f"<img {S} width=3>": True, f"<img {S} width=4>": False}
    assert calls(program, expected) == expected


def test_fairemail_spares_a_host_that_shows_another_picture() -> None:
    program = FairEmailProgram()
    pixel, other = f"<img {S} width=5 height=5>", "<img src=http://t.example/logo.gif>"
    elsewhere = "<img src=http://b.example/logo.gif>"
    rows = rows_of(pixel, pixel + other, pixel + elsewhere, other)
    assert program.scores(rows).tolist() == [1, 0, 0, 1, 0, 0]


def test_fairemail_sizes() -> None:
    expected = {
        f"<img {S} width=0 height=5>": True,  # 5 x 5
        f"<img {S} width=0 height=6>": False,
        f"<img {S} width=1>": False,
        f"<img {S} width=1px height=1>": False,  # no integer
        f"<img {S} width=99999999999 height=1>": False,
        f"<img {S} style='max-height: 1px'>": True,
        f"<img {S} style='max-height: 10px'>": False,
        f"<img {S} class='a cloudmagic-smart-beacon'>": True,
        "<table><td background=http://t.example/ width=1 height=1>": False,
    }
    assert calls(FairEmailProgram(), expected) == expected


PROGRAMS = [
    FairEmailProgram(),
    MailTrackerBlocker(NOTHING, ("a.b",)),
    Neomd(NOTHING),
    Pelton(NOTHING),
    SnappyMailProgram(NOTHING),
    TrockerProgram(NOTHING),
]


@given(
    st.text(alphabet="ahtp:/.?&=#@[]%4 <'\"0\u0661", max_size=40),
    st.dictionaries(
        st.sampled_from(["width", "height", "style", "class", "alt"]), st.text("01px%;:- widthsplaynoe", max_size=20)
    ),
)
def test_no_reference_raises(url: str, given_attributes: dict[str, str]) -> None:
    rows = rows_of(f"<img {S}>").assign(
        url=url, resolved_url=url, written_attributes=[given_attributes], tag=f"<img src='{url}'>"
    )
    for program in PROGRAMS:
        assert set(program.scores(rows)) <= {0.0, 1.0}


def test_every_program_is_made_of_the_published_lists() -> None:
    if not (SHARED / "lists").is_dir():
        pytest.skip("the published lists are not here: ../shared/lists")
    made = list(all_peers(SHARED / "lists"))
    assert len({program.name for program in made}) == len(PEERS) == len(made)
    rows = rows_of(f"<img {S}><img src=http://x.list-manage.com/track/open.php?u=1 width=1 height=1>")
    found = {name: program.scores(rows).tolist() for name, program in zip(PEERS, made, strict=True)}
    assert all(scores[0] == 0 for scores in found.values())
    assert [name for name, scores in found.items() if not scores[1]] == []
    assert len(made[list(PEERS).index("mailtrackerblocker")].in_css) == 3


def test_a_list_of_another_form_is_named(tmp_path: Path) -> None:
    (tmp_path / "mailtrackerblocker.json").write_text('["v.example"]')
    with pytest.raises(TkitError, match="is not grouped by vendor"):
        PEERS["mailtrackerblocker"](tmp_path)


def test_programs_need_the_mails() -> None:
    with pytest.raises(TkitError, match="program: FairEmail: rows have no column message_sha256"):
        FairEmailProgram().scores(pd.DataFrame({"tiny": np.ones(1)}))
