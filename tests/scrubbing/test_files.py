"""`tkit scrub`: files and folders in and out, and messages for what cannot be scrubbed."""

import subprocess
import sys
from pathlib import Path

import pytest
from made_scrubbing import ThreeVerdicts

from tkit.bundle import default_bundle
from tkit.errors import TkitError
from tkit.scrubbing.files import read_mail, scrub_file, scrub_folder

BEACON = (
    b"From: a@b.example\nContent-Type: text/html\n\n<p>x</p><img src='http://t.example/open?id=b81e2c90ff' width=1 height=1>\n"
)
CLEAN = b"X-Tkit-Scrubbed: 1 tracker removed; tkit 0.1.0\n" + BEACON.replace(b"src='http://t.example/open?id=b81e2c90ff'", b"")


def tkit(*arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tkit", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False)


def test_standard_input_to_standard_output() -> None:
    done = tkit("scrub", "-", stdin=BEACON)
    assert done.returncode == 0
    assert done.stdout == CLEAN
    assert b"-: 1 tracker removed" in done.stderr
    assert b"img-src http://t.example/open?id=b81e2c90ff (" in done.stderr


@pytest.mark.parametrize(
    ("personalised", "removed", "said"),
    [
        ("keep", b"1 tracker", b"  personalised picture kept: img-src http://p.example/card?name=Ada ("),
        ("drop", b"1 tracker and 1 personalised picture", b"  img-src http://p.example/card?name=Ada ("),
    ],
)
def test_personalised_pictures_are_kept_or_dropped(
    verdicts: ThreeVerdicts, personalised: str, removed: bytes, said: bytes
) -> None:
    head = b"From: a@b.example\nContent-Type: text/html\n\n"
    done = tkit("scrub", "-", "--model", verdicts.model, "--personalised", personalised, stdin=head + verdicts.html)
    assert done.returncode == 0
    assert done.stdout == b"X-Tkit-Scrubbed: %s removed; tkit 0.1.0\n" % removed + head + verdicts.left[personalised]
    assert done.stderr.startswith(b"-: %s removed\n" % removed)
    assert b"\n" + said in done.stderr


def test_receipt_requests_are_dropped_where_asked(tmp_path: Path) -> None:
    request = b"Return-Receipt-To: a@b.example\n"
    assert tkit("scrub", "-", stdin=request + BEACON).stdout == CLEAN.replace(b"\n", b"\n" + request, 1)
    done = tkit("scrub", "-", "--headers", stdin=request + BEACON)
    assert done.stdout == CLEAN
    assert done.stderr.startswith(b"-: 1 tracker and 1 receipt request removed\n")
    assert b"  header Return-Receipt-To\n" in done.stderr
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.eml").write_bytes(request + BEACON)
    (scrubbed,) = scrub_folder(tmp_path / "in", tmp_path / "out", default_bundle(), headers=True)
    assert scrubbed[2].done is not None
    assert (tmp_path / "out/a.eml").read_bytes() == CLEAN


@pytest.mark.parametrize("verb", ["scrub", "milter"])
def test_help_shows_an_example(verb: str) -> None:
    assert f"Example: tkit {verb}" in tkit(verb, "--help").stdout.decode()


def test_file_is_written_whole_and_its_source_may_be_its_target(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(BEACON)
    assert len(scrub_file(str(path), path, default_bundle()).removed) == 1
    assert path.read_bytes() == CLEAN
    assert [own.name for own in tmp_path.iterdir()] == ["a.eml"]
    with pytest.raises(TkitError, match="cannot be written"):
        scrub_file(str(path), tmp_path / "no" / "b.eml", default_bundle())


def test_folder_keeps_its_names_and_reports_what_is_not_a_mail(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    (source / "cur").mkdir(parents=True)
    (source / "cur" / "1:2,S").write_bytes(BEACON)
    (source / "b.eml").write_bytes(BEACON)
    (source / "c.bin").write_bytes(b"\0\1\2")
    steps = list(scrub_folder(source, target, default_bundle()))
    assert [(number, count, Path(file.where).name, file.done is None) for number, count, file in steps] == [
        (1, 3, "b.eml", False),
        (2, 3, "c.bin", True),
        (3, 3, "1:2,S", False),
    ]
    assert (target / "cur" / "1:2,S").read_bytes() == (target / "b.eml").read_bytes() == CLEAN
    assert not (target / "c.bin").exists()
    with pytest.raises(TkitError, match="is inside the folder that is read"):
        list(scrub_folder(source, source / "out", default_bundle()))


def test_what_is_not_one_mail(tmp_path: Path) -> None:
    mbox = tmp_path / "box.mbox"
    mbox.write_bytes(b"From a Mon Jan  1 00:00:00 2024\n" + BEACON + b"\nFrom b Mon Jan  1 00:00:00 2024\n" + BEACON)
    with pytest.raises(TkitError, match="an mbox or archive, not one mail: split it"):
        read_mail(str(mbox))
    with pytest.raises(TkitError, match="nothing: cannot be read"):
        read_mail(str(tmp_path / "nothing"))
    with pytest.raises(TkitError, match="a folder: give -o FOLDER"):
        read_mail(str(tmp_path))
    assert b"standard input: empty" in tkit("scrub", "-").stderr
