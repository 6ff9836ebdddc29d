"""What an HTML text cannot hold, told without its tree, so that the reader leaves most of the tree unvisited.

Every test errs to one side only: where it says no, there is none, however the text is written.
"""

from __future__ import annotations

import re

# Patterns that begin with a letter to be found as it stands are searched ten times as fast as those that do not:
# hence the group of flags behind it.
# Chromium does not open links and the like again for white space behind the end of the body, as the HTML Standard has it.
_BEHIND_BODY = re.compile(r"(</(?i:body|html)\b[^>]*>)((?:[ \t\n\f\r]+|<!--[\s\S]*?-->)+)")
_SPACE_OR_COMMENT = re.compile(r"(<!--[\s\S]*?-->)|[ \t\n\f\r]+")

_CONDITIONAL = re.compile(r"<!--\s*\[(?i:if)")
# Most conditional comments hold a table's scaffolding only, and need no tree of their own.
_COMMENT_HINTS = ("src", "href", "url(", "refresh", "poster", "@import", "image-set", "\\")
_COMMENT_ATTRIBUTES = {"background": re.compile(r"background\s*="), "data": re.compile(r"data\s*=")}

_CSS_FUNCTION = re.compile(r"\((?<=(?i:url|src|set)\()")
_CSS_IMPORT = re.compile(r"@(?i:import)")
# Character references to what may be a letter of those or a backslash: "(", "-", "@" and all behind it in ASCII.
_CSS_REFERENCE = re.compile(
    r"&(?:#0*(?:4[05]|6[4-9]|[7-9][0-9]|1[0-2][0-9])(?![0-9])"
    r"|#[xX]0*(?:2[8dD]|[4-7][0-9a-fA-F])(?![0-9a-fA-F])"
    r"|(?:lpar|bsol|commat);)"
)


def without_space_behind_body(html: str) -> str:
    """Leave out the white space behind the end of the body, which browsers put nowhere."""
    return _BEHIND_BODY.sub(_without_space, html)


def _without_space(end: re.Match[str]) -> str:
    return end[1] + _SPACE_OR_COMMENT.sub(r"\1", end[2])


def comment_may_load(comment: str) -> bool:
    """Tell whether what stands in a comment may hold a reference."""
    lowered = comment.lower()
    return any(map(lowered.__contains__, _COMMENT_HINTS)) or any(
        name in lowered and pattern.search(lowered) for name, pattern in _COMMENT_ATTRIBUTES.items()
    )


def conditional_comments_may_load(html: str) -> bool:
    """Tell whether any of a text's conditional comments may hold a reference."""
    end = 0
    while found := _CONDITIONAL.search(html, end):
        end = html.find("-->", found.end())
        if end < 0:
            end = len(html)
        if comment_may_load(html[found.end() : end]):
            return True
    return False


def css_may_load(html: str) -> bool:
    """Tell whether any style sheet or ``style`` attribute of a text may hold a URL: see :func:`tkit.css.may_load`."""
    return (
        "\\" in html
        or _CSS_FUNCTION.search(html) is not None
        or _CSS_IMPORT.search(html) is not None
        or _CSS_REFERENCE.search(html) is not None
    )
