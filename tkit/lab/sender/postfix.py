"""Debian's Postfix as the lab's mail server, where it is installed; it starts as root only."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Collection
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Self

from tkit.errors import TkitError
from tkit.lab.loopback import HOST, listening_socket
from tkit.lab.sender.delivery import mails_in

_MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/log
maillog_file_prefixes = {home}
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = localhost.example
mydestination =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_delay_reject = yes
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
default_transport = error: the lab relays nothing
relay_transport = error: the lab relays nothing
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = texthash:{home}/etc/mailboxes
virtual_mailbox_base = {home}/mail
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_milters = {milter}
milter_default_action = tempfail
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
defer unix - - n - 0 bounce
bounce unix - - n - 0 bounce
trace unix - - n - 0 bounce
retry unix - - n - - error
error unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
cleanup unix n - n - 0 cleanup
"""
_SECONDS = 120
_SAFE = re.compile(r"[A-Za-z0-9.+_-]+@[A-Za-z0-9.-]+")


class PostfixServer:
    """A Postfix with a configuration, a queue and Maildirs of its own, for the time of a ``with`` block.

    It listens on 127.0.0.1 alone, takes mail for its recipients and relays none.

    Parameters
    ----------
    recipients : collection of str
        The addresses that have a mailbox.
    milter : str
        A filter as Postfix names it, such as ``inet:127.0.0.1:8894`` for `tkit milter`; by default none.

    Attributes
    ----------
    port : int
        Where it listens.

    Raises
    ------
    TkitError
        If Postfix is not installed, the user is not root, an address is unusual, or it does not start.
    """

    def __init__(self, recipients: Collection[str], milter: str = "") -> None:
        self.recipients, self.milter = list(recipients), milter
        self.port = 0
        self._home = Path()
        self._command: list[str] = []

    def __enter__(self) -> Self:
        program = shutil.which("postfix") or shutil.which("postfix", path="/usr/sbin")
        if program is None:
            raise TkitError("no postfix: apt-get install postfix, or take tkit.lab.sender.MailServer")
        if os.geteuid() != 0:
            raise TkitError("Postfix starts as root only: take tkit.lab.sender.MailServer")
        for address in self.recipients:
            if not _SAFE.fullmatch(address):
                raise TkitError(f"{address!r}: not a plain address: give one such as reader@mail.example")
        with listening_socket(HOST) as probe:
            self.port = probe.getsockname()[1]
        self._home = Path(mkdtemp(prefix="tkit-lab-postfix-"))
        try:
            self._start(program)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._remove()

    def delivered(self, recipient: str) -> list[bytes]:
        """Return the mails in a recipient's mailbox in the order of arrival.

        Postfix delivers after it has taken a mail: for the first one this waits up to two minutes.
        """
        deadline = time.monotonic() + _SECONDS
        while not (mails := mails_in(self._home / "mail" / recipient)) and time.monotonic() < deadline:
            time.sleep(0.02)
        return mails

    def _start(self, program: str) -> None:
        home = self._home
        home.chmod(0o755)
        for name in ("etc", "queue", "data", "mail"):
            (home / name).mkdir()
        shutil.chown(home / "data", "postfix")
        shutil.chown(home / "mail", "nobody", "nogroup")
        mailboxes = home / "mail"
        domains = " ".join(sorted({address.partition("@")[2] for address in self.recipients}))
        owner = mailboxes.stat()
        values = {"home": home, "domains": domains, "milter": self.milter, "uid": owner.st_uid, "gid": owner.st_gid}
        (home / "etc/main.cf").write_text(_MAIN.format_map(values))
        (home / "etc/master.cf").write_text(_MASTER.format(port=self.port))
        (home / "etc/mailboxes").write_text("".join(f"{address} {address}/\n" for address in self.recipients))
        self._command = [program, "-c", str(home / "etc")]
        done = subprocess.run([*self._command, "start"], capture_output=True, text=True, check=False, timeout=_SECONDS)
        if done.returncode:
            log = home / "log"
            why = (log.read_text() if log.exists() else done.stderr).strip().splitlines()
            raise TkitError(f"postfix does not start ({why[-1] if why else done.returncode}): take tkit.lab.sender.MailServer")

    def _remove(self) -> None:
        if self._command:
            subprocess.run([*self._command, "stop"], capture_output=True, check=False, timeout=_SECONDS)
        shutil.rmtree(self._home, ignore_errors=True)
