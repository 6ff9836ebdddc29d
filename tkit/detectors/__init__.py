"""Detectors: one interface for rules, lists and models.

The models are in :mod:`tkit.detectors.models`, imported from there: scikit-learn takes seconds to load, and a
rule or a bundle does not need it.
"""

from tkit.detectors.base import Detector, Trainable
from tkit.detectors.rules import (
    RULES,
    BlockAll,
    BlockNone,
    Declared1x1,
    FairEmail,
    KnownList,
    KnownListOr1x1,
    Nextcloud,
    OwnToken,
    Rspamd,
    SnappyMail,
    Trocker,
)

__all__ = [
    "RULES",
    "BlockAll",
    "BlockNone",
    "Declared1x1",
    "Detector",
    "FairEmail",
    "KnownList",
    "KnownListOr1x1",
    "Nextcloud",
    "OwnToken",
    "Rspamd",
    "SnappyMail",
    "Trainable",
    "Trocker",
]
