"""Compare any detectors on labelled mail."""

from tkit.compare.comparison import compare

__all__ = ["compare"]
