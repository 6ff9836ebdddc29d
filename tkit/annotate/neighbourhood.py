"""The HTML around a reference, as text that shows every character."""

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
"""Characters that are shown before and after a reference."""

LONGEST = 4000
"""Characters that are shown of an element or a URL."""

_LEAST_PLAIN = 8  # shorter beginnings of a URL occur everywhere
_PLAIN = re.compile(r"[^&<>\"'\\\s\x00-\x1f\x7f-\U0010ffff]*")
_CONTINUES = re.compile(r"[\w./?&=#%~+-]")
_MAY_END = re.compile(r"[\"'<>)\s]|\Z")
_MOST_OCCURRENCES = 2000
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


class Neighbourhood(NamedTuple):
    """The text before a reference, its element or URL, and the text after it; both empty if it was not found."""

    before: str
    element: str
    after: str


def neighbourhood(source: str, reference: RemoteReference, references: Sequence[RemoteReference]) -> Neighbourhood:
    r"""Return the text around a reference in its HTML part.

    Parameters
    ----------
    source : str
        The decoded text of the HTML part.
    reference : RemoteReference
    references : sequence of RemoteReference
        All references of the message: the third one with the same URL is the third occurrence.

    Returns
    -------
    Neighbourhood
        If the URL cannot be found as written (because of CSS escapes or line ends), a rebuilt start tag with nothing around
        it.

    Examples
    --------
    >>> from tkit.mail.message import Message
    >>> from tkit.html.reading import references
    >>> message = Message.from_bytes(b"Content-Type: text/html\n\n<p>Hi <img src='http://a.example/?a=1&amp;b=2'> you")
    >>> every = references(message)
    >>> neighbourhood(message.html_parts[0], every[0], every)
    Neighbourhood(before='<p>Hi ', element="<img src='http://a.example/?a=1&amp;b=2'>", after=' you')
    """
    spans = _spans(source, reference)
    if not spans:
        return Neighbourhood("", visible(start_tag(reference.element, reference.attributes)[:LONGEST]), "")
    alike = [other for other in references if other.part == reference.part and other.url == reference.url]
    start, end = spans[min(alike.index(reference), len(spans) - 1)]
    return Neighbourhood(
        _tidy(source[max(0, start - AROUND) : start]),
        _tidy(source[start : min(end, start + LONGEST)]),
        _tidy(source[end : end + AROUND]),
    )


def visible(text: str) -> str:
    r"""Return a text with invisible and direction-changing characters written as their code points.

    >>> visible("a\u202egif.exe")
    'a⟨U+202E⟩gif.exe'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        letter if letter in "\n\t" or unicodedata.category(letter) not in _INVISIBLE else f"⟨U+{ord(letter):04X}⟩"
        for letter in text
    )


def _spans(source: str, reference: RemoteReference) -> list[tuple[int, int]]:
    """Return the spans where the URL is written: of its start tag, or of the URL alone in a style element."""
    url = reference.url
    plain = _PLAIN.match(url)
    beginning = plain.group() if plain else ""
    if len(beginning) < min(_LEAST_PLAIN, len(url)) or not beginning:
        return []
    in_tag: list[tuple[int, int]] = []
    elsewhere: list[tuple[int, int]] = []
    at = source.find(beginning)
    for _ in range(_MOST_OCCURRENCES):
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
    """Return the number of characters that write the URL at a position; 0 if another URL is written there."""
    if source.startswith(url, at) and not _CONTINUES.match(source, at + len(url)):
        return len(url)
    written = source[at : at + 6 * len(url)]
    for end in islice(_MAY_END.finditer(written), 40):
        if clean(Decoded(written, 0, end.start()).text) == url:
            return end.start()
    return 0


def _tidy(text: str) -> str:
    return visible(re.sub(r"[ \t\r]*\n\s*", "\n", text))
