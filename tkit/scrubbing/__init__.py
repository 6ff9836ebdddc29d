"""Mails without their trackers, in files and in mail servers."""

from tkit.scrubbing.mails import Scrubbed, scrub

__all__ = ["Scrubbed", "scrub"]
