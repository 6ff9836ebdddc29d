"""Carriers: the ways in which an HTML text makes a client load something."""

from __future__ import annotations

from collections.abc import Mapping

_REQUEST_TYPES = {
    "font-face": "font",
    "css-import": "stylesheet",
    "link-stylesheet": "stylesheet",
    "media-src": "media",
    "bgsound": "media",
    "iframe-src": "subdocument",
    "frame-src": "subdocument",
    "object-data": "object",
    "embed-src": "object",
    "script-src": "script",
    "link-preload": "other",
    "link-preconnect": "other",
    "meta-refresh": "other",
}


def request_type(carrier: str) -> str:
    """Return the type of the request that a carrier makes, in the words of filter engines; ``"image"`` for most.

    >>> request_type("img-src"), request_type("font-face")
    ('image', 'font')
    """
    return _REQUEST_TYPES.get(carrier, "image")


COARSE_CARRIER: Mapping[str, str] = {
    "img-src": "img",
    "input-image": "input",
    "background-attr": "background",
    "style-attr": "css",
    "style-element": "css-sheet",
    "css-import": "css-sheet",
    "font-face": "css-sheet",
}
"""The coarser carrier names that a label file may use as well."""

CARRIERS = frozenset(
    (
        *("img-src", "img-srcset", "source-srcset", "img-lowsrc", "img-dynsrc", "input-image"),
        *("background-attr", "style-attr", "style-element", "css-import", "font-face", "link-stylesheet"),
        *("link-icon", "link-preload", "link-preconnect", "link-other", "video-poster", "media-src"),
        *("object-data", "embed-src", "iframe-src", "frame-src", "script-src", "svg-image"),
        *("svg-use", "vml-src", "amp-img", "bgsound", "meta-refresh"),
    )
)
"""The carriers, as docs/design.md names them."""
