"""Published rules as detectors: their constants are parameters, with the published values as defaults.

A rule reads feature columns of the rows and calls a reference a tracker (1.0) or not (0.0). The programs
judge an ``<img>`` as they find it; here an ``<img>`` is a reference with the feature ``carrier_img``, which
also counts the few ``<input type=image>``, SVG, VML and AMP pictures. Sizes come from :mod:`tkit.html.style`,
which reads attributes as browsers do (``1px`` is 1, a percentage is absent), whatever the program itself
makes of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from tkit.arrays import Floats, Mask, Matrix
from tkit.errors import TkitError
from tkit.features.matrix import feature_matrix

Grid = Mapping[str, Sequence[float]]
"""Values to try for each constant of a rule."""


@dataclass(frozen=True)
class Rule(ABC):
    """What all rules share: columns in, verdicts out."""

    name: ClassVar[str]
    vantage: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]
    grid: ClassVar[Grid] = {}

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Return 1.0 for what the rule calls a tracker, else 0.0; see :class:`tkit.detectors.Detector`."""
        matrix = feature_matrix(rows, self.columns, self.name)
        return self._calls(matrix).astype(np.float64)

    @abstractmethod
    def _calls(self, matrix: Matrix) -> Mask:
        """Judge rows by ``matrix``, shape (n_rows, len(columns))."""


@dataclass(frozen=True)
class BlockAll(Rule):
    """Calls every remote reference a tracker, as a client does that loads no remote content."""

    name = "block all"
    vantage = "url"
    columns = ()

    def _calls(self, matrix: Matrix) -> Mask:
        return np.ones(len(matrix), np.bool_)


@dataclass(frozen=True)
class BlockNone(Rule):
    """Calls nothing a tracker, as a client does that loads everything."""

    name = "block none"
    vantage = "url"
    columns = ()

    def _calls(self, matrix: Matrix) -> Mask:
        return np.zeros(len(matrix), np.bool_)


@dataclass(frozen=True)
class Declared1x1(Rule):
    """An ``<img>`` whose width and height are both declared, each at most 1 px.

    The textbook definition. A side is the least of its attribute, its style and its maximum in the style,
    so a pixel that is declared by attribute, by style or by one of each counts; a side not declared at all
    does not.

    Attributes
    ----------
    largest_side : float
        Greatest width and height in px that are called.
    """

    largest_side: float = 1.0
    name = "declared 1x1"
    vantage = "element"
    columns = ("carrier_img", "width", "height")
    grid: ClassVar[Grid] = {"largest_side": [0, 1, 2, 3, 5, 8, 12]}

    def _calls(self, matrix: Matrix) -> Mask:
        img, width, height = matrix.T
        called: Mask = (img > 0) & _given(width, self.largest_side) & _given(height, self.largest_side)
        return called


@dataclass(frozen=True)
class Nextcloud(Rule):
    """An ``<img>`` whose width and height attributes are both given and less than 5.

    Source: nextcloud/mail, ``lib/Service/HtmlPurify/TransformImageSrc.php``. PHP's ``(int)`` takes ``4%``
    for 4 and a word for 0, where this takes both for absent.

    Attributes
    ----------
    below : float
        Width and height in px that are no longer called.
    """

    below: float = 5.0
    name = "Nextcloud Mail"
    vantage = "element"
    columns = ("carrier_img", "attr_width", "attr_height")
    grid: ClassVar[Grid] = {"below": [1, 2, 3, 4, 5, 8, 12, 20]}

    def _calls(self, matrix: Matrix) -> Mask:
        img, width, height = matrix.T
        called: Mask = (img > 0) & _given_below(width, self.below) & _given_below(height, self.below)
        return called


