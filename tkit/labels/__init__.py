"""Labels of references, by people and by rules."""

from tkit.labels.files import LABELS, read_labels, write_labels
from tkit.labels.headline import INDIVIDUAL, TRACKER, Target, evaluated, headline, is_positive, trainable

__all__ = [
    "INDIVIDUAL",
    "LABELS",
    "TRACKER",
    "Target",
    "evaluated",
    "headline",
    "is_positive",
    "read_labels",
    "trainable",
    "write_labels",
]
