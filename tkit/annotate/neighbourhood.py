"""The HTML around a reference, as text that shows every character it holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from tkit.html import RemoteReference
from tkit.html.source import Decoded, start_tag
from tkit.url import clean

AROUND = 900
"""Characters that are shown before a reference, and after it."""

LONGEST = 4000
"""Characters that are shown of an element or a URL."""

_LEAST_SURE = 8  # a shorter beginning of a URL is found everywhere
_SURE = re.compile(r"[^&<>\"'\\\s\x00-\x1f\x7f-\U0010ffff]*")
_GOES_ON = re.compile(r"[\w./?&=#%~+-]")
_MAY_END = re.compile(r"[\"'<>)\s]|\Z")
_MOST_PLACES = 2000
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


class Neighbourhood(NamedTuple):
    """What stands before a reference, the element or URL itself, and what stands after it; empty around one not found."""

    before: str
    element: str
    after: str


def neighbourhood(source: str, reference: RemoteReference, references: Sequence[RemoteReference]) -> Neighbourhood:
    r"""Find a reference in its HTML part's text.

    Parameters
    ----------
    source : str
        The decoded text of the HTML part.
    reference : RemoteReference
    references : sequence of RemoteReference
        All references of the message: the third of the same URL is looked for as the third.

    Returns
    -------
    Neighbourhood
        For a URL that is written in a way that cannot be found again (broken by CSS escapes or line ends) the start tag,
        written anew, with nothing around it.

    Examples
    --------
    >>> from tkit.mail.message import Message
    >>> from tkit.html.reading import references
    >>> message = Message.from_bytes(b"Content-Type: text/html\n\n<p>Hi <img src='http://a.example/?a=1&amp;b=2'> you")
    >>> found = references(message)
    >>> neighbourhood(message.html_parts[0], found[0], found)
    Neighbourhood(before='<p>Hi ', element="<img src='http://a.example/?a=1&amp;b=2'>", after=' you')
    """
    places = _places(source, reference)
    if not places:
        return Neighbourhood("", visible(start_tag(reference.element, reference.attributes)[:LONGEST]), "")
    alike = [other for other in references if other.part == reference.part and other.url == reference.url]
    start, end = places[min(alike.index(reference), len(places) - 1)]
    return Neighbourhood(
        _tidy(source[max(0, start - AROUND) : start]),
        _tidy(source[start : min(end, start + LONGEST)]),
        _tidy(source[end : end + AROUND]),
    )


def visible(text: str) -> str:
    r"""Write invisible and direction-changing characters as their code, so that nothing hides and nothing is turned round.

    >>> visible("a\u202egif.exe")
    'a⟨U+202E⟩gif.exe'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        letter if letter in "\n\t" or unicodedata.category(letter) not in _INVISIBLE else f"⟨U+{ord(letter):04X}⟩"
        for letter in text
    )


def _places(source: str, reference: RemoteReference) -> list[tuple[int, int]]:
    """Return where the URL is written: the span of its start tag, or of the URL alone inside a style element."""
    url = reference.url
    sure = _SURE.match(url)
    beginning = sure.group() if sure else ""
    if len(beginning) < min(_LEAST_SURE, len(url)) or not beginning:
        return []
    in_tag: list[tuple[int, int]] = []
    elsewhere: list[tuple[int, int]] = []
    at = source.find(beginning)
    for _ in range(_MOST_PLACES):
        if at < 0:
            break
        written = _written_length(source, at, url)
        if written:
            tag = source.rfind("<", 0, at)
            close = source.find(">", at + written)
            if close >= 0 and re.match(rf"<{re.escape(reference.element)}\b", source[tag : tag + 40], re.IGNORECASE):
                style = reference.element == "style"
                in_tag.append((at, at + written) if style else (tag, close + 1))
            else:
                elsewhere.append((at, at + written))
        at = source.find(beginning, at + 1)
    return in_tag or elsewhere


def _written_length(source: str, at: int, url: str) -> int:
    """Return how many characters of the source write the URL from a place on; 0 where they write another one."""
    if source.startswith(url, at) and not _GOES_ON.match(source, at + len(url)):
        return len(url)
    written = source[at : at + 6 * len(url)]
    for end in islice(_MAY_END.finditer(written), 40):
        if clean(Decoded(written, 0, end.start()).text) == url:
            return end.start()
    return 0


def _tidy(text: str) -> str:
    return visible(re.sub(r"[ \t\r]*\n\s*", "\n", text))