@dataclass(frozen=True)
class FairEmail(Rule):
    """An ``<img>`` of an area of at most 25 px by its attributes, on a host that serves no ordinary picture.

    Both attributes must be given; where one side is 0 it takes the other's value. A ``max-width`` or
    ``max-height`` of at most 1 px in the style counts too. Then hosts are spared that also serve a picture
    which is no pixel. Source: M66B/FairEmail, ``HtmlHelper.java``.

    It differs from the program in this: the program spares a host for any ``<img>`` that its own size rule
    does not call, so for one without a declared size too; here ``host_shows_pictures`` asks for another
    reference, of whatever carrier, whose declared sides are all over 3 px, on the host behind a proxy. The
    class name of one vendor's beacon and the one listed host are left out, and a side of ``1px``, which the
    program cannot read, is 1.

    Attributes
    ----------
    largest_area : float
        Greatest product of the attributes, in px squared, that is called.
    largest_maximum : float
        Greatest ``max-width`` or ``max-height``, in px, that is called.
    spare_hosts : bool
        Whether to spare hosts at all; False leaves the size rule alone.
    """

    largest_area: float = 25.0
    largest_maximum: float = 1.0
    spare_hosts: bool = True
    name = "FairEmail"
    vantage = "element"
    columns = (
        "carrier_img",
        "attr_width",
        "attr_height",
        "style_max_width",
        "style_max_height",
        "host_shows_pictures",
    )
    grid: ClassVar[Grid] = {
        "largest_area": [0, 1, 4, 9, 25, 64, 100],
        "largest_maximum": [0, 1, 2, 3],
        "spare_hosts": [True, False],
    }

    def _calls(self, matrix: Matrix) -> Mask:
        img, width, height, max_width, max_height, host_shows_pictures = matrix.T
        area = np.where(width == 0, height, width) * np.where(height == 0, width, height)
        small = (width >= 0) & (height >= 0) & (area <= self.largest_area)
        clipped = _given(max_width, self.largest_maximum) | _given(max_height, self.largest_maximum)
        spared = (host_shows_pictures > 0) & self.spare_hosts
        called: Mask = (img > 0) & (small | clipped) & ~spared
        return called


@dataclass(frozen=True)
class Trocker(Rule):
    """An ``<img>`` that is tiny or of a suspicious path, its URL standing fewer than five times in the mail.

    Tiny: an area of at most 3 px, a lone declared side of at most 3 px, or hidden by its style. Suspicious:
    ``/open``, ``=open``, ``/trace`` or ``/track`` behind the host. Source: trockerapp/trocker,
    ``chrome/trocker.js``. Its list of known trackers is in :mod:`tkit.lists.sources`.

    It differs from the program in this: a side is the least that attribute, style and maximum declare,
    where the program asks the browser for the size shown; ``min-width`` and ``min-height`` do not count; the
    feature ``hidden`` also knows ways to hide beside ``display`` and ``visibility``; repeats are counted in
    one HTML part.

    Attributes
    ----------
    largest_area : float
        Greatest area in px squared, both sides declared, that is tiny.
    largest_side : float
        Greatest lone declared side in px that is tiny.
    spared_repeats : int
        From how many references with its URL on a reference is spared: layout pictures repeat.
    """

    largest_area: float = 3.0
    largest_side: float = 3.0
    spared_repeats: int = 5
    name = "Trocker heuristic"
    vantage = "element"
    columns = ("carrier_img", "width", "height", "hidden", "path_open_track", "repeats")
    grid: ClassVar[Grid] = {
        "largest_area": [0, 1, 2, 3, 4, 9, 25],
        "largest_side": [0, 1, 2, 3, 5],
        "spared_repeats": [2, 3, 5, 8, 1_000_000],
    }

    def _calls(self, matrix: Matrix) -> Mask:
        img, width, height, hidden, path_open_track, repeats = matrix.T
        both = (width >= 0) & (height >= 0)
        lone = (width >= 0) ^ (height >= 0)
        tiny = (both & (width * height <= self.largest_area)) | (lone & (np.maximum(width, height) <= self.largest_side))
        suspicious = tiny | (hidden > 0) | (path_open_track > 0)
        called: Mask = (img > 0) & suspicious & (repeats < self.spared_repeats)
        return called


@dataclass(frozen=True)
class Rspamd(Rule):
    """An ``<img>`` whose width and height attributes are both over 0, of an area of at most 4 px.

    Source: rspamd 4.1, ``src/libserver/html/html.cxx``, the feature ``images_tiny_external`` that its Lua rules see.

    Attributes
    ----------
    largest_area : float
        Greatest product of the attributes, in px squared, that is called.
    """

    largest_area: float = 4.0
    name = "rspamd tiny external"
    vantage = "element"
    columns = ("carrier_img", "attr_width", "attr_height")
    grid: ClassVar[Grid] = {"largest_area": [1, 2, 4, 9, 25, 64, 100]}

    def _calls(self, matrix: Matrix) -> Mask:
        img, width, height = matrix.T
        called: Mask = (img > 0) & (width > 0) & (height > 0) & (width * height <= self.largest_area)
        return called


