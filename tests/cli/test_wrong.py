"""Wrong arguments of every verb: exit code 2 before any work, and a message that says what to do."""

import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT
from typer.testing import CliRunner

from tkit.cli import arguments
from tkit.cli.main import app
from tkit.dataset import read
from tkit.dataset.card import write_data_card
from tkit.dataset.reading import read_description
from tkit.errors import TkitError
from tkit.scrubbing.milter import listening_place
from tkit.study.gate import read_floors

run = CliRunner().invoke


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a folder is called for, a file; where a file, a folder; and one mail."""
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("no mail")
    (tmp_path / "folder").mkdir()
    (tmp_path / "mail.eml").write_bytes(b"From: a@b.example\nContent-Type: text/html\n\n<img src='http://a.example/x'>")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("scan mail.eml --model file", "is a file"),
        ("scan mail.eml -o folder", "is a directory"),
        ("campaigns mail.eml --format parquet", "parquet needs a file: give -o FILE"),
        ("milter --listen moon", "give inet:PORT@HOST or unix:PATH"),
        ("milter --listen inet:65536@127.0.0.1", "give inet:PORT@HOST or unix:PATH"),
        ("study --seed -1", "--seed"),
        ("study --dataset file", "is a file"),
        ("study -o file", "is a file"),
        ("study --allow-lower", "give --pin FILE too"),
        ("train -o file", "is a file"),
        ("train -o b --seed 4294967296", "--seed"),
        ("export default:url --to moon -o x", "no export target 'moon': take one of adblock, dnr,"),
        ("export default:url --to adblock,, -o x", "no export target ''"),
        ("export default:moon --to adblock -o x", "take one of default:url, default:element, default:message"),
        ("export default:url --to adblock -o file", "is a file"),
        ("export default:url --to adblock -o x --dataset file", "is a file"),
        ("compare -d rule:1x1 --seed -1", "--seed"),
        ("compare -d rule:1x1 --dataset file", "is a file"),
        ("corpus get moon", "no public corpus moon: choose from csdmc2010,"),
        ("corpus verify moon", "no public corpus moon: choose from csdmc2010,"),
        ("corpus verify --folder file", "is a file"),
        ("dataset build -o file", "is a file"),
        ("dataset verify file", "is a file"),
        ("dataset card -o folder", "is a directory"),
        ("labels agreement file --seed -1", "--seed"),
        ("labels audit -o a.csv --seed -1", "--seed"),
        ("labels audit -o a.csv --vantage moon", "moon"),
        ("lists list --format moon", "give table, jsonl or csv"),
        ("lists get moon", "no list 'moon': take one of"),
        ("templates list --format moon", "give table, jsonl or csv"),
        ("templates build --seed -1", "--seed"),
    ],
)
def test_a_wrong_argument_is_refused_before_any_work(line: str, told: str, files: Path) -> None:
    before = sorted(files.rglob("*"))
    done = run(app, line.split())
    assert done.exit_code == 2
    assert told in done.output
    assert sorted(files.rglob("*")) == before


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("scrub folder -o out", "no mail was read"),
        (
            "export xdefault:url --to adblock -o x",
            "bundle xdefault:url: schema.json: cannot be read (No such file or directory)",
        ),
        ("export default:url --to adblock -o x --dataset no-such", "no-such: no dataset.json"),
        ("study --gate file", "file: not a file of floors"),
        ("study --pin file", "file: not a file of floors"),
    ],
)
def test_what_the_files_do_not_hold_ends_with_one(line: str, told: str, files: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "tkit", *line.split()], capture_output=True, check=False, cwd=files)
    message = done.stderr.decode()
    assert done.returncode == 1
    assert told in message
    assert "Traceback" not in message


def test_the_page_of_an_audit_is_named_where_it_is(files: Path) -> None:
    done = run(app, ["audit", "mail.eml", "-o", "folder"])
    assert done.exit_code == 0
    assert "page: folder/report.html" in done.output
    assert (files / "folder" / "report.html").is_file()


def test_a_folder_that_looks_like_markup_is_named_as_it_is(files: Path) -> None:
    done = run(app, ["audit", "mail.eml", "-o", "[bold]x"])
    assert "page: [bold]x/report.html" in done.output


def test_seeds_are_what_numpy_takes() -> None:
    assert arguments.MAX_SEED == 4_294_967_295


def test_a_dataset_that_is_a_file(files: Path) -> None:
    with pytest.raises(
        TkitError, match=r"file/dataset\.json: cannot be read \(Not a directory\): give the folder of a dataset"
    ):
        read_description(files / "file")


def test_a_data_card_that_cannot_be_written(files: Path) -> None:
    published = read(ROOT / "data" / "dataset")
    with pytest.raises(TkitError, match=r"no/card\.md: cannot be written \(No such file or directory\)"):
        write_data_card(published, files / "no" / "card.md")


def test_floors_that_are_not_there(files: Path) -> None:
    with pytest.raises(TkitError, match="no-such: does not exist: create it with `tkit study --pin no-such`"):
        read_floors("no-such")


@pytest.mark.parametrize(
    ("listen", "place"),
    [
        ("unix:/run/x", "/run/x"),
        ("inet:25", ("127.0.0.1", 25)),
        ("inet:25@mail.example", ("mail.example", 25)),
        ("inet6:65535@::1", ("::1", 65_535)),
    ],
)
def test_where_a_milter_listens(listen: str, place: object) -> None:
    assert listening_place(listen) == place


@pytest.mark.parametrize("listen", ["", "unix:", "inet:", "inet:x@h", "inet:65536@h", "inet:٣@h", "tcp:25@h"])
def test_where_no_milter_listens(listen: str) -> None:
    with pytest.raises(TkitError, match="not an address to listen on"):
        listening_place(listen)
