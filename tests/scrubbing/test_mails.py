"""Trackers are removed and everything else stays: by hand, on the sample mails, on generated and on real mail."""

import base64
import quopri
import re
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from calls import Calls, half
from hypothesis import given, settings
from hypothesis import strategies as st
from made_nested import KINDS, generated
from paths import ROOT

from tkit.bundle import Bundle, Question, default_bundle
from tkit.html import RemoteReference, references
from tkit.html.edit import INERT, blank_gif
from tkit.mail import Message
from tkit.scrubbing import Scrubbed, scrub
from tkit.scrubbing.mails import HEADER, Personalised

SAMPLE = sorted((ROOT / "data" / "sample").glob("*.eml"))
T = "http://t.test/"
BLANK = blank_gif(1, 1)
BEGIN = b"From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n"


def run(raw: bytes, detector: Calls, replace: bool = False, personalised: Personalised = "keep") -> Scrubbed:
    return scrub(raw, cast(Bundle, detector), replace=replace, personalised=personalised)


def trackers(url: str) -> bool:
    return url.startswith((T, "https://t.test/"))


def remote(raw: bytes) -> list[RemoteReference]:
    return [reference for reference in references(Message.from_bytes(raw)) if not reference.local]


def body_of(done: Scrubbed, encoding: str = "utf-8") -> str:
    return done.raw.partition(b"\n\n")[2].decode(encoding)


def edited(html: str, replace: bool = False) -> str:
    """Return an HTML text without what t.test serves; everything else loads as before."""
    raw = BEGIN + html.encode("utf-8", "surrogatepass")
    done = run(raw, Calls(trackers), replace)
    assert not done.skipped
    assert [own.resolved_url for own in remote(done.raw)] == [
        own.resolved_url for own in remote(raw) if not trackers(own.resolved_url)
    ]
    assert run(done.raw, Calls(trackers), replace).raw == done.raw
    return body_of(done)


@pytest.mark.parametrize(("html", "paths"), [case for cases in KINDS.values() for case in cases])
def test_nothing_of_any_kind_is_left(html: str, paths: list[str]) -> None:
    if "w.test" not in html:  # a second base, which cannot be told from the first
        assert not [own for own in remote(BEGIN + edited(html).encode()) if trackers(own.resolved_url)]


@pytest.mark.parametrize("seed", range(30))
def test_documents_in_one_another(seed: int) -> None:
    html, urls = generated(seed)
    left = remote(BEGIN + edited(html).encode())
    assert [own.resolved_url for own in left] == [url for url in urls if not trackers(url)]


