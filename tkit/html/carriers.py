"""The carriers: every way in which HTML makes a client load something.

This table is the only place that lists them. The reader, its hints, the editor, label files, list engines, features and the
JavaScript export take what they need from it, so that a new carrier is one row here and one sample mail.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

Value = Literal["url", "href", "srcset", "css", "list", "refresh", "document", "sheet value", "sheet import", "sheet font"]
Kind = Literal["picture", "background", "css", "sheet", ""]


class Carrier(NamedTuple):
    """One way to write a reference.

    Attributes
    ----------
    name : str
        The carrier; two rows of one name are two ways to write it.
    tags : tuple of str
        Elements that have it, lower case; ``"v:*"`` stands for every tag that begins so, an empty tuple for every element.
    attributes : tuple of str
        Where the URL is written: the first of these attributes that is not empty. An empty tuple is the element's text.
    value : str
        How the URL is read: ``url``, the whole value; ``href``, the same unless it points into the document itself;
        ``srcset``, each candidate; ``css``, each URL of a style; ``list``, each value between semicolons; ``refresh``, the URL
        behind the time; ``document``, HTML, which loads by its own carriers; ``sheet value``, ``sheet import`` and
        ``sheet font``, the URLs of a style sheet by what they are for.
    when : tuple of (str, tuple of str)
        Each attribute must have one of its words. ``rel`` is a set of words, any other attribute one word.
    request : str
        The type of the request, in the words of filter engines.
    coarse : str
        The coarser name that a label file may use too; ``""`` for none.
    kind : str
        Its kind in the features: ``picture``, ``background``, ``css``, ``sheet`` or ``""``.
    language : str
        ``svg`` if only SVG's elements have it, ``html`` if only HTML's, ``""`` if both.
    """

    name: str
    tags: tuple[str, ...]
    attributes: tuple[str, ...]
    value: Value = "url"
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    request: str = "image"
    coarse: str = ""
    kind: Kind = ""
    language: Literal["html", "svg", ""] = "html"

    def fits(self, tag: str, svg: bool | None = None) -> bool:
        """Return whether elements of this tag have it: SVG's, HTML's, or either if `svg` is None."""
        if svg is not None and self.language not in ("", "svg" if svg else "html"):
            return False
        return not self.tags or any(tag.startswith(own[:-1]) if own.endswith("*") else tag == own for own in self.tags)

    @property
    def written(self) -> str:
        """How it is written, for documentation.

        >>> Carrier("link-icon", ("link",), ("href",), when=(("rel", ("icon", "mask-icon")),)).written
        '<link rel=icon|mask-icon href>'
        """
        words = "".join(f" {name}={'|'.join(allowed)}" for name, allowed in self.when)
        tag = "|".join(self.tags) or {"svg": "any of SVG", "html": "any"}.get(self.language, "any")
        return f"<{tag}{words}{' ' if self.attributes else ''}{' or '.join(self.attributes)}>"


SVG_STYLES = (*("clip-path", "cursor", "fill", "filter", "marker-end", "marker-mid", "marker-start", "mask", "stroke"),)
"""The properties that load and that SVG's elements may have as attributes (SVG 2, section 6.6)."""

ANIMATIONS = ("animate", "set")
"""SVG's elements that set another's attribute. Its name is written in an attribute with a capital letter."""

_TARGETS = ("href", "xlink:href")
_ANIMATES_TARGET = (("attributename", _TARGETS),)
_ANIMATES_STYLE = (("attributename", SVG_STYLES),)

