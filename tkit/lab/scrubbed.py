"""What a browser requests and shows of a mail before and after its trackers are removed."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.image import imread

from tkit.html import read_message
from tkit.html.places import Load, Place, places, tags_of
from tkit.lab.render import ChromiumRenderer, comparable
from tkit.mail import Message
from tkit.scrubbing import Scrubbed

_HIDDEN = "data-tkit-hidden"


class Comparison(NamedTuple):
    """One mail before and after.

    Attributes
    ----------
    still_asked : tuple of str
        URLs only of trackers that are requested afterwards; should be empty.
    no_longer_asked : tuple of str
        URLs not of trackers that were requested before and are not afterwards; should be empty.
    asked_before, asked_after : int
        Number of distinct URLs requested.
    pixels : int
        Number of pixels that differ, with the trackers' elements hidden (``visibility: hidden``) on both pages; -1 if the
        pages differ in height.
    pixels_without : int
        The same with the trackers' elements removed from the layout (``display: none``) on both pages, so that the space
        of a tracker does not count. Compared only if ``pixels`` is not 0, else 0.
    defects : tuple of str
        What went wrong in the browser.
    """

    still_asked: tuple[str, ...]
    no_longer_asked: tuple[str, ...]
    asked_before: int
    asked_after: int
    pixels: int
    pixels_without: int
    defects: tuple[str, ...]


def compare_scrubbed(renderer: ChromiumRenderer, raw: bytes, done: Scrubbed) -> Comparison:
    """Show each HTML part of a mail before and after, every request answered in the browser.

    Pictures of trackers are transparent pixels before, as their servers send them; every other picture is the same opaque
    square.

    Parameters
    ----------
    renderer : ChromiumRenderer
        Started.
    raw : bytes
        The original mail.
    done : Scrubbed
        The result of :func:`tkit.scrubbing.scrub` for it.
    """
    before, after = Message.from_bytes(raw), Message.from_bytes(done.raw)
    still: list[str] = []
    missing: list[str] = []
    defects: list[str] = []
    counts = [0, 0]
    pixels = [0, 0]
    gone = {tracker.index for tracker in done.removed}
    for part, document in enumerate(read_message(before)):
        remote = [reference for reference in document.references if not reference.local]
        of_trackers = {comparable(reference.resolved_url) for reference in remote if reference.index in gone}
        kept = {comparable(reference.resolved_url) for reference in remote if reference.index not in gone}
        located = places(before.html_parts[part], [Load(own.carrier, own.url, own.resolved_url) for own in remote])
        positions = [place for own, place in zip(remote, located.of if located else (), strict=False) if own.index in gone]
        texts = before.html_parts[part], after.html_parts[part]
        for turn, rule in enumerate(("visibility:hidden!important", "display:none!important")):
            shown = [renderer.pictured(_without(text, positions, rule), of_trackers - kept) for text in texts]
            defects += renderer.defects
            if turn == 0:
                asked = [{comparable(url) for url in urls} for urls, _ in shown]
                counts = [count + len(urls) for count, urls in zip(counts, asked, strict=True)]
                still += sorted((of_trackers - kept) & asked[1])
                missing += sorted(asked[0] - of_trackers - asked[1])
            differing = _differing(shown[0][1], shown[1][1])
            pixels[turn] = -1 if -1 in (pixels[turn], differing) else pixels[turn] + differing
            if not differing:
                break
    return Comparison(tuple(still), tuple(missing), counts[0], counts[1], pixels[0], pixels[1], tuple(defects))


def _without(html: str, positions: Sequence[Place | None], rule: str) -> str:
    """Hide the elements of trackers. Tags have the same numbers before and after, because none is added or removed."""
    tags = tags_of(html)
    numbers: Collection[int] = sorted(
        {position.tag for position in positions if position and position.attribute in ("src", "srcset", "data")}
    )
    pieces = []
    position = 0
    for number in numbers:
        pieces += [html[position : tags[number].name_end], f" {_HIDDEN}"]
        position = tags[number].name_end
    return "".join([*pieces, html[position:], f"<style>[{_HIDDEN}]{{{rule}}}</style>"])


def _differing(one: bytes, other: bytes) -> int:
    if one == other:
        return 0
    if not one or not other:
        return -1
    first, second = (imread(io.BytesIO(png), format="png") for png in (one, other))
    if first.shape != second.shape:
        return -1
    return int(np.any(first != second, axis=2).sum())
