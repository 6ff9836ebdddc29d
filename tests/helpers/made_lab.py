"""The lab's sender with a mailing of every form, and a web that notes requests instead of making them."""

from dataclasses import dataclass, field
from random import Random

from tkit.lab.clients import ReceivedMail, Setting
from tkit.lab.clock import Schedule, SimulatedClock
from tkit.lab.scenario import Scenario

PIXEL, LOGO, LINK = "http://t.example/open/1.gif", "http://c.example/logo.png", "http://t.example/click/1"
HTML = f"<img src='{LOGO}'><a href='{LINK}'>more</a><img src='{PIXEL}' width=1 height=1>"
RAW = f"From: a@b.example\nTo: r@mail.example\nSubject: Hello\nContent-Type: text/html\n\n{HTML}\n".encode()


@dataclass
class Noted:
    """A web that makes no request; notes the time, in hours after the start, and the URL of each."""

    clock: SimulatedClock
    requests: list[tuple[float, str]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)

    def get(self, url: str, agent: str) -> int:
        self.requests.append((self.clock.now() / 3600, url))
        self.agents.add(agent)
        return 200

    def times(self, url: str) -> list[float]:
        """Return when a URL was requested."""
        return [time for time, requested in self.requests if requested == url]


@dataclass
class Room:
    """A client's surroundings, with the clock at 0."""

    seed: int = 0

    def __post_init__(self) -> None:
        clock = SimulatedClock(0)
        self.web = Noted(clock)
        self.schedule = Schedule(clock)
        self.setting = Setting(self.web, self.schedule, Random(self.seed))  # type: ignore[arg-type]
        self.mail = ReceivedMail("r@mail.example", RAW)

    def live(self, client: object, *opened: float, hours: float = 10_000) -> Noted:
        """Send and deliver the mail at hour 0 and open it at some hours; return what was requested until `hours`."""
        client.sent(self.mail, self.setting)
        client.delivered(self.mail, self.setting)
        for hour in opened:
            self.schedule.at(hour * 3600, lambda: client.opened(self.mail, self.setting))
        self.schedule.run(hours * 3600)
        return self.web


def scenario(recipients: int, *clients: dict[str, object], **others: object) -> Scenario:
    """Return a scenario in which clients are equally common."""
    groups = [{"share": 1 / len(clients)} | client for client in clients]
    return Scenario.of({"title": "made", "recipients": recipients, "client": groups, **others})