@pytest.mark.parametrize(
    ("html", "after"),
    [
        ("<img src=http://t.test/o>", '<img width="1" height="1">'),
        ("<IMG\nSRC = 'http://t.test/o' WIDTH=1 height=2>", "<IMG\n WIDTH=1 height=2>"),
        ("<image src=http://t.test/o width=3 height=4>", "<image  width=3 height=4>"),
        ("<img src=http://t.test/o style='width:9px' height=1>", "<img  style='width:9px' height=1>"),
        ("<img src=http://t.test/o style='height:auto;max-width:9px'>", "<img width=\"1\" style='height:auto;max-width:9px'>"),
        ("<img width=1 height=1 alt='read this' src=//t.test/o>", '<img width=1 height=1 alt="" >'),
        ("<img/src=http://t.test/o/width=1 height=1>", '<img/width="1" height=1>'),
        ("<img title='a'src='http://t.test/o'width=1 height=1>", "<img title='a'width=1 height=1>"),
        ("<img src=http://t.test/o src=http://c.test/o width=1 height=1>", "<img   width=1 height=1>"),
        ("<img src='http://t.test/?a=1&amp;b=2&copy;&#x41;' width=1 height=1>", "<img  width=1 height=1>"),
        ("<img src=' http://t.te\nst/o ' width=1 height=1>", "<img  width=1 height=1>"),
        ("<img src='http://c.test/a>b'><img src=http://t.test/o width=1 height=1>", None),
        ("<img srcset='http://t.test/1 1x, http://c.test/2 2x'>", "<img srcset='http://c.test/2 2x'>"),
        ("<img srcset='http://c.test/1 1x,http://t.test/2 2x'>", "<img srcset='http://c.test/1 1x,'>"),
        (
            "<img srcset='http://c.test/1x 1x, http://t.test/a,b 2x, http://c.test/3 3x'>",
            "<img srcset='http://c.test/1x 1x, http://c.test/3 3x'>",
        ),
        ("<img srcset='http://t.test/1 1x, http://t.test/2 2x' src=http://c.test/a>", "<img  src=http://c.test/a>"),
        (
            "<picture><source srcset=http://t.test/1><img src=http://c.test/></picture>",
            "<picture><source ><img src=http://c.test/></picture>",
        ),
        ("<td background=http://t.test/o>", None),
        ("<table><td background=http://t.test/o>x</table>", "<table><td >x</table>"),
        (
            "<p style=\"color:red;background:url('http://t.test/o') no-repeat,url(http://c.test/)\">",
            "<p style=\"color:red;background:url('data:,') no-repeat,url(http://c.test/)\">",
        ),
        ("<style>a{b:url(http://t.test/o)}c{d:url(#e)}</style>", "<style>a{b:url(data:,)}c{d:url(#e)}</style>"),
        ("<p style=background:url(http://t.test/o)>", "<p style=background:url(data:,)>"),
        ("<p style='background:url(&quot;http://t.test/o&quot;)'>", "<p style='background:url(&quot;data:,&quot;)'>"),
        ("<p style='background:\\75 rl( http\\3a //t.test/o )'>", "<p style='background:\\75 rl( data:, )'>"),
        (
            "<style>@import 'http://t.test/a';@import url(http://c.test/b) screen;p{background:url(http://t.test/a)}</style>",
            "<style>@import 'data:,';@import url(http://c.test/b) screen;p{background:url(data:,)}</style>",
        ),
        (
            "<style>@font-face{font-family:f;src:url(http://t.test/f) format('woff'),url(http://c.test/g)}</style>",
            "<style>@font-face{font-family:f;src:url(data:,) format('woff'),url(http://c.test/g)}</style>",
        ),
        (
            "<style>/* 'it's url(http://t.test/) */p{background:image-set('http://t.test/1' 1x,'http://c.test/2' 2x)}</style>",
            "<style>/* 'it's url(http://t.test/) */p{background:image-set('data:,' 1x,'http://c.test/2' 2x)}</style>",
        ),
        (
            "<link rel=stylesheet href=http://t.test/s><link rel=icon href=http://c.test/i>",
            "<link rel=stylesheet ><link rel=icon href=http://c.test/i>",
        ),
        ("<link rel=preload href=http://t.test/s as=image>", "<link rel=preload  as=image>"),
        ("<meta http-equiv=refresh content='0; url=http://t.test/r'>", "<meta http-equiv=refresh >"),
        ("<input type=image src=http://t.test/o alt=Send>", "<input type=image  alt=Send>"),
        ("<video poster=http://t.test/p src=http://c.test/v>", f'<video poster="{BLANK}" src=http://c.test/v>'),
        (
            "<object data=http://t.test/o></object><embed src=http://t.test/e><iframe src=http://t.test/f></iframe>",
            "<object ></object><embed ><iframe ></iframe>",
        ),
        ("<script src=http://t.test/s>var a</script>", '<script src="">var a</script>'),
        (
            "<svg><image href=http://t.test/o xlink:href=http://t.test/p /></svg>",
            f'<svg><image href="{BLANK}" xlink:href=http://t.test/p /></svg>',
        ),
        ("<svg><image href=http://t.test/o xlink:href=http://c.test/p /></svg>", None),
        (
            "<svg><title><img src=http://t.test/o width=1 height=1></title></svg>",
            "<svg><title><img  width=1 height=1></title></svg>",
        ),
        (
            "<!--[if mso]><v:fill src='http://t.test/o' /><img src=http://c.test/a><![endif]-->",
            "<!--[if mso]><v:fill  /><img src=http://c.test/a><![endif]-->",
        ),
        (
            "<!--[if !mso]><!--><img src=http://t.test/o width=1 height=1><!--<![endif]-->",
            "<!--[if !mso]><!--><img  width=1 height=1><!--<![endif]-->",
        ),
        (
            "<!-- <img src=http://t.test/o> --!><img src=http://t.test/o width=1 height=1>",
            "<!-- <img src=http://t.test/o> --!><img  width=1 height=1>",
        ),
        ("<!--><img src=http://t.test/o width=1 height=1>", "<!--><img  width=1 height=1>"),
        (
            "<title><img src=http://t.test/o></title><img src=http://t.test/o width=1 height=1>",
            "<title><img src=http://t.test/o></title><img  width=1 height=1>",
        ),
        ("<script>'<!--<script>'</script>'<img src=http://t.test/o>'</script><img src=http://t.test/o width=1 height=1>", None),
        ("<amp-img src=http://t.test/o width=1 height=1></amp-img>", "<amp-img  width=1 height=1></amp-img>"),
        (
            "<bgsound src=http://t.test/o><img lowsrc=http://t.test/l dynsrc=http://t.test/d src=cid:x>",
            "<bgsound ><img   src=cid:x>",
        ),
        (
            "<base href=http://t.test/><img src=o width=1 height=1><img src=http://c.test/a>",
            "<base href=http://t.test/><img  width=1 height=1><img src=http://c.test/a>",
        ),
        ("<b style='background:url(http://t.test/o)'><p>x</b>y", "<b style='background:url(data:,)'><p>x</b>y"),
        (
            "<table><tr><img src=http://t.test/o width=1 height=1><td>x</table>",
            "<table><tr><img  width=1 height=1><td>x</table>",
        ),
        ("<img data-tkit-0 src=http://t.test/o width=1 height=1>", "<img data-tkit-0  width=1 height=1>"),
        (
            "<p>caf\u00e9 \u2014 <img src=http://t.test/\u00fc width=1 height=1> na\u00efve",
            "<p>caf\u00e9 \u2014 <img  width=1 height=1> na\u00efve",
        ),
        ("<img src=http://t.test/o", None),
        ("<template><img src=http://t.test/o></template>", None),
    ],
)
def test_carriers_by_hand(html: str, after: str | None) -> None:
    done = edited(html)
    if after is not None:
        assert done == after


