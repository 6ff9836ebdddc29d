"""Fast tests of whether an HTML text may load anything, without its tree: the reader then visits only a part of the tree.

A test that returns False is certain. One that returns True may be wrong.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tkit.html.carriers import ANYWHERE_HINT, COMMENT_ATTRIBUTES, COMMENT_HINTS, TAG_HINT
from tkit.html.conditional import OPENED

# Unlike the HTML Standard, Chromium does not reopen links and other formatting for white space behind the end of the body.
# With the lookahead, the engine searches for one character, which is several times as fast as for two.
_BODY_END = re.compile(r"<(?=/)/(?:body|html)\b[^>]*+>", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\n\f\r]+")
_SPACE_AND_COMMENTS = re.compile(r"(?:[ \t\n\f\r]+|<!--[\s\S]*?-->)+")
_COMMENT = re.compile(r"<!--[\s\S]*?-->")
_SHORT_COMMENT = 1_000

# A literal character comes first because it is found fast; the letters before it are tested then.
_CSS_FUNCTION = re.compile(r"\((?<=(?:url|src|set)\()", re.IGNORECASE)
_CSS_IMPORT = re.compile(r"@import", re.IGNORECASE)
# Character references to a character of those names or a backslash: "(", "-", "@" and all ASCII characters above it.
_CSS_REFERENCE = re.compile(
    r"&(?:#0*(?:4[05]|6[4-9]|[7-9][0-9]|1[0-2][0-9])(?![0-9])"
    r"|#[xX]0*(?:2[8dD]|[4-7][0-9a-fA-F])(?![0-9a-fA-F])"
    r"|(?:lpar|bsol|commat);)"
)

# A part of the word may be a character reference.
_REFRESH = re.compile(rb"refresh|http-equiv\s*+=[^a-z&>]*+[refsh]{0,6}+&")


def html_may_load(html: str) -> bool:
    """Return whether a text may contain a reference, remote or local. A fifth of the HTML in public mail contains none."""
    if "src" in html:
        return True
    # No name has letters outside ASCII, and bytes are lowered several times as fast as text.
    lowered = html.encode("utf-8", "surrogatepass").lower()
    return (
        b"src" in lowered
        or TAG_HINT.search(lowered) is not None
        or ANYWHERE_HINT.search(lowered) is not None
        or (b"http-equiv" in lowered and _REFRESH.search(lowered) is not None)
        or css_may_load(html)
    )


def without_space_behind_body(html: str) -> str:
    """Remove the white space behind the end of the body, which browsers ignore."""
    pieces: list[str] = []
    position = 0
    commented: int | None = None
    # Before the last ">" every end tag is closed, and before the last "-->" every comment: no search runs to the end in vain.
    for end in _BODY_END.finditer(html, 0, html.rfind(">") + 1):
        start = end.end()
        if end.start() < position:  # in a comment behind the end tag before
            continue
        behind = _SPACE.match(html, start)
        if html.startswith("<!--", behind.end() if behind else start):
            commented = html.rfind("-->") if commented is None else commented
            behind = _SPACE_AND_COMMENTS.match(html, start) if start < commented else behind
        if behind:
            pieces += [html[position:start], *_COMMENT.findall(behind[0])]
            position = behind.end()
    return "".join([*pieces, html[position:]]) if pieces else html


def comment_may_load(comment: str) -> bool:
    """Return whether the text of a comment may contain a reference."""
    return (_short_may_load if len(comment) < _SHORT_COMMENT else _may_load)(comment)


def _may_load(comment: str) -> bool:
    lowered = comment.lower()
    return any(map(lowered.__contains__, COMMENT_HINTS)) or any(
        name in lowered and pattern.search(lowered) is not None for name, pattern in COMMENT_ATTRIBUTES.items()
    )


# Most conditional comments contain only parts of a table, the same in many mails.
_short_may_load = lru_cache(maxsize=1 << 12)(_may_load)


def conditional_comments_may_load(html: str) -> bool:
    """Return whether a conditional comment of a text may contain a reference."""
    opened = OPENED.search(html) if "!" in html else None
    while opened:
        end = html.find("-->", opened.end())
        if comment_may_load(html[opened.end() : end if end >= 0 else None]):
            return True
        # One that opens inside the comment holds less than it.
        opened = OPENED.search(html, end) if end >= 0 else None
    return False


def css_may_load(html: str) -> bool:
    """Return whether a style sheet or ``style`` attribute of a text may contain a URL, see :func:`tkit.html.css.may_load`."""
    return (
        "\\" in html
        or ("(" in html and _CSS_FUNCTION.search(html) is not None)
        or ("@" in html and _CSS_IMPORT.search(html) is not None)
        or _CSS_REFERENCE.search(html) is not None
    )
