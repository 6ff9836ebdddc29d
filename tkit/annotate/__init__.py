"""Labelling in JupyterLab."""

from tkit.annotate.widget import Labeller

__all__ = ["Labeller"]
