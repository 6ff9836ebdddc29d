"""References to numbers, and numbers to words."""

from tkit.features.schema import (
    FEATURE_VERSION,
    FEATURES,
    KEY,
    MAIL_VANTAGES,
    VANTAGES,
    Feature,
    feature_names,
    require_one_mail,
)
from tkit.features.table import extract, extract_batches

__all__ = [
    "FEATURES",
    "FEATURE_VERSION",
    "KEY",
    "MAIL_VANTAGES",
    "VANTAGES",
    "Feature",
    "extract",
    "extract_batches",
    "feature_names",
    "require_one_mail",
]
