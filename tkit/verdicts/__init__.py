"""Verdicts on the references of mails, and an audit of who tracks a mailbox."""

from tkit.verdicts.counting import Tally, tally
from tkit.verdicts.mailbox import Audit, audit, audit_of
from tkit.verdicts.mails import scan
from tkit.verdicts.provenance import PROVENANCE, with_provenance

__all__ = ["PROVENANCE", "Audit", "Tally", "audit", "audit_of", "scan", "tally", "with_provenance"]
