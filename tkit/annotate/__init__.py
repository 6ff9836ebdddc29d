"""Labelling in JupyterLab, without loading anything that a mail refers to."""

from tkit.label.widget import Labeller

__all__ = ["Labeller"]
