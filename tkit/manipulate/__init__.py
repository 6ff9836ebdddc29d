"""What senders do to hide a tracker."""

from tkit.manipulate.mails import MANIPULATIONS, manipulate

__all__ = ["MANIPULATIONS", "manipulate"]
