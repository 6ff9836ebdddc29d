"""The third HTML backend: start tags and comments one after the other, for a text whose tree would take too long.

No reference is lost, because each is in a start tag or a style sheet. The elements around it are not known. The nodes have
only what :mod:`tkit.html.reading` uses, under the names of ``selectolax``.
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
        """The attributes as written; the first of each name."""
        values: dict[str, str] = {}
        for attribute in self._token.attributes if isinstance(self._token, Tag) else ():
            if attribute.name not in values:
                values[attribute.name] = Decoded(self._text, attribute.value_start, attribute.value_end).text
        return values

    @property
    def comment_content(self) -> str:
        """The text of a comment without the white space around it."""
        return self._text[self._token.start : self._token.end].strip() if isinstance(self._token, Comment) else ""

    def text(self) -> str:
        """Return the raw text behind the tag, such as a style sheet."""
        return self._text[self._token.end : self._token.raw_end] if isinstance(self._token, Tag) else ""

    def traverse(self) -> Iterator[TagNode]:
        """Yield every tag and comment in order."""
        for token in tokens(self._text):
            if isinstance(token, Tag | Comment):
                yield TagNode(self._text, token)


class TagParser:
    """Parses in time that grows linearly with the text."""

    def __init__(self, html: str) -> None:
        self.root = TagNode(html, None)
