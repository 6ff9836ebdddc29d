"""What stands around a mail client and requests its pictures too, or makes it request them: scanners, lists, other people.

Sources name what was read for a behaviour. A parameter without a source is an assumption, to be changed in a scenario.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tkit.lab.clients.base import DESKTOP, Around, Client, Setting
from tkit.lab.clients.mails import ReceivedMail
from tkit.lab.clients.programs import LoadsOnOpen
from tkit.lab.clock import DAY


@dataclass
class Scanner(Around):
    """A security scanner in front of the mailbox that requests pictures and follows links on delivery.

    Parameters
    ----------
    pictures, links : bool
        What it requests.
    seconds : float
        How long after delivery. Assumption.
    agent : str
        How it names itself; many name a browser.

    Notes
    -----
    How common they are is known from clicks alone, and vendors differ by definition: about 65 % of the clicks (Omeda, second
    quarter of 2023, by amediaoperator.com), about 5 % (AWeber, by inboxcollective.com). Omnivery (blog.omnivery.com, 2026)
    attributes 99 % of the openings without a person to privacy proxies, not to scanners.
    """

    pictures: bool = True
    links: bool = True
    seconds: float = 20.0
    agent: str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"

    def delivered(self, mail: ReceivedMail, setting: Setting) -> None:
        """Plan the scan."""
        urls = (mail.requests if self.pictures else ()) + (mail.links if self.links else ())
        setting.schedule.after(self.seconds, lambda: setting.fetch(urls, self.agent))
        super().delivered(mail, setting)


@dataclass
class PreviewPane(Around):
    """A list with a preview pane: going through it shows a mail for a moment, which opens it though nobody reads it.

    Parameters
    ----------
    passes : int
        How often that happens. Assumption.
    within_days : float
        The times are evenly distributed up to this. Assumption.
    """

    passes: int = 1
    within_days: float = 3.0

    def delivered(self, mail: ReceivedMail, setting: Setting) -> None:
        """Plan the moments."""
        super().delivered(mail, setting)
        for _ in range(self.passes):
            seconds = setting.random.uniform(0, self.within_days * DAY)
            setting.schedule.after(seconds, lambda: self.inside.opened(mail, setting))


@dataclass
class Forwards(Around):
    """The recipient forwards the mail, tracker and all, to somebody who opens it; the sender counts that for the recipient.

    Parameters
    ----------
    to : Client
        What the other person uses.
    opens : int
        How often the other person opens it. Assumption.
    unread : bool
        True if it is forwarded on delivery, by a rule; else after the first opening.
    within_days : float
        The openings are evenly distributed over this time. Assumption.
    """

    to: Client = field(default_factory=LoadsOnOpen)
    opens: int = 2
    unread: bool = False
    within_days: float = 5.0
    _done: set[bytes] = field(default_factory=set, init=False, repr=False)

    def delivered(self, mail: ReceivedMail, setting: Setting) -> None:
        """Forward it by a rule, where there is one."""
        super().delivered(mail, setting)
        if self.unread:
            self._forward(mail, setting)

    def opened(self, mail: ReceivedMail, setting: Setting) -> None:
        """Open it, and forward it the first time."""
        super().opened(mail, setting)
        if not self.unread:
            self._forward(mail, setting)

    def _forward(self, mail: ReceivedMail, setting: Setting) -> None:
        if mail.raw in self._done:
            return
        self._done.add(mail.raw)
        quoted = mail.forwarded("colleague." + mail.recipient)
        self.to.delivered(quoted, setting)
        for _ in range(self.opens):
            setting.schedule.after(setting.random.uniform(0, self.within_days * DAY), lambda: self.to.opened(quoted, setting))


@dataclass
class SentFolder(Around):
    """The sender opens the copy in the own sent folder, which loads the recipient's picture.

    Parameters
    ----------
    opens : int
        How often. Assumption.
    within_days : float
        The times are evenly distributed up to this. Assumption.
    agent : str
        How the sender's client names itself.
    """

    opens: int = 1
    within_days: float = 2.0
    agent: str = DESKTOP

    def sent(self, mail: ReceivedMail, setting: Setting) -> None:
        """Plan the openings."""
        super().sent(mail, setting)
        for _ in range(self.opens):
            seconds = setting.random.uniform(0, self.within_days * DAY)
            setting.schedule.after(seconds, lambda: setting.fetch(mail.requests, self.agent))
