"""A scenario played: mails are sent and read, pictures are requested, and everything that happens is kept on both sides."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import NamedTuple, Self

from tkit.errors import TkitError
from tkit.lab.clients import Client, ReceivedMail, Setting, Web, client_of, dealt
from tkit.lab.clients.base import Browser
from tkit.lab.clock import DAY, Clock, Schedule, SimulatedClock
from tkit.lab.scenario import Scenario
from tkit.lab.sender import EventLog, Mailing, MailServer, Recorder, RecorderServer, Timeline, send
from tkit.lab.sender.delivery import Change, Mailboxes, unchanged
from tkit.lab.sender.postfix import PostfixServer

START = datetime(2026, 1, 12, 9, tzinfo=UTC).timestamp()
"""When simulated mailings are sent, so that equal runs have equal times."""


class Person(NamedTuple):
    """A recipient: address, the name of the group, and whether a blocker stands before the mailbox."""

    address: str
    group: str
    protected: bool


class Read(NamedTuple):
    """A recipient really read the mail: who, and when in seconds since 1970 UTC."""

    recipient: str
    time: float


class Played(NamedTuple):
    """A played scenario.

    Attributes
    ----------
    scenario : Scenario
    people : tuple of Person
    reads : tuple of Read
        The truth, in the order of time.
    timelines : tuple of Timeline
        What the sender believes, one for each of `people`, in their order.
    requests : mapping of str to int
        Number of requests by their kind, see :data:`tkit.lab.sender.forms.Kind`.
    """

    scenario: Scenario
    people: tuple[Person, ...]
    reads: tuple[Read, ...]
    timelines: tuple[Timeline, ...]
    requests: dict[str, int]


class _Recipient(NamedTuple):
    person: Person
    client: Client
    random: Random


class Lab:
    """A sender, a mail server and recipients on this machine, for the time of a ``with`` block.

    Parameters
    ----------
    scenario : Scenario
    change : callable
        The blocker: what is done to the mails of protected recipients on delivery; by default nothing.
    postfix : bool
        Deliver by Debian's Postfix instead of a small server of our own; it changes no mail.
    port : int
        Of the recorder and its live page; 0 takes a free one.
    clock : Clock, optional
        By default a simulated one, with which months take seconds; with :class:`tkit.lab.clock.RealClock` they take months.
    browser : Browser, optional
        For clients with ``eyes = "chromium"``.

    Attributes
    ----------
    recorder : Recorder
        The sender's side.
    url : str
        The address of the live page; known inside the ``with`` block.
    people : tuple of Person
        In the order of sending.
    reads : list of Read
        What has really happened so far.

    Raises
    ------
    TkitError
        If the port is taken, or Postfix does not start or is to change mails.
    """

    url: str
    recorder: Recorder

    def __init__(
        self,
        scenario: Scenario,
        *,
        change: Change = unchanged,
        postfix: bool = False,
        port: int = 0,
        clock: Clock | None = None,
        browser: Browser | None = None,
    ) -> None:
        if postfix and change is not unchanged:
            raise TkitError("Postfix delivers mails as they are: leave the blocker out, or deliver without Postfix")
        self.scenario = scenario
        self.clock = clock or SimulatedClock(START)
        self.reads: list[Read] = []
        self._change, self._postfix, self._port, self._browser = change, postfix, port, browser
        self._recipients = _recipients(scenario)
        self.people = tuple(recipient.person for recipient in self._recipients)
        self._guarded = {person.address for person in self.people if person.protected}
        self._sent = self.clock.now()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="tkit-lab-")))
            log = EventLog(folder / "log.sqlite", synchronous="NORMAL")  # the log lives no longer than the run
            stack.callback(log.close)
            self.recorder = Recorder(log, self.clock)
            server = stack.enter_context(RecorderServer(self.recorder, port=self._port))
            self.url = server.url
            self._web = stack.enter_context(Web(server.port))
            self._server: Mailboxes
            if self._postfix:
                self._server = stack.enter_context(PostfixServer([person.address for person in self.people]))
            else:
                self._server = stack.enter_context(MailServer(folder / "mail", change=self._on_delivery))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    @property
    def days(self) -> float:
        """Days since the mailing was sent; 0 before."""
        return max(0.0, (self.clock.now() - self._sent) / DAY)

    def play(self, watch: Callable[[], None] | None = None) -> Played:
        """Send the mailing, let the recipients' days pass, and return what happened.

        Parameters
        ----------
        watch : callable, optional
            Called when the mailing is sent, and after everything that happens.
        """
        mailing = Mailing(form=self.scenario.form)
        schedule = Schedule(self.clock)
        copies = [mailing.copy(recipient.person.address, self.clock.now()) for recipient in self._recipients]
        for copy in copies:
            self.recorder.register(mailing.name, copy.recipient, copy.addresses)
        send([(copy.recipient, copy.raw) for copy in copies], mailing.sender, self._server.port)
        self._sent = self.clock.now()
        for recipient, copy in zip(self._recipients, copies, strict=True):
            (delivered,) = self._server.delivered(copy.recipient)
            mail = ReceivedMail(copy.recipient, delivered)
            self._plan(recipient, mail, ReceivedMail(mailing.sender, copy.raw), schedule)
        if watch:
            watch()
        schedule.run(self._sent + self.scenario.habits.days * DAY, watch)
        requests: dict[str, int] = {}
        for event in self.recorder.log.events():
            requests[event.kind] = requests.get(event.kind, 0) + 1
        return Played(self.scenario, self.people, tuple(self.reads), tuple(self.recorder.timelines()), requests)

    def _plan(self, recipient: _Recipient, mail: ReceivedMail, sent: ReceivedMail, schedule: Schedule) -> None:
        setting = Setting(self._web, schedule, recipient.random, self._browser)
        moments = self.scenario.habits.moments(recipient.random, self.clock.now())
        recipient.client.sent(sent, setting)
        recipient.client.delivered(mail, setting)

        def read() -> None:
            self.reads.append(Read(recipient.person.address, self.clock.now()))
            recipient.client.opened(mail, setting)

        for moment in moments:
            schedule.at(moment, read)

    def _on_delivery(self, recipient: str, raw: bytes) -> bytes:
        return self._change(recipient, raw) if recipient in self._guarded else raw


def _recipients(scenario: Scenario) -> list[_Recipient]:
    """Make the recipients; those of one group are protected in numbers as near to the share as possible."""
    groups = dealt(scenario.groups, scenario.recipients, Random(f"{scenario.seed} clients"))
    seen: dict[str, int] = {}
    made = []
    for number, group in enumerate(groups, 1):
        place = seen.get(group.name, 0)
        seen[group.name] = place + 1
        protected = int((place + 1) * scenario.protected + 1e-9) > int(place * scenario.protected + 1e-9)
        address = f"reader-{number:0{len(str(scenario.recipients))}}@mail.example"
        person = Person(address, group.name, protected)
        made.append(_Recipient(person, client_of(group.client, group.name), Random(f"{scenario.seed} {number}")))
    return made
