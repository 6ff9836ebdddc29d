"""Bytes to Message, and back."""

from tkit.mail.message import HTML_TYPES, Message

__all__ = ["HTML_TYPES", "Message"]
