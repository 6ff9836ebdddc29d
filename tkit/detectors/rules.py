"""Published rules as detectors: their constants are parameters, with the published values as defaults.

A rule reads feature columns and flags a reference as a tracker (1.0) or not (0.0). The programs judge the ``<img>``
itself. Here an ``<img>`` is a reference with the feature ``carrier_img``, which also counts the few
``<input type=image>``, SVG, VML and AMP pictures. Sizes come from :mod:`tkit.html.style`, which reads attributes as
browsers do (``1px`` is 1, a percentage is absent), even if the program reads them differently.
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
    """Base class of all rules: feature columns in, verdicts out.

    Attributes
    ----------
    name : str
        Its name in tables.
    vantage : str
        The lowest vantage point that can compute its columns.
    columns : tuple of str
        The columns that it reads.
    grid : mapping of str to sequence
        Values to try for its constants, see :mod:`tkit.evaluate.search`.
    """

    name: ClassVar[str]
    vantage: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]
    grid: ClassVar[Grid] = {}

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Return 1.0 for references that the rule flags, else 0.0; see :class:`tkit.detectors.Detector`."""
        matrix = feature_matrix(rows, self.columns, self.name)
        return self._flags(matrix).astype(np.float64)

    @abstractmethod
    def _flags(self, matrix: Matrix) -> Mask:
        """Return which rows are flagged; ``matrix`` has the shape (n_rows, len(columns))."""


@dataclass(frozen=True)
class BlockAll(Rule):
    """Flags every remote reference, like a client that loads no remote content."""

    name = "block all"
    vantage = "url"
    columns = ()

    def _flags(self, matrix: Matrix) -> Mask:
        return np.ones(len(matrix), np.bool_)


@dataclass(frozen=True)
class BlockNone(Rule):
    """Flags nothing, like a client that loads everything."""

    name = "block none"
    vantage = "url"
    columns = ()

    def _flags(self, matrix: Matrix) -> Mask:
        return np.zeros(len(matrix), np.bool_)


@dataclass(frozen=True)
class Declared1x1(Rule):
    """An ``<img>`` whose width and height are both declared, each at most 1 px.

    The textbook definition. A side is the minimum of its attribute, its style and its maximum in the style, so a pixel
    counts whether it is declared by attributes, by style or by one of each. A side that is not declared does not count.

    Attributes
    ----------
    largest_side : float
        Maximum width and height in px that are flagged.
    """

    largest_side: float = 1.0
    name = "declared 1x1"
    vantage = "element"
    columns = ("carrier_img", "width", "height")
    grid: ClassVar[Grid] = {"largest_side": [0, 1, 2, 3, 5, 8, 12]}

    def _flags(self, matrix: Matrix) -> Mask:
        img, width, height = matrix.T
        flagged: Mask = (img > 0) & _declared_at_most(width, self.largest_side) & _declared_at_most(height, self.largest_side)
        return flagged


@dataclass(frozen=True)
class Nextcloud(Rule):
    """An ``<img>`` whose width and height attributes are both present and less than 5.

    Source: nextcloud/mail, ``lib/Service/HtmlPurify/TransformImageSrc.php``. PHP's ``(int)`` reads ``4%``
    as 4 and a word as 0. Here both are absent.

    Attributes
    ----------
    below : float
        Width and height in px from which an image is not flagged.
    """

    below: float = 5.0
    name = "Nextcloud Mail"
    vantage = "element"
    columns = ("carrier_img", "attr_width", "attr_height")
    grid: ClassVar[Grid] = {"below": [1, 2, 3, 4, 5, 8, 12, 20]}

    def _flags(self, matrix: Matrix) -> Mask:
        img, width, height = matrix.T
        flagged: Mask = (img > 0) & _declared_below(width, self.below) & _declared_below(height, self.below)
        return flagged


