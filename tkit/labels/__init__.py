"""What people and rules say of references."""

from tkit.labels.files import LABELS, read_labels, write_labels
from tkit.labels.headline import headline

__all__ = ["LABELS", "headline", "read_labels", "write_labels"]