def test_replacement_has_the_declared_size() -> None:
    one = edited("<img src=http://t.test/o width=30 height=20 alt='a'><img src=http://t.test/p>", replace=True)
    assert one == f'<img src="{blank_gif(30, 20)}" width=30 height=20 alt=\'a\'><img src="{blank_gif(1, 1)}">'
    wide = edited("<img src=http://t.test/o width='100%'><img src=http://t.test/p height=7>", replace=True)
    assert blank_gif(1000, 1) in wide
    assert blank_gif(1, 7) in wide
    assert base64.b64decode(blank_gif(300, 2).split(",")[1])[6:10] == b"\x2c\x01\x02\x00"


def test_header_and_reasons_and_order() -> None:
    raw = (
        BEGIN + b"<img src=http://t.test/1 width=1 height=1><img src=http://c.test/><img src=http://t.test/2 width=1 height=1>"
    )
    done = run(raw, Calls(trackers))
    assert done.raw.startswith(f"{HEADER}: 2 trackers removed; tkit ".encode() + b"0.1.0\nFrom: a@b.example\n")
    assert [(own.part, own.index, own.carrier, own.url) for own in done.removed] == [
        (0, 0, "img-src", T + "1"),
        (0, 2, "img-src", T + "2"),
    ]
    assert (done.removed[0].verdict, done.removed[0].score) == ("tracker", 1.0)
    assert done.removed[0].reasons == ("declared 1 x 1 px",)
    assert done.summary == "2 trackers removed"