# An element's references are listed in this order. If several rows fit one attribute of an element, the first whose conditions
# are met counts. Chromium asks for some of HTML's in SVG too, before it builds the tree.
CARRIERS: tuple[Carrier, ...] = (
    Carrier("img-src", ("img",), ("src",), coarse="img", kind="picture"),
    Carrier("input-image", ("input",), ("src",), when=(("type", ("image",)),), coarse="input", kind="picture"),
    Carrier("media-src", ("source", "video", "audio", "track"), ("src",), request="media"),
    Carrier("embed-src", ("embed",), ("src",), request="object"),
    Carrier("iframe-src", ("iframe",), ("src",), request="subdocument"),
    Carrier("iframe-srcdoc", ("iframe",), ("srcdoc",), "document", request="subdocument"),
    Carrier("frame-src", ("frame",), ("src",), request="subdocument"),
    Carrier("script-src", ("script",), ("src",), request="script"),
    Carrier("bgsound", ("bgsound",), ("src",), request="media"),
    Carrier("vml-src", ("v:*",), ("src",), kind="picture"),
    Carrier("amp-img", ("amp-*",), ("src",), kind="picture"),
    Carrier("amp-img", ("amp-*",), ("srcset",), "srcset", kind="picture"),
    Carrier("img-srcset", ("img",), ("srcset",), "srcset", kind="picture"),
    Carrier("source-srcset", ("source",), ("srcset",), "srcset", kind="picture"),
    Carrier("img-lowsrc", ("img",), ("lowsrc",), kind="picture"),
    Carrier("img-dynsrc", ("img",), ("dynsrc",), kind="picture"),
    Carrier("object-data", ("object",), ("data",), request="object"),
    Carrier("video-poster", ("video",), ("poster",), language=""),
    Carrier(
        "link-stylesheet",
        ("link",),
        ("href",),
        when=(("rel", ("stylesheet",)),),
        request="stylesheet",
        kind="sheet",
        language="",
    ),
    Carrier(
        "link-icon",
        ("link",),
        ("href",),
        when=(("rel", ("icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon")),),
    ),
    Carrier(
        "link-preload",
        ("link",),
        ("href",),
        when=(("rel", ("preload", "prefetch", "next", "modulepreload", "prerender", "compression-dictionary")),),
        request="other",
        language="",
    ),
    Carrier("link-preconnect", ("link",), ("href",), when=(("rel", ("preconnect", "dns-prefetch")),), request="other"),
    # Chromium loads it where the preload is of an image, and reads no srcset of a link.
    Carrier(
        "link-imagesrcset", ("link",), ("imagesrcset",), "srcset", (("rel", ("preload",)), ("as", ("image",))), language=""
    ),
    # SVG 2, section 16.1.5: href has precedence over xlink:href.
    Carrier("svg-image", ("image", "feimage"), _TARGETS, "href", kind="picture", language="svg"),
    Carrier("svg-use", ("use",), _TARGETS, "href", language="svg"),
    *(Carrier("svg-attr", (), (name,), "css", language="svg") for name in SVG_STYLES),
    # SMIL 3.0: the value of another element's attribute, now or later.
    *(
        row
        for name in ("to", "from", "by", "values")
        for row in (
            Carrier(
                "svg-animation", ANIMATIONS, (name,), "list" if name == "values" else "href", _ANIMATES_TARGET, language="svg"
            ),
            Carrier("svg-animation", ANIMATIONS, (name,), "css", _ANIMATES_STYLE, language="svg"),
        )
    ),
    Carrier("meta-refresh", ("meta",), ("content",), "refresh", when=(("http-equiv", ("refresh",)),), request="other"),
    Carrier("style-element", ("style",), (), "sheet value", coarse="css-sheet", kind="css", language=""),
    Carrier("css-import", ("style",), (), "sheet import", request="stylesheet", coarse="css-sheet", kind="sheet", language=""),
    Carrier("font-face", ("style",), (), "sheet font", request="font", coarse="css-sheet", kind="sheet", language=""),
    Carrier("background-attr", (), ("background",), coarse="background", kind="background"),
    Carrier("style-attr", (), ("style",), "css", coarse="css", kind="css", language=""),
)

NAMES = frozenset(row.name for row in CARRIERS)
"""The carriers' names."""

COARSE_CARRIER = {row.name: row.coarse for row in CARRIERS if row.coarse}
"""The coarser carrier names that a label file may use as well."""

_REQUESTS = {row.name: row.request for row in CARRIERS}


def request_type(carrier: str) -> str:
    """Return the type of the request that a carrier makes, in the words of filter engines; ``"image"`` for an unknown one.

    >>> request_type("img-src"), request_type("font-face")
    ('image', 'font')
    """
    return _REQUESTS.get(carrier, "image")


def of_kind(kind: Kind) -> frozenset[str]:
    """Return the names of the carriers of a kind.

    >>> sorted(of_kind("sheet"))
    ['css-import', 'font-face', 'link-stylesheet']
    """
    return frozenset(row.name for row in CARRIERS if row.kind == kind)


# -- for the reader ---------------------------------------------------------------------------------------------------


SRC = {tag: row.name for row in CARRIERS if row.attributes == ("src",) and not row.when for tag in row.tags}
"""The carrier of ``src`` by tag, where it has no condition: that of most references."""

DOCUMENTS = frozenset(row.name for row in CARRIERS if row.request in ("subdocument", "object") and row.value == "url")
"""The carriers of documents: a ``data:`` URL of HTML or XML loads what is written in it."""

WRITTEN_OUT = frozenset(row.name for row in CARRIERS if row.value == "document")
"""The carriers of documents that are the attribute's value itself, which is no reference."""

NESTING = {
    tag: tuple(name for row in CARRIERS if row.name in DOCUMENTS | WRITTEN_OUT and tag in row.tags for name in row.attributes)
    for tag in dict.fromkeys(tag for row in CARRIERS if row.name in DOCUMENTS for tag in row.tags)
}
"""The attributes in which a document may be written, by tag."""

