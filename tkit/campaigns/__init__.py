"""The copies of a mailing compared."""

from tkit.campaigns.copies import Copy, copy_of
from tkit.campaigns.mailings import compare, compare_copies

__all__ = ["Copy", "compare", "compare_copies", "copy_of"]
