"""Labels of references, by people and by rules."""

from tkit.labels.files import LABELS, read_labels, write_labels
from tkit.labels.headline import headline

__all__ = ["LABELS", "headline", "read_labels", "write_labels"]
