"""A mailing: written once, and a version with a tracker of its own for every recipient."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import NamedTuple

from tkit.lab.sender.forms import Address, Names, form_of

_SECRET = b"the lab's mailings are no secret"


class Copy(NamedTuple):
    """The version for one recipient.

    Attributes
    ----------
    recipient : str
        Its address.
    raw : bytes
        The mail, as it is given to the mail server.
    addresses : tuple of Address
        What the sender's server must answer for it.
    """

    recipient: str
    raw: bytes
    addresses: tuple[Address, ...]


class Mailing(NamedTuple):
    """A mail that many people get.

    Attributes
    ----------
    name : str
        Identifies it in the sender's log.
    form : str
        How its tracker is written, see :data:`tkit.lab.sender.forms.FORMS`.
    sender, subject : str
        Its headers. The domain of `sender` is the host of the pictures that are the same for everybody, and of first-party
        trackers.
    paragraphs : tuple of str
        Its text.
    service : str
        Host name of the tracking service. Every host of the lab ends in a name that RFC 2606 reserves.
    """

    name: str = "autumn"
    form: str = "gif-1x1"
    sender: str = "Harbour Books <news@harbourbooks.example>"
    subject: str = "Six novels for the long evenings"
    paragraphs: tuple[str, ...] = (
        "The clocks have gone back, and our table by the stove is full again.",
        "We chose six novels that are better read slowly, and we keep a copy of each for you until Saturday.",
    )
    service: str = "mail.openrates.example"

    @property
    def own_host(self) -> str:
        """The host name of the sender's web site."""
        return "www." + self.sender.rpartition("@")[2].strip("<> ")

    def copy(self, recipient: str, moment: float) -> Copy:
        """Write the version for one recipient.

        Parameters
        ----------
        recipient : str
            Its address.
        moment : float
            When it is sent, in seconds since 1970 UTC.
        """
        names = Names(_SECRET + self.name.encode(), recipient, self.service, self.own_host)
        tracker = form_of(self.form).write(names)
        logo = Address(f"http://{self.own_host}/static/logo.png", "content", media="image/png")
        shop = f"http://{self.own_host}/novels"
        link = Address(f"http://{self.service}/click/{names.word('link')}", "click", leads_to=shop)
        mail = EmailMessage()
        mail["From"] = self.sender
        mail["To"] = recipient
        mail["Subject"] = self.subject
        mail["Date"] = format_datetime(datetime.fromtimestamp(moment, UTC))
        mail["Message-ID"] = f"<{names.word('message')}@{self.sender.rpartition('@')[2].strip('<> ')}>"
        mail.set_content("\n\n".join([*self.paragraphs, f"Have a look: {link.url}"]) + "\n")
        body = "\n".join(f"<p>{html.escape(text)}</p>" for text in self.paragraphs)
        mail.add_alternative(
            f"<html><head>{tracker.head}</head><body>\n"
            f'<img src="{logo.url}" width="180" height="60" alt="logo">\n{body}\n'
            f'<p><a href="{link.url}">Have a look</a></p>\n{tracker.body}\n</body></html>\n',
            subtype="html",
        )
        mail.set_boundary(names.word("boundary"))
        shown = Address(shop, "content", media="text/html")
        return Copy(recipient, mail.as_bytes(policy=SMTP), (*tracker.addresses, logo, link, shown))
