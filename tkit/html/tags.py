"""The third HTML backend: the start tags and comments one after the other, for a text whose tree would take too long.

No reference is lost so: each stands in a start tag or a style sheet. What the elements around it say is: a tag knows
nothing of what it stands in. Only what :mod:`tkit.html.reading` asks of a node is offered, under the names of ``selectolax``.
"""

from __future__ import annotations

from collections.abc import Iterator

from tkit.html.source import Comment, Decoded, Tag, tokens


class TagNode:
    """A start tag, a comment, or the root above them all."""

    __slots__ = ("_text", "_token")

    parent: None = None
    prev: None = None
    next: None = None

    def __init__(self, text: str, token: Tag | Comment | None) -> None:
        self._text = text
        self._token = token

    @property
    def tag(self) -> str:
        """The tag's name, ``-comment``, or ``-root``."""
        if isinstance(self._token, Tag):
            # HTML's own image is an img, SVG's is not, and has no src.
            html_image = self._token.name == "image" and self._token.attribute("src") is not None
            return "img" if html_image else self._token.name
        return "-comment" if self._token else "-root"

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes as written, of equal names the first."""
        found: dict[str, str] = {}
        for one in self._token.attributes if isinstance(self._token, Tag) else ():
            if one.name not in found:
                found[one.name] = Decoded(self._text, one.value_start, one.value_end).text
        return found

    @property
    def comment_content(self) -> str:
        """The text of a comment without the white space around it."""
        return self._text[self._token.start : self._token.end].strip() if isinstance(self._token, Comment) else ""

    def text(self) -> str:
        """Return the raw text behind the tag, of a style sheet for one."""
        return self._text[self._token.end : self._token.raw_end] if isinstance(self._token, Tag) else ""

    def traverse(self) -> Iterator[TagNode]:
        """Return every tag and comment of the root in order."""
        for token in tokens(self._text):
            if isinstance(token, Tag | Comment):
                yield TagNode(self._text, token)


class TagParser:
    """Parses in time that grows with the text alone."""

    def __init__(self, html: str) -> None:
        self.root = TagNode(html, None)
