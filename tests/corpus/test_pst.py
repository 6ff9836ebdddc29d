"""Outlook stores: real ones, held against another reader, and made ones for what the real ones do not contain."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from made import mail, zipped

from tkit.corpus import Note, Problem, RawMessage, read_raw
from tkit.corpus.pst import read_pst
from tkit.mail import Message

PLAIN = b"{\\rtf1\\ansi plain}"
HTML_IN_RTF = rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}}{\*\htmltag64 <p>Hi}}"


@pytest.fixture(scope="module")
def stores(npm_packages: Callable[[Path], Path], missing_engine: Callable[[str], None]) -> Path:
    """The folder with the stores of pst-extractor's own tests."""
    try:
        import pypff  # noqa: F401, PLC0415
    except ImportError:
        missing_engine("no libpff: pip install 'tkit[pst]'")
    return npm_packages(Path(__file__).parent / "outlook") / "node_modules/pst-extractor/example/testdata"


def read(path: Path) -> tuple[list[RawMessage], list[Problem], list[Note]]:
    problems: list[Problem] = []
    notes: list[Note] = []
    return list(read_raw([path], problems=problems, notes=notes)), problems, notes


@pytest.mark.parametrize(
    ("name", "mails", "with_html", "others"),
    [("enron.pst", 71, 0, 0), ("pstextractortest@outlook.com.ost", 14, 13, 169)],
)
def test_real_stores_are_read_as_another_reader_reads_them(
    stores: Path, name: str, mails: int, with_html: int, others: int
) -> None:
    found, problems, notes = read(stores / name)
    script = Path(__file__).parent / "outlook" / "read.mjs"
    done = subprocess.run(["node", script, stores / name], check=True, capture_output=True, text=True)
    theirs = json.loads(done.stdout)
    read_here = [Message.from_bytes(raw, where) for where, raw in found]
    assert sorted(html for message in read_here for html in message.html_parts) == sorted(
        mail["html"] for mail in theirs if mail["html"]
    )
    assert (len(found), sum(bool(message.html_parts) for message in read_here)) == (mails, with_html)
    assert len(theirs) == mails
    for mail_there in theirs:
        received = [line for line in mail_there["headers"].splitlines() if line.lower().startswith("message-id:")]
        assert all(any(line.encode() in raw for _, raw in found) for line in received)
    assert problems == []
    what = f"items that are no mails (contacts, appointments and the like), left out: {others}"
    assert notes == ([Note(str(stores / name), what)] if others else [])
    assert len({where for where, _ in found}) == mails
    assert all("!" in where and where.rpartition("#")[2].isdecimal() for where, _ in found)


def test_a_damaged_store(stores: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.pst").write_bytes((stores / "enron.pst").read_bytes()[:4_000_000])
    (tmp_path / "not.pst").write_bytes(b"!BDN" + bytes(1000))
    (tmp_path / "z.eml").write_bytes(mail(1))
    found, problems, _ = read(tmp_path)
    assert [where for where, _ in found] == [str(tmp_path / "z.eml")]
    assert [Path(problem.where).name for problem in problems] == ["cut.pst", "not.pst"]
    assert all("damaged Outlook store" in problem.what for problem in problems)


def test_a_store_in_an_archive_and_without_libpff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(("mails.pst", b"!BDN" + bytes(1000))))
    (tmp_path / "b.pst").write_bytes(b"!BDN" + bytes(1000))
    monkeypatch.setitem(sys.modules, "pypff", None)
    _, problems, _ = read(tmp_path)
    assert [problem.what for problem in problems] == [
        "an Outlook store (.pst, .ost) in an archive or on standard input: unpack it and name the file",
        "an Outlook store: reading it needs libpff: pip install 'tkit[pst]'",
    ]


def entry(kind: int, value: object) -> SimpleNamespace:
    return SimpleNamespace(get_entry_type=lambda: kind, get_data_as_string=lambda: value, get_data_as_integer=lambda: value)


def with_properties(values: dict[int, object], **methods: Callable[..., object]) -> SimpleNamespace:
    entries = SimpleNamespace(entries=[entry(kind, value) for kind, value in values.items()])
    return SimpleNamespace(get_number_of_record_sets=lambda: 1, get_record_set=lambda _: entries, **methods)


def attachment(name: str, content: bytes, method: int = 1) -> SimpleNamespace:
    return with_properties(
        {0x3705: method, 0x370E: "TEXT/HTML"},
        get_size=lambda: len(content),
        read_buffer=lambda size: content[:size],
        get_long_filename=lambda: name,
    )


