"""The made mails of benchmarks/made_sets: fixed bytes, and what each set says about itself."""

import hashlib
import importlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from types import ModuleType

import pytest
from paths import ROOT

from tkit.html import references
from tkit.mail import Message

# One digest per set: a change of a mail is a change of what earlier figures were measured on.
DIGESTS = {
    "personalised": "bdbf6439ac9cebe3b1cb3d6bf8fa1a79bfcc869112ace19b127d16701274c150",
    "receipts": "ae7995af3652d269ebcbb1accc462e121801daf5ac9b493b03ebd54144b1b141",
    "good": "47b63a8fd4b4e34a2892567a10d32d01e77cd00bdf55ca841d84f57f5aa61491",
    "newsletters": "18a8ce13494b7a6f396ead1af5f0325715308cc8e143d112b66c4328039def0d",
    "served": "84078443ee48146a125ec3349fe98dca441addd80f457b19cc5c39b2b52ea93c",
}


@pytest.fixture(scope="module")
def made() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    yield importlib.import_module("made_sets")
    sys.path.remove(str(ROOT / "benchmarks"))


def urls(raw: bytes) -> list[str]:
    return [reference.url for reference in references(Message.from_bytes(raw)) if not reference.local]


@pytest.mark.parametrize("name", DIGESTS)
def test_the_mails_are_the_same_bytes_on_every_run(made: ModuleType, name: str) -> None:
    _, make = made.SETS[name]
    assert hashlib.sha256(b"".join(mail.raw for mail in make())).hexdigest() == DIGESTS[name]


@pytest.mark.parametrize("name", DIGESTS)
def test_every_reference_of_a_mail_has_an_expected_verdict(made: ModuleType, name: str) -> None:
    for mail in made.SETS[name][1]():
        found = urls(mail.raw)
        assert found.count(mail.url) == 1
        assert set(found) == {mail.url, *mail.others}


@pytest.mark.parametrize("name", ["personalised", "served"])
def test_a_hundred_pictures_of_twenty_kinds_in_three_frames(made: ModuleType, name: str) -> None:
    mails = list(made.SETS[name][1]())
    assert Counter(mail.frame for mail in mails) == {"newsletter": 100, "notice": 100, "letter": 100}
    assert Counter(Counter(mail.kind for mail in mails).values()) == {15: 20}
    assert {len(urls(mail.raw)) for mail in mails if mail.frame == "notice"} <= {2, 3, 4}


@pytest.mark.parametrize("name", ["receipts", "good"])
def test_a_letter_has_one_picture(made: ModuleType, name: str) -> None:
    mails = list(made.SETS[name][1]())
    assert len(mails) == 60
    assert all(urls(mail.raw) == [mail.url] for mail in mails)


def test_every_host_is_reserved(made: ModuleType) -> None:
    for _, make in made.SETS.values():
        for mail in make():
            hosts = re.findall(r"https?://([^/?\s\"'<>]+)", Message.from_bytes(mail.raw).html_parts[0])
            assert all(host.endswith((".example", ".test")) for host in hosts)


def test_individual_urls_differ_between_recipients_and_good_ones_do_not(made: ModuleType) -> None:
    fields = {name: importlib.import_module(f"made_sets.{name}") for name in ("receipts", "good_pictures")}
    pictures = importlib.import_module("made_sets.personalised_pictures")

    def own(pattern: str) -> set[str]:
        # The writer's own address and the time of sending are no recipient's.
        found = set(re.findall(r"\{(\w+)\}", pattern)) - {"brand", "first", "time", "b64sender", "md5sender"}
        return {field for field in found if not field.startswith("same_")}

    assert all(own(shape.url) for shape in fields["receipts"].SHAPES)
    assert all(own(picture.url) for _, kind in pictures.KINDS.values() for picture in kind)
    assert all(own(pattern) for _, pattern in pictures.SERVED)
    assert not any(own(picture.url) for picture in fields["good_pictures"].PICTURES)
