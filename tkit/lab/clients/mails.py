"""A mail as a client has it: what it loads, what it links to, and how it is quoted in another."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from functools import cached_property

from tkit.html import Document, read_message
from tkit.html.carriers import request_type
from tkit.mail import Message

LOADED = frozenset({"image", "font", "stylesheet", "media"})
"""The types of requests that mail clients make if they show remote content; they run no scripts and show no frames."""


class ReceivedMail:
    """A mail in a mailbox.

    Parameters
    ----------
    recipient : str
        Whose mailbox it is.
    raw : bytes
        As it was delivered.
    """

    def __init__(self, recipient: str, raw: bytes) -> None:
        self.recipient, self.raw = recipient, raw

    @cached_property
    def requests(self) -> tuple[str, ...]:
        """The distinct URLs that showing it loads, in document order, as tkit reads them; none that Outlook alone may load."""
        return tuple(
            dict.fromkeys(
                reference.resolved_url
                for document in self._documents
                for reference in document.references
                if not reference.local and reference.loaded_by != "outlook" and request_type(reference.carrier) in LOADED
            )
        )

    @cached_property
    def links(self) -> tuple[str, ...]:
        """The distinct URLs that it links to, in document order."""
        return tuple(dict.fromkeys(url for document in self._documents for url in document.links if url.startswith("http")))

    def forwarded(self, to: str) -> ReceivedMail:
        """Return the mail that quotes it, as clients write it when it is forwarded: trackers and all."""
        message = Message.from_bytes(self.raw)
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.recipient, to, f"Fwd: {' '.join(message.subject.split())}"
        mail.set_content("Worth a look.\n")
        quoted = "\n".join(f"<blockquote>{html}</blockquote>" for html in message.html_parts)
        mail.add_alternative(f"<p>Worth a look.</p>\n{quoted}\n", subtype="html")
        return ReceivedMail(to, mail.as_bytes(policy=SMTP))

    @cached_property
    def _documents(self) -> list[Document]:
        return read_message(Message.from_bytes(self.raw))