@dataclass(frozen=True)
class FairEmail(Rule):
    """An ``<img>`` with an area of at most 25 px by its attributes, on a host that serves no ordinary picture.

    Both attributes must be present. A side of 0 takes the value of the other. A ``max-width`` or ``max-height`` of at most
    1 px in the style counts too. Hosts that also serve a larger picture are spared. Source: M66B/FairEmail,
    ``HtmlHelper.java``.

    Differences from the program: it spares a host for any ``<img>`` that its own size rule does not flag, even one without a
    declared size. Here ``host_shows_pictures`` requires another reference, with any carrier, whose declared sides are all
    over 3 px, on the host behind a proxy. The class name of one vendor's beacon and the one listed host are left out. A side
    of ``1px``, which the program cannot read, is 1.

    Attributes
    ----------
    largest_area : float
        Maximum product of the attributes, in px squared, that is flagged.
    largest_maximum : float
        Maximum ``max-width`` or ``max-height``, in px, that is flagged.
    spare_hosts : bool
        Whether to spare hosts; False applies the size rule only.
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

    def _flags(self, matrix: Matrix) -> Mask:
        img, width, height, max_width, max_height, host_shows_pictures = matrix.T
        area = np.where(width == 0, height, width) * np.where(height == 0, width, height)
        small = (width >= 0) & (height >= 0) & (area <= self.largest_area)
        clipped = _declared_at_most(max_width, self.largest_maximum) | _declared_at_most(max_height, self.largest_maximum)
        spared = (host_shows_pictures > 0) & self.spare_hosts
        flagged: Mask = (img > 0) & (small | clipped) & ~spared
        return flagged


@dataclass(frozen=True)
class Trocker(Rule):
    """An ``<img>`` that is tiny or has a suspicious path, and whose URL occurs fewer than five times in the mail.

    Tiny: an area of at most 3 px, only one declared side of at most 3 px, or hidden by its style. Suspicious:
    ``/open``, ``=open``, ``/trace`` or ``/track`` after the host. Source: trockerapp/trocker,
    ``chrome/trocker.js``. Its list of known trackers is in :mod:`tkit.lists.sources`.

    Differences from the program: a side is the minimum that attribute, style and maximum declare, whereas the program asks
    the browser for the rendered size; ``min-width`` and ``min-height`` do not count; the feature ``hidden`` knows more ways to
    hide than ``display`` and ``visibility``; repeats are counted within one HTML part.

    Attributes
    ----------
    largest_area : float
        Maximum area in px squared of a tiny image with both sides declared.
    largest_side : float
        Maximum side in px of a tiny image with one side declared.
    spared_repeats : int
        Number of references with the same URL from which a reference is spared: layout pictures repeat.
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

    def _flags(self, matrix: Matrix) -> Mask:
        img, width, height, hidden, path_open_track, repeats = matrix.T
        both = (width >= 0) & (height >= 0)
        lone = (width >= 0) ^ (height >= 0)
        tiny = (both & (width * height <= self.largest_area)) | (lone & (np.maximum(width, height) <= self.largest_side))
        suspicious = tiny | (hidden > 0) | (path_open_track > 0)
        flagged: Mask = (img > 0) & suspicious & (repeats < self.spared_repeats)
        return flagged


@dataclass(frozen=True)
class Rspamd(Rule):
    """An ``<img>`` whose width and height attributes are both over 0, with an area of at most 4 px.

    Source: rspamd 4.1, ``src/libserver/html/html.cxx``, the feature ``images_tiny_external`` that its Lua rules see.

    Attributes
    ----------
    largest_area : float
        Maximum product of the attributes, in px squared, that is flagged.
    """

    largest_area: float = 4.0
    name = "rspamd tiny external"
    vantage = "element"
    columns = ("carrier_img", "attr_width", "attr_height")
    grid: ClassVar[Grid] = {"largest_area": [1, 2, 4, 9, 25, 64, 100]}

    def _flags(self, matrix: Matrix) -> Mask:
        img, width, height = matrix.T
        flagged: Mask = (img > 0) & (width > 0) & (height > 0) & (width * height <= self.largest_area)
        return flagged


