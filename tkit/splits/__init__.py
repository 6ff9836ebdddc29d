"""Splits: which rows are trained on, and which are held out."""

from tkit.splits.folds import Split, cross_validation

__all__ = ["Split", "cross_validation"]