def own_pictures(url: str) -> bool:
    return url.startswith("http://own.test/")


OWN = BEGIN + b"<img src=http://t.test/1 width=1 height=1><img src=http://own.test/2><img src=http://c.test/3>"


def test_personalised_pictures_are_kept_and_reported() -> None:
    done = run(OWN, Calls(trackers, own_pictures))
    assert body_of(done) == "<img  width=1 height=1><img src=http://own.test/2><img src=http://c.test/3>"
    (kept,) = done.personalised
    assert (kept.part, kept.index, kept.carrier, kept.url) == (0, 1, "img-src", "http://own.test/2")
    assert (kept.verdict, kept.score) == ("personalised", 0.75)
    assert kept.reasons
    assert done.summary == "1 tracker removed"
    again = run(done.raw, Calls(trackers, own_pictures))
    assert again.raw == done.raw
    assert [own.url for own in again.personalised] == ["http://own.test/2"]
    only = run(BEGIN + b"<img src=http://own.test/2>", Calls(trackers, own_pictures))
    assert only.raw == BEGIN + b"<img src=http://own.test/2>"
    assert [own.url for own in only.personalised] == ["http://own.test/2"]


def test_personalised_pictures_are_dropped_where_asked() -> None:
    done = run(OWN, Calls(trackers, own_pictures), personalised="drop")
    assert body_of(done) == '<img  width=1 height=1><img width="1" height="1"><img src=http://c.test/3>'
    assert [own.verdict for own in done.removed] == ["tracker", "personalised"]
    assert done.personalised == ()
    assert done.summary == "1 tracker and 1 personalised picture removed"
    assert done.raw.startswith(f"{HEADER}: 1 tracker and 1 personalised picture removed; tkit ".encode())
    assert run(done.raw, Calls(trackers, own_pictures), personalised="drop").raw == done.raw
    two = BEGIN + b"<img src=http://own.test/2><img src=http://own.test/3>"
    assert run(two, Calls(trackers, own_pictures), personalised="drop").summary == "2 personalised pictures removed"


def test_a_url_that_a_person_should_see_in_one_place_stays_in_both() -> None:
    class ByPlace(Calls):
        """Flags what is tiny; all of it is individual."""

        def margins(self, rows: Any, question: Question = "tracker") -> Any:
            return (rows["tiny"] if question == "tracker" else rows["tiny"] * 0 + 1).to_numpy(np.int64)

    twice = BEGIN + b"<img src=http://own.test/1 width=1 height=1><img src=http://own.test/1 width=90 height=60>"
    kept = run(twice, ByPlace())
    assert kept.raw == twice
    assert [own.index for own in kept.personalised] == [0, 1]
    dropped = run(twice, ByPlace(), personalised="drop")
    assert body_of(dropped) == "<img  width=1 height=1><img  width=90 height=60>"
    assert run(dropped.raw, ByPlace(), personalised="drop").raw == dropped.raw


def test_what_is_left_in_is_not_reported_as_kept() -> None:
    signed = BEGIN + b"\n-----BEGIN PGP SIGNED MESSAGE-----\n<img src=http://own.test/2>"
    done = run(signed, Calls(trackers, own_pictures), personalised="drop")
    assert [(left.finding.verdict, left.why) for left in done.skipped] == [("personalised", "PGP: a signature covers it")]
    assert done.personalised == ()
    assert [own.url for own in run(signed, Calls(trackers, own_pictures)).personalised] == ["http://own.test/2"]


def test_without_a_tracker_the_bytes_are_the_same() -> None:
    raw = BEGIN + b"<img src=http://c.test/a>"
    assert run(raw, Calls(trackers)) == Scrubbed(raw, (), (), (), ())


