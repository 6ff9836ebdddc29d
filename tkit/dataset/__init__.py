"""Read, build, describe and check the published dataset."""

from tkit.dataset.reading import Dataset, load_dataset, read

__all__ = ["Dataset", "load_dataset", "read"]
