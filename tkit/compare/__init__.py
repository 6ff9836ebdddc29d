"""Any detectors side by side on labelled mail."""

from tkit.compare.comparison import compare

__all__ = ["compare"]