def test_line_end_and_mbox_line_are_kept() -> None:
    raw = b"From x Mon Jan  1 00:00:00 2024\r\n" + (BEGIN + b"<img src=http://t.test/1 width=1 height=1>\n").replace(
        b"\n", b"\r\n"
    )
    lines = run(raw, Calls()).raw.split(b"\r\n")
    assert lines[0] == b"From x Mon Jan  1 00:00:00 2024"
    assert lines[1].startswith(b"X-Tkit-Scrubbed: 1 tracker removed")
    assert lines[2:] == [b"From: a@b.example", b"Content-Type: text/html; charset=utf-8", b"", b"<img  width=1 height=1>", b""]


def test_lone_carriage_returns() -> None:
    raw = (BEGIN + b"<img src=http://t.test/1 width=1 height=1>").replace(b"\n", b"\r")
    done = run(raw, Calls())
    assert done.raw.split(b"\r")[1:] == raw.replace(b"src=http://t.test/1", b"").split(b"\r")


PARAGRAPHS = "".join(f"<p>paragraph number {number} says = and é</p>\n" for number in range(60))
PICTURE = (
    "<img src='http://t.test/o?u=8f3ac09e17d24b65&amp;c=12345678901234567890123456789012345678901234567890' width=1 height=1>"
)


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "utf-16le", "utf-16", "gb18030"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_only_lines_of_base64_around_an_edit_change(charset: str, line_end: bytes) -> None:
    text = PARAGRAPHS + PICTURE + PARAGRAPHS
    head = f"Content-Type: text/html; charset={charset}\nContent-Transfer-Encoding: base64\n\n".encode().replace(
        b"\n", line_end
    )
    raw = head + base64.encodebytes(text.encode(charset)).replace(b"\n", line_end)
    done = run(raw, Calls(trackers))
    assert len(done.removed) == 1
    before, after = raw.split(line_end), done.raw.split(line_end)[1:]
    assert sum(line not in before for line in after) <= 6
    assert sum(line not in after for line in before) <= 9
    (text_after,) = Message.from_bytes(done.raw).html_parts
    assert re.sub(" +", " ", text_after) == re.sub(" +", " ", text.replace(PICTURE, "<img  width=1 height=1>"))
    assert all(len(line) <= 76 for line in after[4:])


@pytest.mark.parametrize("width", [4, 72, 75, 77, 10_000])
def test_base64_of_any_line_length(width: int) -> None:
    digits = base64.b64encode((PARAGRAPHS + PICTURE + PARAGRAPHS).encode())
    raw = BEGIN.replace(b"\n\n", b"\nContent-Transfer-Encoding: base64\n\n")
    raw += b"\n".join(digits[start : start + width] for start in range(0, len(digits), width))
    done = run(raw, Calls(trackers))
    assert len(done.removed) == 1
    assert "t.test" not in Message.from_bytes(done.raw).html_parts[0]


def test_broken_base64_is_rewritten() -> None:
    raw = BEGIN.replace(b"\n\n", b"\nContent-Transfer-Encoding: base64\n\n")
    raw += base64.encodebytes(PICTURE.encode()).replace(b"\n", b"!\n") + b"Q\n"
    done = run(raw, Calls())
    assert len(done.removed) == 1
    assert Message.from_bytes(done.raw).html_parts == ("<img  width=1 height=1>",)


def test_only_lines_of_quoted_printable_around_an_edit_change() -> None:
    text = (PARAGRAPHS + PICTURE + PARAGRAPHS).encode()
    raw = BEGIN.replace(b"\n\n", b"\nContent-Transfer-Encoding: quoted-printable\n\n") + quopri.encodestring(text)
    raw = raw.replace(b"number 3", b"n=75mber 3  ")  # spelled as no encoder would
    done = run(raw, Calls())
    before, after = raw.split(b"\n"), done.raw.split(b"\n")[1:]
    changed = [line for line in after if line not in before]
    assert len(changed) == 1
    assert b"<img  width=3D1 height=3D1>" in changed[0]
    assert all(len(line) <= 76 for line in after)