@dataclass(frozen=True)
class SnappyMail(Rule):
    """An ``<img>`` whose width is less than 2 px, or whose maximum width or height is less than 3 px.

    The program first moves the attributes into the style, and the height in the style into its maximum height, so that a
    height of less than 3 px counts however it is declared. Source: the-djmaze/snappymail, ``dev/Common/Html.js``. It reads
    any unit as px, and a word such as ``auto`` as 0 if the style allows it. Here both are absent. Its four known
    URLs are in :mod:`tkit.lists.sources`.

    Attributes
    ----------
    width_below : float
        Width in px that is no longer called.
    maximum_below : float
        Height, and maximum width and height, in px from which an image is not flagged.
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

    def _flags(self, matrix: Matrix) -> Mask:
        img, attr_width, attr_height, style_width, style_height, max_width, max_height = matrix.T
        width = np.where(style_width >= 0, style_width, attr_width)
        height = np.where(style_height >= 0, style_height, attr_height)
        tallest = np.where(max_height >= 0, max_height, height)
        flagged: Mask = (img > 0) & (
            _declared_below(width, self.width_below)
            | _declared_below(max_width, self.maximum_below)
            | _declared_below(tallest, self.maximum_below)
        )
        return flagged


@dataclass(frozen=True)
class KnownList(Rule):
    """A reference that any published list flags.

    Reads the bool column ``listed``, which is not a feature: whether any column of
    :func:`tkit.lists.sources.verdicts` is true.
    """

    name = "known lists"
    vantage = "url"
    columns = ("listed",)

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Return 1.0 for references that are listed, else 0.0.

        Raises
        ------
        TkitError
            If the column ``listed`` is missing or not bool.
        """
        _require_listed(rows, self.name)
        return super().scores(rows)

    def _flags(self, matrix: Matrix) -> Mask:
        return matrix[:, 0] > 0


@dataclass(frozen=True)
class KnownListOr1x1(Rule):
    """A reference that any published list flags or that is declared 1x1: the rule that Missive announced.

    "Missive now auto blocks read trackers and 1x1 images" (the company's blog, "The life and death of email
    read tracking", 2020). Which list it uses is not published; here it is any of them. Reads ``listed`` like
    :class:`KnownList`.

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
        """Return 1.0 for references listed or declared 1x1, else 0.0; raises the errors of :meth:`KnownList.scores`."""
        _require_listed(rows, self.name)
        return super().scores(rows)

    def _flags(self, matrix: Matrix) -> Mask:
        declared = Declared1x1(self.largest_side)._flags(matrix[:, 1:])
        return (matrix[:, 0] > 0) | declared


@dataclass(frozen=True)
class OwnToken(Rule):
    """A reference with a token that is unique to the recipient or to the copy, compared with other copies of the mailing.

    It uses only the evidence of :mod:`tkit.campaigns.mailings`, not what the reference looks like, as PrivacyMail and
    Englehardt et al. (PETS 2018) do. It also flags personalised pictures, and flags nothing in a mail without a known copy.
    """

    name = "own token in copies"
    vantage = "campaign"
    columns = ("own_of_recipient", "own_of_copy")

    def _flags(self, matrix: Matrix) -> Mask:
        recipient, copy = matrix.T
        flagged: Mask = (recipient > 0) | (copy > 0)
        return flagged


def _declared_at_most(side: Matrix, most: float) -> Mask:
    """Return where a side is declared and at most ``most``; absent is -1."""
    return (side >= 0) & (side <= most)


def _declared_below(side: Matrix, bound: float) -> Mask:
    """Return where a side is declared and less than ``bound``; absent is -1."""
    return (side >= 0) & (side < bound)


def _require_listed(rows: pd.DataFrame, reader: str) -> None:
    if "listed" not in rows.columns or rows["listed"].dtype != np.bool_:
        raise TkitError(
            f"{reader}: rows have no bool column 'listed': add whether any list of "
            "tkit.lists.sources.verdicts(...) flags each reference"
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
