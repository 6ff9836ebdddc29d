"""Made mails to measure a detector on: nothing here is for training.

The sets were made from the names of the kinds and from public documentation, without a look at any detector, and are the same
bytes on every run. One was added after the others had been measured: the pictures on the links' host. Every host name is
reserved (RFC 2606).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from html import escape

from made_sets.frames import LETTER, NEWSLETTER, NOTICE, Frame, Placed, image, letter, newsletter, notice
from made_sets.good_pictures import PICTURES, SHOT
from made_sets.made import CLEAN, PERSONALISED, TRACKER, MadeMail
from made_sets.people import Person, reader, writer
from made_sets.personalised_pictures import KINDS, SERVED
from made_sets.receipts import SHAPES, SIGNATURE

__all__ = ["CLEAN", "PERSONALISED", "SETS", "TRACKER", "MadeMail"]

IN_TEXT = "text"
WRITERS = (
    "alpine-consulting.example", "brandt-partner.test", "corelight.example", "duo-design.test", "eastside-legal.example",
    "fabrik11.test", "greyfield.example", "harbour-and-sons.test", "inkwell.example", "juno-labs.test",
)  # fmt: skip


def personalised_pictures() -> Iterator[MadeMail]:
    """Yield 100 pictures of 20 kinds, each in a newsletter, a notice and a letter: individual and seen."""
    yield from _personalised(served=False)


def served_pictures() -> Iterator[MadeMail]:
    """Yield the same pictures under URLs of the host that all links go to, in the form of the links."""
    yield from _personalised(served=True)


def _personalised(*, served: bool) -> Iterator[MadeMail]:
    for kind, (about, pictures) in KINDS.items():
        for number, picture in enumerate(pictures, 1):
            for kind_of_mail in (NEWSLETTER, NOTICE, LETTER):
                campaign = f"{'served' if served else 'personalised'} {kind} {number}"
                drawing = random.Random(f"{campaign} {kind_of_mail}")
                to, sender = reader(drawing), writer(drawing, picture.sender)
                if kind_of_mail != LETTER:
                    sender = _desk(picture.sender, "news" if kind_of_mail == NEWSLETTER else "service")
                links, pattern = SERVED[number - 1] if served else ("", picture.url)
                frame = Frame(drawing, to, sender, campaign, links)
                url = pattern.format_map(frame.tokens)
                alt = picture.alt.format_map(frame.tokens)
                link = frame.link() if picture.linked and kind_of_mail != LETTER else ""
                placed = Placed(image(url, picture.width, picture.height, alt, picture.css, link), IN_TEXT, about)
                if kind_of_mail == NEWSLETTER:
                    raw = newsletter(frame, placed, own_receipt=True)
                elif kind_of_mail == NOTICE:
                    raw = notice(frame, placed)
                else:
                    raw = letter(frame, placed, in_text=True)
                name = f"{kind} {number}, {kind_of_mail}"
                yield MadeMail(name, kind, kind_of_mail, raw, url, PERSONALISED, frame.others)


def _desk(domain: str, desk: str) -> Person:
    return Person(domain.partition(".")[0].replace("-", " ").title(), desk.title(), f"{desk}@{domain}")


def receipts_in_letters() -> Iterator[MadeMail]:
    """Yield 60 letters whose only picture is a read receipt."""
    yield from _receipts(LETTER)


def receipts_in_newsletters() -> Iterator[MadeMail]:
    """Yield 60 newsletters with the same receipts, one each."""
    yield from _receipts(NEWSLETTER)


def _receipts(kind_of_mail: str) -> Iterator[MadeMail]:
    for number, shape in enumerate(SHAPES):
        campaign = f"receipt {shape.name}"
        drawing = random.Random(f"{campaign} {kind_of_mail}")
        to, sender = reader(drawing), writer(drawing, WRITERS[number % len(WRITERS)])
        if kind_of_mail == NEWSLETTER:
            sender = _desk(sender.address.partition("@")[2], "news")
        frame = Frame(drawing, to, sender, campaign)
        url = shape.url.format_map(frame.tokens)
        frame.tokens["url"] = escape(url)
        placed = Placed(shape.markup.format_map(frame.tokens), shape.place, "")
        raw = letter(frame, placed) if kind_of_mail == LETTER else newsletter(frame, placed, own_receipt=False)
        yield MadeMail(f"{shape.name}, {kind_of_mail}", shape.name, kind_of_mail, raw, url, TRACKER, frame.others)


def good_pictures() -> Iterator[MadeMail]:
    """Yield 60 letters whose only picture is the same for every recipient."""
    for number, picture in enumerate(PICTURES):
        campaign = f"good {number}"
        drawing = random.Random(campaign)
        to, sender = reader(drawing), writer(drawing, WRITERS[number % len(WRITERS)])
        frame = Frame(drawing, to, sender, campaign)
        url = picture.url.format_map(frame.tokens)
        link = f"https://www.{frame.brand}/" if picture.linked else ""
        alt = picture.alt.format_map(frame.tokens)
        markup = image(url, picture.width, picture.height, alt, picture.css, link)
        about = "the picture" if picture.kind == SHOT else ""
        placed = Placed(markup, IN_TEXT if picture.in_text else SIGNATURE, about)
        raw = letter(frame, placed, in_text=picture.in_text)
        yield MadeMail(f"{picture.kind} {number + 1}", picture.kind, LETTER, raw, url, CLEAN, frame.others)


SETS: dict[str, tuple[str, Callable[[], Iterator[MadeMail]]]] = {
    "personalised": ("personalised pictures", personalised_pictures),
    "receipts": ("receipts in letters", receipts_in_letters),
    "good": ("good pictures in letters", good_pictures),
    "newsletters": ("receipts in newsletters", receipts_in_newsletters),
    "served": ("personalised pictures on the links' host", served_pictures),
}
"""By short name: what the set is called, and what yields its mails."""