def test_quoted_printable_lines_that_grow_are_broken() -> None:
    inner = "x" * 60 + "<img src=http://t.test/o>" + "y" * 60
    raw = BEGIN.replace(b"\n\n", b"\nContent-Transfer-Encoding: quoted-printable\n\n") + quopri.encodestring(inner.encode())
    done = run(raw, Calls(), replace=True)
    assert Message.from_bytes(done.raw).html_parts[0].rstrip() == inner.replace(
        "src=http://t.test/o", f'src="{blank_gif(1, 1)}"'
    )
    assert all(len(line) <= 76 for line in body_of(done).split("\n"))


def multipart(kind: str, *parts: bytes) -> bytes:
    inner = b"".join(b"--x\n" + part + b"\n" for part in parts)
    return (
        f"From: a@b.example\nContent-Type: multipart/{kind}; boundary=x\n\npreamble\n".encode() + inner + b"--x--\nepilogue\n"
    )


HTML = b"Content-Type: text/html\n\n<p><img src=http://t.test/o width=1 height=1>"


def test_every_html_part_is_scrubbed_and_the_rest_kept() -> None:
    raw = multipart(
        "mixed",
        b"Content-Type: text/plain\n\nhttp://t.test/o",
        HTML,
        b"Content-Type: message/rfc822\n\nSubject: s\n" + HTML,
        HTML,
    )
    done = run(raw, Calls())
    assert len(done.removed) == 3
    assert done.raw.partition(b"\n")[2] == raw.replace(b"src=http://t.test/o", b"")


def test_signed_parts_are_reported_and_not_touched() -> None:
    signature = b"Content-Type: application/pgp-signature\n\nAAAA"
    raw = multipart("signed", HTML, signature)
    done = run(raw, Calls())
    assert done.raw == raw
    assert [(left.finding.url, left.why) for left in done.skipped] == [(T + "o", "multipart/signed: a signature covers it")]
    inner = multipart("signed", HTML, signature).replace(b"=x", b"=y").replace(b"--x", b"--y")
    mixed = multipart("mixed", HTML, inner)
    done = run(mixed, Calls())
    assert (len(done.removed), len(done.skipped)) == (1, 1)
    assert run(done.raw, Calls()).raw == done.raw


def test_clear_signed_text_is_not_touched_and_hidden_words_do_not_protect() -> None:
    signed = BEGIN + b"\n-----BEGIN PGP SIGNED MESSAGE-----\n<img src=http://t.test/o>"
    assert [left.why for left in run(signed, Calls()).skipped] == ["PGP: a signature covers it"]
    hiding = BEGIN + b"<p>-----BEGIN PGP SIGNED MESSAGE-----\n<img src=http://t.test/o>"
    assert len(run(hiding, Calls()).removed) == 1


def test_notes_say_what_no_longer_fits() -> None:
    headers = b"DKIM-Signature: v=1; bh=x\nARC-Message-Signature: i=1\nContent-Length: 7\n"
    done = run(headers + BEGIN + b"<img src=http://t.test/o>", Calls())
    assert done.notes == (
        "DKIM-Signature: its body hash no longer fits",
        "ARC-Message-Signature: its body hash no longer fits",
        "Content-Length: no longer fits the body",
    )
    assert run(headers + BEGIN + b"<p>", Calls()).notes == ()
    opaque = multipart("mixed", HTML, b"Content-Type: application/pkcs7-mime\n\nAAAA")
    assert "S/MIME: damaged, not inspected" in run(opaque, Calls()).notes


