"""Mail clients by how they load pictures.

Sources name what was read for a behaviour. A parameter without a source is an assumption, to be changed in a scenario.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tkit.lab.clients.base import DESKTOP, PHONE, Client, Eyes, Setting
from tkit.lab.clients.mails import ReceivedMail
from tkit.lab.clock import DAY, HOUR


@dataclass
class LoadsOnOpen(Client):
    """Loads everything whenever the mail is opened, and keeps nothing: the client that senders hope for.

    Parameters
    ----------
    agent : str
        How it names itself.
    eyes : {"reader", "chromium"}
        What finds the pictures.
    """

    agent: str = PHONE
    eyes: Eyes = "reader"

    def opened(self, mail: ReceivedMail, setting: Setting) -> None:
        """Load everything."""
        setting.fetch(setting.requests(mail, self.eyes), self.agent)


@dataclass
class Blocks(Client):
    """Loads no picture until the reader asks for it; then it does so for this mail whenever it is opened.

    Parameters
    ----------
    asks : float
        Share of the mails for which the reader asks, at the first opening. Assumption.
    agent, eyes
        See :class:`LoadsOnOpen`.

    Notes
    -----
    Outlook (Microsoft's help pages HA102710191033 and HP001044022) and Thunderbird (the preference
    ``mailnews.message_display.disable_remote_image``) block pictures by default. Old surveys found pictures shown for 48 %
    (Merkle 2009, by campaignmonitor.com) or 33 % (MarketingSherpa 2010, by blog.jericho.co.nz) of the readers.
    """

    asks: float = 0.1
    agent: str = DESKTOP
    eyes: Eyes = "reader"
    _asked: dict[bytes, bool] = field(default_factory=dict, init=False, repr=False)

    def opened(self, mail: ReceivedMail, setting: Setting) -> None:
        """Load everything if the reader asks, or asked before."""
        if mail.raw not in self._asked:
            self._asked[mail.raw] = setting.random.random() < self.asks
        if self._asked[mail.raw]:
            setting.fetch(setting.requests(mail, self.eyes), self.agent)


@dataclass
class TextOnly(Client):
    """Shows the text part; it never requests anything."""


@dataclass
class CachingProxy(Client):
    """Loads through a proxy of the mail provider that keeps pictures: the sender sees the first opening only.

    Parameters
    ----------
    keeps_days : float
        How long a picture is kept; infinity by default.
    agent, eyes
        See :class:`LoadsOnOpen`; the proxy names itself, not the reader's client.

    Notes
    -----
    Gmail since December 2013 (wordtothewise.com, 2013/12, "gmail-deploys-image-proxy-servers"): the first load is seen, place
    and program are hidden. adestra.com reports otherwise: unique pictures are not kept by the proxy but for 24 hours by the
    client, so that later openings are seen; that is ``keeps_days = 1``.
    """

    keeps_days: float = float("inf")
    agent: str = "Mozilla/5.0 (via ImageProxy)"
    eyes: Eyes = "reader"
    _loaded: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    def opened(self, mail: ReceivedMail, setting: Setting) -> None:
        """Load what the proxy does not have."""
        now = setting.schedule.clock.now()
        for url in setting.requests(mail, self.eyes):
            if url not in self._loaded or now >= self._loaded[url] + self.keeps_days * DAY:
                self._loaded[url] = now
                setting.fetch([url], self.agent)


@dataclass
class Prefetches(Client):
    """A privacy proxy that loads the pictures of every mail soon after delivery, read or not; openings load nothing more.

    Parameters
    ----------
    within_hours : float
        The time of the load is evenly distributed up to this. Assumption. A mail that is opened before is loaded then.
    agent, eyes
        See :class:`LoadsOnOpen`.

    Notes
    -----
    Apple's Mail Privacy Protection, since 2021-09-20, loads pictures by a proxy whether or not the mail is read
    (litmus.com/blog/apple-mail-privacy-protection-for-marketers). Its share of the recorded openings: 41.0 % in December 2021,
    52.7 % in July 2022 (litmus.com/apple-mail-privacy-protection-resources).
    """

    within_hours: float = 12.0
    agent: str = "Mozilla/5.0"
    eyes: Eyes = "reader"
    _loaded: set[bytes] = field(default_factory=set, init=False, repr=False)

    def delivered(self, mail: ReceivedMail, setting: Setting) -> None:
        """Plan the load."""
        seconds = setting.random.uniform(0, self.within_hours * HOUR)
        setting.schedule.after(seconds, lambda: self.opened(mail, setting))

    def opened(self, mail: ReceivedMail, setting: Setting) -> None:
        """Load what was not loaded before."""
        if mail.raw not in self._loaded:
            self._loaded.add(mail.raw)
            setting.fetch(setting.requests(mail, self.eyes), self.agent)


@dataclass
class Offline(Client):
    """Mails are read without a connection, as on a journey; pictures load when it comes back, if the mail is still open.

    Parameters
    ----------
    still_open : float
        Share of the openings after which that happens. Assumption.
    within_hours : float
        The time until then is evenly distributed up to this. Assumption.
    agent, eyes
        See :class:`LoadsOnOpen`.
    """

    still_open: float = 0.3
    within_hours: float = 10.0
    agent: str = DESKTOP
    eyes: Eyes = "reader"

    def opened(self, mail: ReceivedMail, setting: Setting) -> None:
        """Plan the load, or do nothing."""
        if setting.random.random() < self.still_open:
            seconds = setting.random.uniform(0, self.within_hours * HOUR)
            setting.schedule.after(seconds, lambda: setting.fetch(setting.requests(mail, self.eyes), self.agent))


@dataclass
class SeveralDevices(Client):
    """One person with several clients; each opening happens on one of them, and a mail arrives on all.

    Parameters
    ----------
    devices : list of Client
        At least one; each is used equally often.
    """

    devices: list[Client]

    def delivered(self, mail: ReceivedMail, setting: Setting) -> None:
        """Deliver to every device."""
        for device in self.devices:
            device.delivered(mail, setting)

    def opened(self, mail: ReceivedMail, setting: Setting) -> None:
        """Open it on one device."""
        setting.random.choice(self.devices).opened(mail, setting)
