"""The version of tkit."""

__version__ = "0.1.0"
