"""The positions of start tags, attributes, comments and style sheets in an HTML text.

These are the tokens of the HTML Standard, section 13.2.5, that references need. lexbor's tree says what an element is, not
where its text came from. The tokenizer's switch to raw text depends on the tree in a few cases (inside ``svg``, ``math``,
``select``). The common ones are handled, and :mod:`tkit.html.places` compares
every result with the tree.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from html.entities import html5
from typing import NamedTuple

_SPACE = re.compile(r"[\t\n\f\r ]*+")
_BEFORE_NAME = re.compile(r"[\t\n\f\r /]*+")
_TAG_NAME = re.compile(r"[A-Za-z][^\t\n\f\r />]*+")
_ATTRIBUTE_NAME = re.compile(r"[^\t\n\f\r />][^\t\n\f\r />=]*+")
_UNQUOTED = re.compile(r"[^\t\n\f\r >]*+")
# All of the above, from behind a tag's name to behind its ">".
_TAG_REST = re.compile(
    r"(?:[\t\n\f\r /]*+[^\t\n\f\r />][^\t\n\f\r />=]*+(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+"
    r"(?:\"[^\"]*+\"|'[^']*+'|[^\t\n\f\r >\"'][^\t\n\f\r >]*+|(?=>))|(?![\t\n\f\r ]*+=)))*+[\t\n\f\r /]*+>"
)
_COMMENT_END = re.compile(r"--!?>")
_SCRIPT = re.compile(r"<!--|-->|<(/?)script(?=[\t\n\f\r />])", re.IGNORECASE)
_RAW_TEXT = frozenset(("style", "xmp", "iframe", "noembed", "noframes", "title", "textarea"))
_RAW_END = {name: re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE) for name in _RAW_TEXT}
# Start tags that end SVG and MathML (section 13.2.6.5) or hold HTML in them.
_BREAKS_OUT = re.compile(
    r"b|big|blockquote|body|br|center|code|dd|div|dl|dt|em|embed|h[1-6]|head|hr|i|img|li|listing|menu|meta|nobr|ol|p|pre|ruby"
    r"|s|small|span|strong|strike|sub|sup|table|tt|u|ul|var|foreignobject|desc"
)
_REFERENCE = re.compile(r"&(?:#[xX][0-9a-fA-F]++;?|#[0-9]++;?|([A-Za-z][A-Za-z0-9]*+;?))|\r\n?|\0")
_LONGEST_NAME = max(map(len, html5))


class Attribute(NamedTuple):
    """One attribute of a start tag: ``start:end`` is all of it, ``value_start:value_end`` the value inside its quotes."""

    name: str
    start: int
    end: int
    value_start: int
    value_end: int
    quote: str


class Tag(NamedTuple):
    """A start tag: ``start`` is its ``<``, ``name_end`` the end of its name, ``end`` behind its ``>``.

    ``raw_end`` is where the raw text that begins at ``end`` ends, such as the sheet of a ``style``; equal to ``end`` if the
    tag opens none.
    """

    name: str
    start: int
    name_end: int
    end: int
    attributes: tuple[Attribute, ...]
    raw_end: int

    def attribute(self, name: str) -> Attribute | None:
        """Return the first attribute of a name; None if there is none."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)


class EndTag(NamedTuple):
    """An end tag: ``start`` is its ``<``."""

    name: str
    start: int


class Comment(NamedTuple):
    """A comment: ``start:end`` is its text."""

    start: int
    end: int


def tokens(text: str, start: int = 0, end: int | None = None, attributes_from: int = 0) -> Iterator[Tag | EndTag | Comment]:
    """Yield the tags and comments of an HTML text in order.

    Parameters
    ----------
    text : str
        HTML; no text raises an error.
    start, end : int, optional
        The part that is read, as if it were alone. Positions count from the beginning of `text`.
    attributes_from : int
        Length in characters from which a start tag has its attributes; without attributes, a third of the time is needed.

    Examples
    --------
    >>> tag = list(tokens("<p>x<IMG width=1 SRC='a&amp;b'>"))[1]
    >>> tag.name, [(a.name, a.start, a.end) for a in tag.attributes]
    ('img', [('width', 9, 16), ('src', 17, 30)])
    """
    limit = len(text) if end is None else end
    foreign = 0
    position = text.find("<", start, limit)
    while position >= 0:
        following = text[position + 1 : position + 2]
        if following in ("!", "?"):
            if text.startswith("<!--", position):
                comment, position = _comment(text, position, limit)
                yield comment
            elif foreign and text.startswith("<![CDATA[", position):
                position = _behind(text, "]]>", position, limit)
            else:
                position = _behind(text, ">", position, limit)
        elif following == "/":
            name = _TAG_NAME.match(text, position + 2, limit)
            if name:
                if foreign and name[0].lower() in ("svg", "math"):
                    foreign -= 1
                tag_end = _tag_end(text, name.end(), limit)
                if tag_end > limit:
                    return
                yield EndTag(_lower(name[0]), position)
                position = tag_end
            else:
                position = position + 3 if text.startswith("</>", position) else _behind(text, ">", position, limit)
        elif name := _TAG_NAME.match(text, position + 1, limit):
            attributes: tuple[Attribute, ...] = ()
            tag_end = _tag_end(text, name.end(), limit)
            if tag_end > limit:
                return
            if tag_end - position >= attributes_from:
                attributes = _attributes(text, name.end(), tag_end)
            lowered = _lower(name[0])
            if foreign and _BREAKS_OUT.fullmatch(lowered):
                foreign = 0
            elif lowered in ("svg", "math"):
                foreign += text[tag_end - 2] != "/"
            raw_end = tag_end if foreign else _raw_end(text, lowered, tag_end, limit)
            yield Tag(lowered, position, name.end(), tag_end, attributes, raw_end)
            position = raw_end
        else:
            position += 1
        position = text.find("<", position, limit)