def test_what_is_flagged_only_after_a_removal_goes_too() -> None:
    class Second(Calls):
        """Flags a second picture when it is alone, and takes it for personalised before."""

        def margins(self, rows: Any, question: Question = "tracker") -> Any:
            return super().margins(rows) | np.int64(len(rows) == 1 or question == "individual")

    raw = BEGIN + b"<img src=http://t.test/1><img src=http://c.test/2>"
    done = run(raw, Second(trackers))
    assert [own.index for own in done.removed] == [0, 1]
    assert done.personalised == ()
    assert run(done.raw, Second(trackers)).raw == done.raw


def test_what_is_flagged_after_the_last_round_is_reported() -> None:
    class First(Calls):
        """Flags one picture at a time."""

        def margins(self, rows: Any, question: Question = "tracker") -> Any:
            return (np.arange(len(rows)) == 0).astype(np.int64)

    raw = BEGIN + b"".join(b"<img src=http://t.test/%d>" % number for number in range(18))
    done = run(raw, First())
    assert [own.index for own in done.removed] == list(range(16))
    assert [(own.finding.index, own.why) for own in done.skipped] == [
        (16, "flagged only after 16 others went one by one: scrub the mail again")
    ]


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: path.stem)
@pytest.mark.parametrize("replace", [False, True])
def test_sample_mails(path: Path, replace: bool) -> None:
    raw = path.read_bytes()
    for detector in (Calls(), half("a")):
        check(raw, detector, replace)
    check(raw, half("a"), replace, "drop")


def check(raw: bytes, detector: Calls, replace: bool = False, personalised: Personalised = "keep") -> Scrubbed:
    """Scrub, and check the result against the rules."""
    done = run(raw, detector, replace, personalised)
    before, after = remote(raw), remote(done.raw)
    gone = {own.index for own in done.removed}
    assert [own.resolved_url for own in before if own.index not in gone] == [own.resolved_url for own in after]
    left = {own.finding.index for own in done.skipped}
    flagged = {own.index for own in before if detector.says(own.resolved_url)}
    individual = {own.index for own in before if detector.says_individual(own.resolved_url)} - flagged
    kept = {own.index for own in done.personalised}
    if personalised == "keep":
        assert (gone | left, kept) == (flagged, individual)
    else:
        assert (gone | left, kept) == (flagged | individual, set())
    assert {own.index for own in done.removed if own.verdict == "personalised"} == gone - flagged
    again = run(done.raw, detector, replace, personalised)
    assert again.raw == done.raw
    assert [own.url for own in again.personalised] == [own.url for own in done.personalised]
    if not gone:
        assert done.raw == raw
    return done


def test_built_in_bundles_on_a_sample() -> None:
    raw = (SAMPLE[0].parent / "newsletter-garden-march.eml").read_bytes()
    done = scrub(raw, default_bundle())
    assert [own.carrier for own in done.removed] == ["img-src"]
    assert done.removed[0].reasons
    assert scrub(done.raw, default_bundle()).raw == done.raw


PIECES = st.sampled_from(
    [
        *("<img src=", "<p style='", "<style>", "</style>", "<!--", "-->", "<!--[if mso]>", "<![endif]-->", "<svg>", "</svg>"),
        *(
            "<script>",
            "</script>",
            "<title>",
            "</title>",
            "<table>",
            "<td background=",
            "</table>",
            "<b>",
            "</b>",
            "<p>",
            "<select>",
        ),
        *("http://t.test/1", "http://t.test/2", "http://c.test/1", "url(http://t.test/3)", "url('http://c.test/2')", "srcset="),
        *(
            ">",
            "'",
            '"',
            " ",
            "\n",
            "/",
            "=",
            "&amp;",
            "&#x27;",
            "background:",
            "@import ",
            ";",
            ",",
            " 2x",
            "é",
            "\\",
            "/>",
            "<",
            "]]>",
        ),
        *(
            "<![CDATA[",
            "<template>",
            "</template>",
            "<math>",
            "<body style=",
            "<font ",
            "<input type=image src=",
            "<link rel=icon href=",
        ),
    ]
)