def item(
    html: bytes | None = None,
    rtf: bytes | None = None,
    headers: str | None = "From: a@example.com\r\n",
    properties: dict[int, object] | None = None,
    attachments: tuple[SimpleNamespace, ...] = (),
    date: datetime | None = None,
) -> SimpleNamespace:
    return with_properties(
        {0x001A: "IPM.Note"} | (properties or {}),
        get_html_body=lambda: html,
        get_rtf_body=lambda: rtf,
        get_transport_headers=lambda: headers,
        get_subject=lambda: "Hello",
        get_delivery_time=lambda: date,
        get_client_submit_time=lambda: None,
        get_number_of_attachments=lambda: len(attachments),
        get_attachment=lambda number: attachments[number],
    )


def folder(name: str | None, *items: object, inner: tuple[SimpleNamespace, ...] = ()) -> SimpleNamespace:
    def sub_message(number: int) -> object:
        if isinstance(items[number], Exception):
            raise items[number]
        return items[number]

    return SimpleNamespace(
        get_name=lambda: name,
        get_number_of_sub_folders=lambda: len(inner),
        get_sub_folder=lambda number: inner[number],
        get_number_of_sub_messages=lambda: len(items),
        get_sub_message=sub_message,
    )


def read_made(monkeypatch: pytest.MonkeyPatch, root: SimpleNamespace) -> tuple[list[Message], list[Problem], list[Note]]:
    store = SimpleNamespace(open_file_object=lambda _: None, get_root_folder=lambda: root)
    monkeypatch.setitem(sys.modules, "pypff", SimpleNamespace(file=lambda: store))
    problems: list[Problem] = []
    notes: list[Note] = []
    found = list(read_pst(io.BytesIO(), "a.pst", problems, notes))
    return [Message.from_bytes(raw, where) for where, raw in found], problems, notes


def test_folders_are_named_and_items_that_are_no_mails_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    news = folder("News\n2026", item(b"<p>2"), item(b"<p>3", properties={0x001A: "IPM.Contact"}), item(b"<p>4"))
    inbox = folder("Inbox", item(b"<p>1"), inner=(news,))
    root = folder(None, inner=(inbox, folder("Sent", item(b"<p>5", properties={0x001A: "REPORT.IPM.Note.NDR"}))))
    found, problems, notes = read_made(monkeypatch, root)
    assert [(message.where, message.html_parts) for message in found] == [
        ("a.pst!Inbox#1", ("<p>1",)),
        ("a.pst!Inbox/News\\n2026#1", ("<p>2",)),
        ("a.pst!Inbox/News\\n2026#3", ("<p>4",)),
        ("a.pst!Sent#1", ("<p>5",)),
    ]
    assert problems == []
    assert notes == [Note("a.pst", "items that are no mails (contacts, appointments and the like), left out: 1")]


def test_bodies_attachments_and_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    never_sent = {0x0C1A: "Anna", 0x5D01: "anna@news.example", 0x0E04: "bob@example.com"}
    root = folder(
        None,
        inner=(
            folder(
                "Inbox",
                item(rtf=HTML_IN_RTF),
                item(rtf=PLAIN),
                item(b"<p>a", attachments=(attachment("b.htm", b"<p>b"), attachment("", b"", 5), attachment("c.png", b"<p>c"))),
                item(b"<p>d", headers=None, properties=never_sent, date=datetime(2026, 11, 30, 12, 8)),
            ),
        ),
    )
    found, problems, _ = read_made(monkeypatch, root)
    assert [message.html_parts for message in found] == [("<p>Hi",), (), ("<p>a", "<p>b", "<p>c"), ("<p>d",)]
    assert [message.from_domain for message in found] == ["example.com"] * 3 + ["news.example"]
    assert str(found[3].date) == "2026-11-30 12:08:00+00:00"
    what = "attachments that libpff cannot read, such as mails: 1; save this mail as .msg to have them read"
    assert problems == [Problem("a.pst!Inbox#3", what)]


def test_a_damaged_item_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = OSError("pypff_folder_get_sub_message: unable to retrieve sub message: 1. libpff_folder: no")
    huge = item(rtf=HTML_IN_RTF + b" " * (5 * 2**20))
    found, problems, _ = read_made(monkeypatch, folder(None, inner=(folder("Inbox", broken, item(b"<p>1"), huge),)))
    assert [message.where for message in found] == ["a.pst!Inbox#2"]
    assert problems == [
        Problem("a.pst!Inbox#1", "a damaged item (unable to retrieve sub message: 1): skipped"),
        Problem("a.pst!Inbox#3", "an item that cannot be read (RTF body larger than 4 MiB): skipped"),
    ]


def test_folders_in_folders_end(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = folder("x", item(b"<p>1"))
    for _ in range(30):
        inner = folder("x", item(b"<p>1"), inner=(inner,))
    found, problems, _ = read_made(monkeypatch, folder(None, inner=(inner,)))
    assert len(found) == 20
    assert problems == [Problem("a.pst!" + "/".join("x" * 20), "folders nested too deeply: the inner ones are skipped")]