def _lower(name: str) -> str:
    """Lower ASCII letters only, as the tokenizer does."""
    return name.lower() if name.isascii() else "".join(letter.lower() if letter.isascii() else letter for letter in name)


def _behind(text: str, mark: str, position: int, limit: int) -> int:
    start = text.find(mark, position, limit)
    return start + len(mark) if start >= 0 else limit


def _comment(text: str, position: int, limit: int) -> tuple[Comment, int]:
    start = position + 4
    for abrupt in (">", "->"):
        if text.startswith(abrupt, start):
            return Comment(start, start), start + len(abrupt)
    end = _COMMENT_END.search(text, start, limit)
    return (Comment(start, end.start()), end.end()) if end else (Comment(start, limit), limit)


def _tag_end(text: str, position: int, limit: int) -> int:
    """Return where a tag whose name ends at a position ends; behind ``limit`` if it does not end."""
    rest = _TAG_REST.match(text, position, limit)
    return rest.end() if rest else limit + 1


def _attributes(text: str, position: int, limit: int) -> tuple[Attribute, ...]:
    """Read the attributes of a tag that ends at ``limit``."""
    attributes: list[Attribute] = []
    while True:
        position = _end(_BEFORE_NAME, text, position, limit)
        if text[position] == ">":
            return tuple(attributes)
        start = position
        position = _end(_ATTRIBUTE_NAME, text, position, limit)
        name = _lower(text[start:position])
        equals = _end(_SPACE, text, position, limit)
        if text[equals] != "=":
            attributes.append(Attribute(name, start, position, position, position, ""))
            continue
        begin = _end(_SPACE, text, equals + 1, limit)
        quote = text[begin] if text[begin] in "\"'" else ""
        if quote:
            close = text.index(quote, begin + 1)
            position = close + 1
            attributes.append(Attribute(name, start, position, begin + 1, close, quote))
        else:
            position = _end(_UNQUOTED, text, begin, limit)
            attributes.append(Attribute(name, start, position, begin, position, ""))


def _end(pattern: re.Pattern[str], text: str, position: int, limit: int) -> int:
    match = pattern.match(text, position, limit)
    return match.end() if match else position


def _number(reference: str) -> int:
    digits = reference.strip("&#;")
    return int(digits[1:], 16) if digits[0] in "xX" else int(digits)


def _raw_end(text: str, name: str, position: int, limit: int) -> int:
    if name in _RAW_TEXT:
        end = _RAW_END[name].search(text, position, limit)
        return end.start() if end else limit
    if name == "script":
        return _script_end(text, position, limit)
    return limit if name == "plaintext" else position


def _script_end(text: str, position: int, limit: int) -> int:
    """Return where a script's text ends (sections 13.2.5.15 to 13.2.5.31)."""
    escaped = doubly = False
    while match := _SCRIPT.search(text, position, limit):
        mark = match[0]
        position = match.end()
        if mark == "<!--":
            escaped = True
            position -= 2  # its dashes may be those of "-->"
        elif mark == "-->":
            escaped = doubly = False
        elif match[1]:
            if not doubly:
                return match.start()
            doubly = False
        elif escaped:
            doubly = True
    return limit


class Decoded:
    r"""A piece of HTML text with its character references decoded, and the positions in the source.

    Attributes
    ----------
    text : str
        As the tokenizer has it: references decoded, line ends are ``\n``.
    """

    def __init__(self, source: str, start: int, end: int) -> None:
        pieces: list[str] = []
        # The positions from which the decoded and the written text run in parallel.
        self._decoded = [0]
        self._written = [start]
        length = 0
        position = start
        for reference in _REFERENCE.finditer(source, start, end):
            character, size = _character(reference, source, end)
            if size:
                length += reference.start() - position + len(character)
                pieces += [source[position : reference.start()], character]
                position = reference.start() + size
                self._decoded.append(length)
                self._written.append(position)
        pieces.append(source[position:end])
        self.text = "".join(pieces)

    def written(self, position: int) -> int:
        """Return where the character at a decoded position is written; the end of the piece for the end of the text."""
        low, high = 0, len(self._decoded)
        while high - low > 1:
            middle = (low + high) // 2
            if self._decoded[middle] <= position:
                low = middle
            else:
                high = middle
        return self._written[low] + position - self._decoded[low]


def _character(reference: re.Match[str], source: str, end: int) -> tuple[str, int]:
    """Decode a character reference of an attribute's value; the size is 0 if it is not one (section 13.2.5.73)."""
    written, name = reference[0], reference[1]
    if written[0] != "&":
        return ("\ufffd" if written == "\0" else "\n"), len(written)
    if not name:
        # Controls and noncharacters, which html.unescape drops, are characters to a browser (section 13.2.5.80).
        return html.unescape(written) or chr(_number(written)), len(written)
    for size in range(min(len(name), _LONGEST_NAME), 1, -1):
        if name[:size] in html5:
            behind = source[reference.start() + 1 + size : min(reference.start() + 2 + size, end)]
            if name[size - 1] != ";" and (behind == "=" or (behind.isascii() and behind.isalnum())):
                break
            return html5[name[:size]], size + 1
    return "", 0


def start_tag(element: str, attributes: Mapping[str, str]) -> str:
    """Write an element's start tag from its name and attributes, for lists whose rules match the text of the tag.

    >>> start_tag("img", {"src": "http://a.example/o.gif", "width": "1"})
    '<img src="http://a.example/o.gif" width="1">'
    """
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{element}{written}>"