SHEETS = frozenset(row.name for row in CARRIERS if row.request == "stylesheet")
"""The carriers of style sheets: a ``data:`` URL of CSS loads what is written in it."""


PRELOADED = frozenset(
    (
        *("img-src", "input-image", "img-srcset", "source-srcset", "link-stylesheet", "link-preload", "link-imagesrcset"),
        *("video-poster", "script-src", "css-import"),
    )
)
"""The carriers that Chromium asks for before it builds the tree, with the first base that is written."""

SHEET = next(row for row in CARRIERS if row.value.startswith("sheet "))
"""The carrier of a style sheet: its URLs have the names of what they are for."""


@lru_cache(maxsize=1 << 10)
def ways_of(tag: str, svg: bool | None = None) -> tuple[tuple[tuple[str, ...], tuple[Carrier, ...]], ...]:
    """Return how elements of a tag load: for some attributes the rows that share them, in the order of :data:`CARRIERS`.

    They are SVG's or HTML's elements, or either if `svg` is None.
    """
    rows: dict[tuple[str, ...], tuple[Carrier, ...]] = {}
    for row in CARRIERS:
        if row.fits(tag, svg):
            rows[row.attributes] = (*rows.get(row.attributes, ()), row)
    return tuple(rows.items())


def _is_plain(row: Carrier) -> bool:
    return row.value in ("url", "href", "srcset", "list", "document") and bool(row.attributes)


MARKS = frozenset(
    # The content of most meta elements is not a URL; http-equiv says whether it is.
    name
    for row in CARRIERS
    for name in ([row.when[0][0]] if row.value == "refresh" else row.attributes)
    if name != "style"
)
"""An element that has none of these attributes, no ``style`` that loads and is no ``style`` loads nothing."""

_COMMON = ("src", "href", "background", "srcset")
# The parser finds elements by an attribute fast. The rare attributes are not worth a test each, so their tags are listed.
_RARE = dict.fromkeys(
    tag for row in CARRIERS if row.language != "svg" and not set(row.attributes) <= set(_COMMON) for tag in row.tags
)
SELECTOR = ",".join([*(f"[{name}]" for name in _COMMON), *_RARE, "svg", "template"])
"""A CSS selector of the elements that may be a link, a base or, other than by CSS, a reference, or contain one of SVG."""


# -- for the hints ----------------------------------------------------------------------------------------------------

_WITHOUT_SRC = sorted({tag for row in CARRIERS if _is_plain(row) and "src" not in "".join(row.attributes) for tag in row.tags})
TAG_HINT = re.compile(f"<(?=[{''.join(sorted({tag[0] for tag in _WITHOUT_SRC}))}])(?:{'|'.join(_WITHOUT_SRC)})".encode())
"""Tags, in lower-case bytes, of elements that load by an attribute without ``src`` in its name."""

ANYWHERE_HINT = re.compile(
    "|".join(rf"{name}\s*=" for row in CARRIERS if _is_plain(row) and not row.tags for name in row.attributes).encode()
)
"""Attributes, in lower-case bytes, by which any element loads."""

_ORDINARY_WORDS = ("background", "data")  # a comment may contain them as words
# Words of every text; the elements that have them are searched instead.
_ATTRIBUTES = {name for row in CARRIERS if _is_plain(row) and row.tags != ANIMATIONS for name in row.attributes}
COMMENT_ATTRIBUTES = {name: re.compile(rf"{name}\s*=") for name in _ORDINARY_WORDS if name in _ATTRIBUTES}
"""Attributes of which only the attribute, not the mere word, shows that a comment may load something."""

COMMENT_HINTS = (
    *sorted(
        name for name in _ATTRIBUTES - set(_ORDINARY_WORDS) if not any(other != name and other in name for other in _ATTRIBUTES)
    ),
    *("refresh", "url(", "@import", "image-set", "\\"),
    *(f"<{tag}" for tag in ANIMATIONS),
)
"""Every comment that loads something contains one of these, in lower case, or one of :data:`COMMENT_ATTRIBUTES`."""


# -- for the editor ---------------------------------------------------------------------------------------------------

SHEET_USES = {row.name: row.value.removeprefix("sheet ") for row in CARRIERS if row.value.startswith("sheet ")}
"""What the URLs of a style sheet are for, by carrier, in the words of :mod:`tkit.html.css`."""


def attributes_of(carrier: str) -> tuple[str, ...]:
    """Return the attributes in which a carrier's URL may be edited; ``("",)`` for those in a style sheet.

    >>> attributes_of("amp-img"), attributes_of("font-face")
    (('src', 'srcset'), ('',))
    """
    return tuple(name for row in CARRIERS if row.name == carrier for name in row.attributes or ("",))


LOADING = frozenset(name for row in CARRIERS for name in row.attributes)
"""Every attribute by which some element loads."""
