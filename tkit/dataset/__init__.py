"""The published dataset: read, built, described, checked."""

from tkit.dataset.reading import Dataset, load_dataset, read

__all__ = ["Dataset", "load_dataset", "read"]
