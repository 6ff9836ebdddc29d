"""The recipients' side of the lab: mail clients as explicit behaviours that really request what a mail refers to."""

from tkit.lab.clients.base import Client, Setting
from tkit.lab.clients.habits import Habits
from tkit.lab.clients.mails import ReceivedMail
from tkit.lab.clients.population import BEHAVIOURS, Group, client_of, dealt, groups_of
from tkit.lab.clients.web import Web

__all__ = ["BEHAVIOURS", "Client", "Group", "Habits", "ReceivedMail", "Setting", "Web", "client_of", "dealt", "groups_of"]
