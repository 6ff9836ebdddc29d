"""Verdicts on the references of mails, and an audit of who tracks a mailbox."""

from tkit.verdicts.mailbox import Audit, audit
from tkit.verdicts.mails import scan

__all__ = ["Audit", "audit", "scan"]
