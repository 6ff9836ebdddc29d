"""Whether the tree of an HTML text can be built in time that grows linearly with its length.

To build the tree by the standard, a parser looks through the open elements at almost every tag, compares each attribute of a
tag with those before it, and reopens formatting elements that were not closed. Ordinary mail has a few of each. In a text with
tens of thousands of them, the time grows with the square of the length: lexbor takes 4 seconds for 40,000 nested ``div``
(0.2 MB), and about 100 times as long for 400,000. The steps of the standard are counted here. The count is never too low:
what only the standard's whole algorithm could decide counts as the more expensive case.
"""

from __future__ import annotations

import re
from collections import Counter

from tkit.html.source import EndTag, Tag, tokens

SHORT = 1 << 17
"""Characters. A shorter text is not examined: its tree takes at most two seconds."""

MOST_STEPS = 200
"""Average number of steps per character of the text; they take a microsecond. No text of the public corpora needs that many."""

# Tags inside these are text.
_RAW = frozenset(("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "plaintext"))
# These contain no element, or are not opened a second time.
_VOID = _RAW | frozenset(
    (
        *("area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "image", "input"),
        *("keygen", "link", "meta", "param", "source", "track", "wbr", "html", "head", "body"),
    )
)
_FORMATTING = frozenset(("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"))
_CELLS = frozenset(("td", "th", "caption", "applet", "marquee", "object"))  # the formatting in them ends with them
_SCOPE = _CELLS | {"html", "table", "template", "mi", "mo", "mn", "ms", "mtext", "annotation-xml", "foreignobject", "desc"}
_TABLE_SCOPE = frozenset(("html", "table", "template"))
_TABLE = frozenset(("table", "caption", "colgroup", "tbody", "thead", "tfoot", "tr", "td", "th"))
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "center", "details", "dialog", "dir", "div", "dl", "dd", "dt"),
        *("fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "li"),
        *("listing", "main", "menu", "nav", "ol", "p", "pre", "search", "section", "summary", "ul"),
    )
)
_SPECIAL = _SCOPE | _TABLE | _BLOCKS | {"button", "select", "noscript", "frameset"}
# What a start tag closes, and the open element that protects it.
_CLOSES = {
    "li": (frozenset(("li",)), _SPECIAL - {"address", "div", "p"}),
    **dict.fromkeys(("dd", "dt"), (frozenset(("dd", "dt")), _SPECIAL - {"address", "div", "p"})),
    **dict.fromkeys(("td", "th"), (frozenset(("td", "th", "caption")), _TABLE_SCOPE)),
    "tr": (frozenset(("tr", "caption")), _TABLE_SCOPE),
    **dict.fromkeys(("tbody", "thead", "tfoot"), (frozenset(("tbody", "thead", "tfoot")), _TABLE_SCOPE)),
    "option": (frozenset(("option",)), _SPECIAL),
}
# The attributes of a shorter tag, at least two characters each, cannot take more than MOST_STEPS.
_LONG = 3000
# Without one of these no tag is long: a ">" ends it unless it is in a quoted value.
_LONG_TAG = re.compile(rf"<[A-Za-z][^>]{{{_LONG}}}")
_ANGLE_IN_VALUE = re.compile(r"=[\t\n\f\r ]*+(?:\"[^\">]*+>|'[^'>]*+>)")
_PLAIN_TAG = re.compile(r"<(?:(/?)([A-Za-z][^\s/>]*)[^<>]*>|!--[^<>]*-->|![A-Za-z][^<>]*>)")
_ALIKE = 3  # at most this many formatting elements that are written alike are reopened, see "Noah's Ark clause"
_OPENED_AGAIN = 20  # steps


def tree_takes_long(html: str) -> bool:
    """Return whether building a text's tree may take time that grows faster than the text.

    Examples
    --------
    >>> tree_takes_long("<div>" * 100_000), tree_takes_long("<p>Hello</p>" * 100_000)
    (True, False)
    """
    if len(html) < SHORT:
        return False
    most = MOST_STEPS * len(html)
    # However they nest, and whatever is reopened. A short text may have as many.
    few_tags = html.count("<") ** 2 * 2 <= max(most, 2 * (SHORT // len("<div>")) ** 2)
    long_tag = _LONG_TAG.search(html) or _ANGLE_IN_VALUE.search(html)
    if not long_tag and (few_tags or _nests_little(html, most)):
        return False
    steps = 0
    open_elements = _OpenElements()
    for token in tokens(html, attributes_from=_LONG):
        if isinstance(token, Tag):
            steps += len(token.attributes) ** 2 // 4
        if not few_tags:
            if isinstance(token, Tag):
                open_elements.start(token, html)
            elif isinstance(token, EndTag):
                open_elements.end(token.name)
            steps += open_elements.count
        if steps + open_elements.again > most:
            return True
    return False


def _nests_little(html: str, most: int) -> bool:
    """Return whether few elements are open at any time; this takes a tenth of the time because it looks only at tag names.

    If every ``<`` begins a tag or comment that contains no other, these are the parser's own tags. Here an end tag closes
    only the last element, if that has its name. Then it is also the parser's last element, or the parser has closed it
    before. All other end tags are ignored. So every element that is open in the parser is open here, except implied ones and
    reopened formatting: at most one for each that is open here, hence the factor of two.
    """
    tags = _PLAIN_TAG.findall(html)
    if len(tags) != html.count("<"):
        return False
    steps = 0
    names: list[str] = []
    raw = ""  # the element in which no tag but its own end is one
    for end, written in tags:
        name = written.lower()
        if raw and not (end and name == raw):
            return False
        raw = name if not end and name in _RAW else ""
        if end:
            if names and names[-1] == name:
                names.pop()
        elif name and name not in _VOID:
            names.append(name)
        steps += len(names)
    return 2 * steps <= most


class _OpenElements:
    """The stack of open elements (section 13.2.4.2), never shorter than the parser's own."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._written: list[str] = []
        self._open: Counter[str] = Counter()
        self._left: list[tuple[str, str]] = []
        self.again = 0
        """Steps for reopened formatting elements."""

    @property
    def count(self) -> int:
        return len(self._names)

    def start(self, tag: Tag, html: str) -> None:
        name = tag.name
        if name in _CLOSES:
            names, barriers = _CLOSES[name]
            self._pop(self._find(names, barriers))
        elif name in ("a", "nobr") and self._open[name]:
            self._take(self._find({name}, _SCOPE))
        if (name in _BLOCKS or name == "table") and self._open["p"]:
            self._pop(self._find({"p"}, _SCOPE | {"button"}))
        if self._left:
            self.again += _OPENED_AGAIN * len(self._left)
            for left, written in self._left:
                self._push(left, written)
            self._left = []
        if name not in _VOID:
            self._push(name, html[tag.name_end : tag.end] if name in _FORMATTING else "")

    def end(self, name: str) -> None:
        if not self._open[name]:
            return
        if name in _FORMATTING:
            self._take(self._find({name}, _SCOPE))
        else:
            barriers = _TABLE_SCOPE if name in _TABLE else _SCOPE if name in _SPECIAL else _SPECIAL
            self._pop(self._find({name}, barriers | {"button"} if name == "p" else barriers))

    def _find(self, names: frozenset[str] | set[str], barriers: frozenset[str]) -> int:
        for position in range(len(self._names) - 1, -1, -1):
            name = self._names[position]
            if name in names:
                return position
            if name in barriers:
                break
        return -1

    def _push(self, name: str, written: str) -> None:
        self._names.append(name)
        self._written.append(written)
        self._open[name] += 1

    def _take(self, position: int) -> None:
        """Remove one element; the elements in it stay open."""
        if position >= 0:
            self._open[self._names.pop(position)] -= 1
            del self._written[position]

    def _pop(self, position: int) -> None:
        """Close an element and all in it; formatting elements in it are kept to be reopened."""
        if position < 0:
            return
        closed = list(zip(self._names[position:], self._written[position:], strict=True))
        del self._names[position:], self._written[position:]
        alike = Counter(self._left)
        for number, one in enumerate(closed):
            self._open[one[0]] -= 1
            if one[0] in _CELLS:
                break
            if one[0] in _FORMATTING and number and alike[one] < _ALIKE:
                alike[one] += 1
                self._left.append(one)
        for name, _ in closed[number + 1 :]:
            self._open[name] -= 1
