"""Each mail of data/sample gives the facts in messages/ of the same name; adding a case is adding two files."""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from paths import ROOT

from tkit.html import references
from tkit.html.carriers import NAMES, WRITTEN_OUT
from tkit.html.trees import Backend
from tkit.mail import Message

SAMPLE = ROOT / "data" / "sample"
MESSAGES = ROOT / "tests" / "messages"
CASES = sorted(path.stem for path in SAMPLE.glob("*.eml"))
FACTS = ("part", "carrier", "url", "resolved_url", "local")
# RFC 2606 names, the addresses of RFC 5737 and RFC 3849, and the one real host that a case is about.
EXAMPLE_HOST = re.compile(
    r"(?:.+\.)?(?:example|test|example\.(?:com|org|net))"
    r"|192\.0\.2\.1|\[2001:db8::1\]|ci3\.googleusercontent\.com"
)
URL_HOST = re.compile(r"https?://(?:[^/@]*@)?(\[[^]]*\]|[^/:?#]+)")


def read_mail(case: str) -> bytes:
    return (SAMPLE / f"{case}.eml").read_bytes()


def read_facts(case: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((MESSAGES / f"{case}.json").read_text(encoding="utf-8"))
    return facts


def test_mails_and_facts_come_in_pairs() -> None:
    assert len(CASES) >= 60
    assert {path.stem for path in MESSAGES.glob("*.json")} == set(CASES)
    assert {path.suffix for path in SAMPLE.iterdir()} == {".eml"}


@pytest.mark.parametrize("case", CASES)
def test_message(case: str) -> None:
    message = Message.from_bytes(read_mail(case))
    facts = read_facts(case)["message"]
    date = None if facts["date"] is None else datetime.fromisoformat(facts["date"]).astimezone(UTC)
    assert message.from_domain == facts["from_domain"]
    assert message.subject == facts["subject"]
    assert message.date == date
    assert list(message.recipients) == facts["recipients"]
    assert len(message.html_parts) == facts["html_parts"]
    assert bool(message.defects) == facts["defects"], message.defects


@pytest.mark.parametrize("backend", ["lexbor", "soup"])
@pytest.mark.parametrize("case", CASES)
def test_references(case: str, backend: Backend) -> None:
    found = references(Message.from_bytes(read_mail(case)), backend)
    expected = read_facts(case)["references"]
    assert [{fact: getattr(one, fact) for fact in FACTS} for one in found] == [
        {fact: one[fact] for fact in FACTS} for one in expected
    ]


def test_the_mbox_line_is_no_part_of_the_message() -> None:
    raw = read_mail("mbox-from-line")
    line, _, rest = raw.partition(b"\n")
    assert line.startswith(b"From cases@")
    assert Message.from_bytes(raw).message_sha256 == hashlib.sha256(rest).hexdigest()


@pytest.mark.parametrize("case", CASES)
def test_facts_are_well_formed(case: str) -> None:
    for row in read_facts(case)["references"]:
        if row["local"]:
            assert row["resolved_url"] == ""
            assert "label" not in row
        else:
            assert row["label"] in ("T", "P", "C", "S")
            host = URL_HOST.match(row["resolved_url"])
            assert host is not None
            assert EXAMPLE_HOST.fullmatch(host[1]), f"{case}: {host[1]} is no host for examples"


def test_every_carrier_has_a_case() -> None:
    assert len(NAMES) > 20
    assert {row["carrier"] for case in CASES for row in read_facts(case)["references"]} == NAMES - WRITTEN_OUT
