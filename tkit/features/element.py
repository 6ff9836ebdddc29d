"""Features of the element that contains a reference: how it is written, its size and visibility, what is around it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from tkit.arrays import Floats, column
from tkit.features.numbering import Numbering
from tkit.html.carriers import of_kind
from tkit.html.style import ABSENT, Style, dimension, parse_style
from tkit.url import registrable_domain

_NO_STYLE = Style(ABSENT, ABSENT, ABSENT, ABSENT, "", 0)
_PICTURES = of_kind("picture")
_BACKGROUNDS = of_kind("background")
_STYLES = of_kind("css")
_SHEETS = of_kind("sheet")


def element_columns(rows: Numbering) -> dict[str, Floats]:
    """Return the columns of the reference's element and of the elements around it, one float64 value per row."""
    attributes = [reference.attributes for reference in rows.references]
    carriers = [reference.carrier for reference in rows.references]
    ancestries = [reference.ancestry for reference in rows.references]
    attr_width = column([dimension(named.get("width")) for named in attributes])
    attr_height = column([dimension(named.get("height")) for named in attributes])
    styles = [parse_style(style) if (style := named.get("style")) else _NO_STYLE for named in attributes]
    style_width = column([style.width for style in styles])
    style_height = column([style.height for style in styles])
    max_width = column([style.max_width for style in styles])
    max_height = column([style.max_height for style in styles])
    width = _least(attr_width, style_width, max_width)
    height = _least(attr_height, style_height, max_height)
    given = (width >= 0).astype(float) + (height >= 0)
    short = _least(width, height)
    long = np.maximum(width, height)
    hidden = column([bool(style.hides) or "hidden" in named for style, named in zip(styles, attributes, strict=True)])
    links = [ancestry.link for ancestry in ancestries]
    own_domain = [rows.domains[code] for code in rows.url]
    return {
        "carrier_img": column([carrier in _PICTURES for carrier in carriers]),
        "carrier_background": column([carrier in _BACKGROUNDS for carrier in carriers]),
        "carrier_css": column([carrier in _STYLES for carrier in carriers]),
        "carrier_sheet": column([carrier in _SHEETS for carrier in carriers]),
        "conditional": column([reference.conditional for reference in rows.references]),
        "attr_width": attr_width,
        "attr_height": attr_height,
        "style_width": style_width,
        "style_height": style_height,
        "style_max_width": max_width,
        "style_max_height": max_height,
        "width": width,
        "height": height,
        "sides_given": given,
        "short_side": short,
        "long_side": long,
        "tiny": ((given > 0) & (long <= 3)).astype(float),
        "thin": ((given == 2) & (short <= 3) & (long > 3)).astype(float),
        "hidden": hidden,
        "hidden_around": column([bool(ancestry.hidden_by) for ancestry in ancestries]),
        "alt_length": _lengths(attributes, "alt"),
        "title_length": _lengths(attributes, "title"),
        "border_given": column(["border" in named for named in attributes]),
        "name_given": column(["id" in named or "class" in named for named in attributes]),
        "attributes": column([len(named) for named in attributes]),
        "style_properties": column([style.properties for style in styles]),
        "depth": column([ancestry.depth for ancestry in ancestries]),
        "tables": column([ancestry.tables for ancestry in ancestries]),
        "parent_body": column([ancestry.parent == "body" for ancestry in ancestries]),
        "parent_cell": column([ancestry.parent in ("td", "th") for ancestry in ancestries]),
        "text_beside": column([reference.text_before or reference.text_after for reference in rows.references]),
        "in_link": column([link is not None for link in links]),
        "link_same_domain": column(
            [link is not None and _domain_of_link(link) == domain for link, domain in zip(links, own_domain, strict=True)]
        ),
    }


@lru_cache(maxsize=1 << 14)
def _domain_of_link(link: str) -> str:
    match = re.match(r"[a-zA-Z]+:[/\\]+(?:[^/?#@\\]*@)?([^/?#:\\]+)", link)
    return registrable_domain(match[1].lower()) if match else ""


def _lengths(attributes: Sequence[Mapping[str, str]], name: str) -> Floats:
    return column([ABSENT if (value := named.get(name)) is None else len(value) for named in attributes])


def _least(*columns: Floats) -> Floats:
    """Return the smallest value that is given, ABSENT if none is."""
    least = np.min([np.where(column >= 0, column, np.inf) for column in columns], axis=0)
    return np.where(np.isinf(least), ABSENT, least)
