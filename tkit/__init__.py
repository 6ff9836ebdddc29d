"""tkit: find, measure and block e-mail read trackers."""

__version__ = "0.1.0"
