"""The sender's side of the lab: what products for read tracking do, on this machine alone, to measure and test blockers."""

from tkit.lab.sender.delivery import MailServer, send
from tkit.lab.sender.events import Event, EventLog
from tkit.lab.sender.forms import FORMS
from tkit.lab.sender.mailing import Copy, Mailing
from tkit.lab.sender.recorder import Recorder
from tkit.lab.sender.serving import RecorderServer, serve
from tkit.lab.sender.timelines import Open, Timeline, Timelines

__all__ = [
    "FORMS",
    "Copy",
    "Event",
    "EventLog",
    "MailServer",
    "Mailing",
    "Open",
    "Recorder",
    "RecorderServer",
    "Timeline",
    "Timelines",
    "send",
    "serve",
]
