"""Read mails, and edit the text of their HTML parts."""

from tkit.mail.message import HTML_TYPES, Message

__all__ = ["HTML_TYPES", "Message"]
