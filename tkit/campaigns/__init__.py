"""Comparison of the copies of a mailing."""

from tkit.campaigns.copies import Copy, copy_of
from tkit.campaigns.mailings import compare, compare_copies
from tkit.campaigns.rows import extract_with_copies

__all__ = ["Copy", "compare", "compare_copies", "copy_of", "extract_with_copies"]