@dataclass(frozen=True)
class SnappyMail(Rule):
    """An ``<img>`` whose width is less than 2 px, or whose maximal width or height is less than 3 px.

    The program first moves the attributes into the style, and the style's height into its maximal height, so that a
    height of less than 3 px counts however it is declared. Source: the-djmaze/snappymail, ``dev/Common/Html.js``. It takes
    any unit for px, and a word such as ``auto`` for 0 where the style allows it; here both are absent. Its four known
    URLs are in :mod:`tkit.lists.sources`.

    Attributes
    ----------
    width_below : float
        Width in px that is no longer called.
    maximum_below : float
        Height, and maximal width and height, in px that are no longer called.
    """

    width_below: float = 2.0
    maximum_below: float = 3.0
    name = "SnappyMail sizes"
    vantage = "element"
    columns = (
        "carrier_img",
        "attr_width",
        "attr_height",
        "style_width",
        "style_height",
        "style_max_width",
        "style_max_height",
    )
    grid: ClassVar[Grid] = {"width_below": [1, 2, 3, 4, 6], "maximum_below": [1, 2, 3, 4, 6]}

    def _calls(self, matrix: Matrix) -> Mask:
        img, attr_width, attr_height, style_width, style_height, max_width, max_height = matrix.T
        width = np.where(style_width >= 0, style_width, attr_width)
        height = np.where(style_height >= 0, style_height, attr_height)
        tallest = np.where(max_height >= 0, max_height, height)
        called: Mask = (img > 0) & (
            _given_below(width, self.width_below)
            | _given_below(max_width, self.maximum_below)
            | _given_below(tallest, self.maximum_below)
        )
        return called


@dataclass(frozen=True)
class KnownList(Rule):
    """What any published list holds for a tracker.

    Reads the bool column ``listed``, which is no feature: whether any column of
    :func:`tkit.lists.sources.verdicts` is true.
    """

    name = "known lists"
    vantage = "url"
    columns = ("listed",)

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Return 1.0 for what is listed, else 0.0.

        Raises
        ------
        TkitError
            Where the column ``listed`` is missing or not of bool.
        """
        _require_listed(rows, self.name)
        return super().scores(rows)

    def _calls(self, matrix: Matrix) -> Mask:
        return matrix[:, 0] > 0


@dataclass(frozen=True)
class KnownListOr1x1(Rule):
    """What any published list holds for a tracker, or is declared 1x1: the rule that Missive announced.

    "Missive now auto blocks read trackers and 1x1 images" (the company's blog, "The life and death of email
    read tracking", 2020). Which list it uses is not published; here it is all of them. Reads ``listed`` as
    :class:`KnownList` does.

    Attributes
    ----------
    largest_side : float
        As in :class:`Declared1x1`.
    """

    largest_side: float = 1.0
    name = "known lists or 1x1"
    vantage = "element"
    columns = ("listed", *Declared1x1.columns)

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Return 1.0 for what is listed or declared 1x1, else 0.0; raises as :meth:`KnownList.scores` does."""
        _require_listed(rows, self.name)
        return super().scores(rows)

    def _calls(self, matrix: Matrix) -> Mask:
        declared = Declared1x1(self.largest_side)._calls(matrix[:, 1:])
        return (matrix[:, 0] > 0) | declared


@dataclass(frozen=True)
class OwnToken(Rule):
    """What has a token of the recipient's or the copy's own, as other copies of the mailing show.

    The evidence of :mod:`tkit.campaigns.mailings` alone, whatever the reference looks like: PrivacyMail and Englehardt et al.
    (PETS
    2018) tell trackers so. It calls personalised pictures too, and nothing of which no other copy is known.
    """

    name = "own token in copies"
    vantage = "campaign"
    columns = ("own_of_recipient", "own_of_copy")

    def _calls(self, matrix: Matrix) -> Mask:
        recipient, copy = matrix.T
        called: Mask = (recipient > 0) | (copy > 0)
        return called


def _given(side: Matrix, most: float) -> Mask:
    """Return where a side is declared and at most ``most``; absent is -1."""
    return (side >= 0) & (side <= most)


def _given_below(side: Matrix, bound: float) -> Mask:
    """Return where a side is declared and less than ``bound``; absent is -1."""
    return (side >= 0) & (side < bound)


def _require_listed(rows: pd.DataFrame, reader: str) -> None:
    if "listed" not in rows.columns or rows["listed"].dtype != np.bool_:
        raise TkitError(
            f"{reader}: rows have no bool column 'listed': add whether any list of "
            "tkit.lists.sources.verdicts(...) holds each reference"
        )


RULE_NAMES: Mapping[str, Rule] = {
    "none": BlockNone(),
    "1x1": Declared1x1(),
    "nextcloud": Nextcloud(),
    "fairemail": FairEmail(),
    "trocker": Trocker(),
    "rspamd": Rspamd(),
    "snappymail": SnappyMail(),
    "known-lists": KnownList(),
    "known-lists-or-1x1": KnownListOr1x1(),
    "own-token": OwnToken(),
    "all": BlockAll(),
}
"""Every rule with its published constants, by its name on the command line (``rule:1x1``), in the order of tables.

``known-lists`` and ``known-lists-or-1x1`` need the column ``listed``, ``own-token`` the columns of
:mod:`tkit.features.campaign`.
"""

RULES: tuple[Rule, ...] = tuple(RULE_NAMES.values())
"""The rules of :data:`RULE_NAMES`, in its order."""