@settings(max_examples=150)
@given(st.lists(PIECES, max_size=25).map("".join), st.booleans())
def test_generated_html(html: str, replace: bool) -> None:
    check(BEGIN + html.encode(), Calls(trackers, lambda url: url.endswith("2")), replace)


@settings(max_examples=60)
@given(st.binary(max_size=300), st.sampled_from([b"", b"quoted-printable", b"base64", b"8bit"]), st.integers(0, 300))
def test_any_bytes_never_raise(noise: bytes, encoding: bytes, at: int) -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: "
    )
    raw += encoding + b"\n\n<p><img src=3D'http://t.test/1'><img src=http://t.test/2>\n--x--\n"
    check(raw[:at] + noise + raw[at:], Calls(trackers))


def test_real_mails(corpus_mails: list[bytes]) -> None:
    """A seeded half of all references of real mails goes, and nothing else."""
    left = total = 0
    for number, raw in enumerate(corpus_mails[::2]):
        done = check(raw, half(str(number)))
        left += len(done.skipped)
        total += len(done.removed)
        after = set(done.raw.split(b"\n"))
        changed = sum(line not in after for line in raw.split(b"\n"))
        # The lines that its element is written on, three bytes for one at worst, and their neighbours.
        assert changed <= sum(8 + len(own.url) // 20 for own in done.removed)
    assert total > 20
    assert left <= 0.01 * total + 1  # reported, not hidden: parts that can be read in two ways


def test_inert_url_is_local() -> None:
    (found,) = references(Message.from_bytes(BEGIN + f"<img src={INERT}>".encode()))
    assert found.local


ASKING = b"DKIM-Signature: v=1; d=b.example; h=From:\n return-receipt-to : Subject; b=x\nARC-Message-Signature: h=From; b=y\n"
REQUESTS = b"Return-Receipt-To:\n a@b.example\nX-PMRQC: 1\n"


def test_receipt_requests_are_dropped_where_asked() -> None:
    raw = ASKING + REQUESTS + b"Content-Type: text/html\n\n<p>words"
    assert scrub(raw, Calls(trackers)).raw == raw
    done = scrub(raw, Calls(trackers), headers=True)
    assert done.raw == ASKING + b"Content-Type: text/html\n\n<p>words"
    assert (done.headers, done.summary) == (("Return-Receipt-To", "X-PMRQC"), "2 receipt requests removed")
    assert done.notes == ("DKIM-Signature: no longer valid, because it covers Return-Receipt-To",)


def test_receipt_requests_and_trackers_go_together() -> None:
    body = b"Content-Type: text/html\n\n<img src=https://t.test/o>"
    raw = b"From a Mon May  6 10:00:00 2024\n" + REQUESTS + body
    done, without = scrub(raw, Calls(trackers), headers=True), scrub(raw.replace(REQUESTS, b""), Calls(trackers))
    assert done.removed
    assert done.raw == without.raw
    assert done.summary == "1 tracker and 2 receipt requests removed"
    assert b"X-Tkit-Scrubbed: 1 tracker removed;" in done.raw


def test_receipt_requests_of_an_emlx_file() -> None:
    mail = b"From: a@b.example\n\nwords"
    raw = b"%d\n%s<?xml version='1.0'?>" % (len(REQUESTS + mail), REQUESTS + mail)
    assert scrub(raw, Calls(trackers), headers=True).raw == b"%d\n%s<?xml version='1.0'?>" % (len(mail), mail)


def test_a_request_that_has_to_stay_is_reported() -> None:
    raw = b"a log line\nReturn-Receipt-To: a@b.example\n\nwords"
    done = scrub(raw, Calls(trackers), headers=True)
    assert (done.raw, done.headers) == (raw, ())
    assert done.notes == ("Return-Receipt-To: without it, the mail would be read differently, left in",)
