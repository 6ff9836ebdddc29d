"""Read mails from an IMAP server, without changing anything there.

A folder is opened with EXAMINE and mails are fetched with ``BODY.PEEK[]``: nothing is marked as read. Mails that are marked
as deleted are left out. What was fetched is kept (:mod:`tkit.corpus.spool`) until all mails have been read, so that a run
that was killed goes on where it stopped. A server that numbers its mails anew (another UIDVALIDITY) is read from the start.
"""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from tkit.corpus.credentials import PASSWORD, TOKEN_COMMAND, Secret, secret_of
from tkit.corpus.mbox import MAX_MESSAGE_BYTES, TOO_LARGE
from tkit.corpus.raw import Note, Problem, RawMessage, printable
from tkit.corpus.spool import Spool, SpoolError
from tkit.errors import TkitError

if TYPE_CHECKING:
    from imapclient import IMAPClient

_SCHEME = re.compile(r"imaps?:", re.IGNORECASE)
_UID = re.compile(r"(.*?)/?;UID=(\d{1,10})", re.DOTALL | re.IGNORECASE)
_PORTS = {"imaps": 993, "imap": 143}
_CONNECT_SECONDS, _READ_SECONDS = 20, 120
_LISTED_AT_ONCE = 500  # numbers in one command: a line of at most 8,192 bytes (RFC 7162, section 4)
_FOUND_AT_ONCE = 80_000  # numbers in one answer to SEARCH, which imaplib limits to a line of 1,000,000 bytes
_FETCHED_AT_ONCE, _FETCHED_BYTES = 50, 8 * 2**20
_NAMED_FOLDERS = 30
_SAID_CHARACTERS = 200
_BODY = b"BODY[]"
_FORM = "write imaps://USER@HOST/FOLDER"


class MailboxUrl(NamedTuple):
    """A folder on an IMAP server (RFC 5092), or one mail in it.

    Attributes
    ----------
    scheme : {"imaps", "imap"}
        With TLS from the start, or without.
    user, host : str
        The account.
    port : int
        The server's port.
    folder : str
        The folder's name; ``""`` if none is given.
    uid : int or None
        The number of the mail; None for all mails of the folder.
    """

    scheme: str
    user: str
    host: str
    port: int
    folder: str
    uid: int | None

    @property
    def account(self) -> str:
        """The URL of the account, without a folder."""
        user = "".join(f"%{ord(c):02X}" if c in "%:/" else c for c in self.user)
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return printable(f"{self.scheme}://{user}@{host}{port}")

    @property
    def place(self) -> str:
        """The URL of the folder."""
        return printable(f"{self.account}/{self.folder.replace('%', '%25').replace(';', '%3B')}")

    def place_of(self, uid: int) -> str:
        """Return the URL of a mail, which can be read again as a path."""
        return f"{self.place}/;UID={uid}"


def is_mailbox_url(path: str) -> bool:
    """Return whether a path is meant as the URL of an IMAP folder. A file of such a name can be written ``./imap:name``."""
    return _SCHEME.match(path) is not None


def parse_mailbox_url(path: str) -> MailboxUrl:
    """Read the URL of an IMAP folder.

    Raises
    ------
    TkitError
        If it is none, or contains a password. The message repeats nothing of it, because any part may be the password.
    """
    scheme, _, rest = path.partition(":")
    authority, _, location = rest.removeprefix("//").partition("/")
    userinfo, at, address = authority.rpartition("@")
    if not rest.startswith("//") or (not at and "@" not in location):
        raise TkitError(f"the URL of an IMAP folder names no user: {_FORM}")
    if ":" in userinfo or not at:
        raise TkitError(
            "a password does not belong in a URL, where other users and the shell's history can see it: "
            f"{_FORM}, and set {PASSWORD}, or use the keyring; choose a new password if this one was real"
        )
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]+))(?::(\d{1,5}))?", address)
    user, folder = unquote(userinfo), location
    one = _UID.fullmatch(location)
    if one:
        folder = one[1]
    folder = unquote(folder)
    if not match or not user or not (user + folder + address).isprintable() or not 0 < int(match[3] or 1) < 2**16:
        raise TkitError(f"not the URL of an IMAP folder: {_FORM}, or imaps://USER@HOST:PORT/FOLDER")
    name = scheme.lower()
    port = int(match[3]) if match[3] else _PORTS[name]
    return MailboxUrl(name, user, match[1] or match[2], port, folder, int(one[2]) if one else None)


class _LostError(Exception):
    """A connection that broke, and how."""


class Session:
    """The connection to one account. It is made when it is first needed, and again when it breaks.

    Parameters
    ----------
    url : MailboxUrl
        A folder of the account.
    ask : callable, optional
        See :func:`tkit.corpus.credentials.secret_of`.
    """

    def __init__(self, url: MailboxUrl, ask: Callable[[str], str | None] | None = None) -> None:
        self._url = url
        self._ask = ask
        self._secret: Secret | None = None
        self._client: IMAPClient | None = None
        self.selected: str | None = None
        """The folder that is open."""

    def examine(self, folder: str) -> dict[bytes, Any]:
        """Open a folder read-only and return what the server says of it.

        Raises
        ------
        TkitError
            If the server cannot be reached, refuses the password, or has no such folder.
        """
        self.selected = None
        why = "no folder is named"
        try:
            if folder:
                answer: dict[bytes, Any] = self.run(lambda client: client.select_folder(folder, readonly=True))
                self.selected = folder
                return answer
        except _imap_errors() as error:
            why = f"cannot open the folder {printable(folder)} ({self.said(error)})"
        raise TkitError(f"{self._url.account}: {why}: name one of its folders: {self._folders()}")

    def run(self, do: Callable[[IMAPClient], Any]) -> Any:
        """Return what a function of the client returns.

        Raises
        ------
        _LostError
            If the connection breaks.
        imapclient.IMAPClient.Error
            If the server refuses the command.
        """
        client = self._client or self._connect()
        try:
            return do(client)
        except client.AbortError as error:
            raise _LostError(self.said(error)) from None
        except OSError as error:
            raise _LostError(_os_reason(error)) from None

    def drop(self) -> None:
        """Close the connection without a word to the server."""
        if self._client is not None:
            with suppress(Exception):  # it may be broken in any way
                self._client.shutdown()
        self._client = self.selected = None

    def close(self) -> None:
        """Log out and close the connection."""
        if self._client is not None:
            with suppress(Exception):
                self._client.logout()
        self.drop()

    def _connect(self) -> IMAPClient:
        try:
            from imapclient import IMAPClient  # noqa: PLC0415  optional
        except ImportError:
            raise TkitError("reading from an IMAP server needs IMAPClient: pip install 'tkit[imap]'") from None
        if self._secret is None or self._secret.kind == "token":  # a token is valid for an hour or so
            self._secret = secret_of(self._url.user, self._url.host, self._ask)
        client: IMAPClient | None = None
        problem = ""
        try:
            client = self._greeted(IMAPClient)
            problem = self._encrypted(client) or self._log_in(client, self._secret)
        except ssl.SSLCertVerificationError as error:
            problem = (
                f"the server's certificate is not valid for {self._url.host} ({error.verify_message}): "
                "check the host; name the certificate of a server of your own in SSL_CERT_FILE"
            )
        except ssl.SSLError as error:
            other = ": a server without TLS from the start is written imap://" if self._url.scheme == "imaps" else ""
            problem = f"no TLS at port {self._url.port} ({error.reason or error}){other}"
        except OSError as error:
            problem = f"cannot connect to port {self._url.port} ({_os_reason(error)}): check the host, the port and the network"
        except (IMAPClient.Error, ValueError) as error:
            problem = f"port {self._url.port} does not answer as an IMAP server does ({self.said(error)}): check the port"
        if problem:
            # Outside of the except clauses: an exception raised there would carry the frames in which the password is.
            if client is not None:
                with suppress(Exception):
                    client.shutdown()
            raise TkitError(f"{self._url.account}: {problem}")
        self._client = client
        return client

    def _greeted(self, connect: type[IMAPClient]) -> IMAPClient:
        from imapclient import SocketTimeout  # noqa: PLC0415  optional

        timeout = SocketTimeout(_CONNECT_SECONDS, _READ_SECONDS)
        if self._url.scheme == "imaps":
            context = ssl.create_default_context()
            return connect(self._url.host, self._url.port, ssl=True, ssl_context=context, timeout=timeout)
        return connect(self._url.host, self._url.port, ssl=False, timeout=timeout)

    def _encrypted(self, client: IMAPClient) -> str:
        """See to it that nobody on the way can read the password; return why this failed, ``""`` if it did not."""
        if self._url.scheme == "imaps":
            return ""
        peer = client.socket().getpeername()[0].partition("%")[0]
        if ipaddress.ip_address(peer).is_loopback and not client.has_capability("LOGINDISABLED"):
            return ""
        if not client.has_capability("STARTTLS"):
            return "the server offers no TLS (STARTTLS), and no password is sent without: try imaps://"
        client.starttls(ssl.create_default_context())
        return ""

    def _log_in(self, client: IMAPClient, secret: Secret) -> str:
        """Log in and return why this failed, ``""`` if it did not."""
        if secret.kind == "token":
            log_in = next(
                (
                    way
                    for name, way in (("XOAUTH2", client.oauth2_login), ("OAUTHBEARER", client.oauthbearer_login))
                    if client.has_capability(f"AUTH={name}")
                ),
                None,
            )
            if log_in is None:
                return f"the server takes no OAuth token: unset {TOKEN_COMMAND} and give a password"
        elif client.has_capability("AUTH=PLAIN"):
            log_in = client.plain_login
        elif not (secret.user + secret.reveal()).isascii():
            return "the server takes only ASCII characters in user names and passwords: choose another password"
        else:
            log_in = client.login
        try:
            log_in(secret.user, secret.reveal())
        except client.AbortError as error:
            return f"the server ended the connection at the login ({self.said(error)}): try again later"
        except client.Error as error:
            return (
                f"the server refused the {secret.kind} ({self.said(error)}): check user and {secret.kind}; "
                f"many providers want an app password, or OAuth ({TOKEN_COMMAND})"
            )
        return ""

    def _folders(self) -> str:
        """Return the names of the folders, the first ones only."""
        listed: list[tuple[Sequence[bytes], bytes, str]] = []
        with suppress(Exception):  # the error that the user must see is another one
            listed = self.run(lambda client: client.list_folders())
        names = sorted(printable(str(name)) for flags, _, name in listed if rb"\Noselect" not in flags)
        more = f", and {len(names) - _NAMED_FOLDERS} more" if len(names) > _NAMED_FOLDERS else ""
        return ", ".join(names[:_NAMED_FOLDERS]) + more if names else "INBOX"

    def said(self, error: Exception) -> str:
        """Return the server's words in an error, never the password."""
        text = " ".join(str(error).split())
        if self._secret is not None and self._secret.is_in(text):
            return f"its answer repeats the {self._secret.kind}"
        return printable(text[:_SAID_CHARACTERS]) or type(error).__name__


@dataclass
class _Listing:
    """What is in a folder: its numbering, and the size of each mail by its number."""

    uidvalidity: int
    sizes: dict[int, int] = field(default_factory=dict)
    deleted: int = 0


class ImapFolder:
    """A folder on a server, as an input of :func:`tkit.corpus.read_raw`."""

    def __init__(self, url: MailboxUrl, session: Session, notes: list[Note]) -> None:
        self.url = url
        self._session = session
        self._notes = notes
        self._listing: _Listing | None = None
        self._done = 0

    @property
    def size(self) -> int:
        """The bytes of all mails, as the server says; asking for it connects to the server."""
        return sum(self._listed().sizes.values())

    def tell(self) -> int:
        """Return the bytes of the mails read so far."""
        return self._done

    def read_messages(self, problems: list[Problem]) -> Generator[RawMessage, None, None]:
        """Yield the mails in the order of their numbers.

        Raises
        ------
        TkitError
            If the server cannot be reached, or the connection is lost and cannot be made again.
        """
        listing = self._listed()
        if listing.deleted:
            self._note(f"{listing.deleted:,} {_mails(listing.deleted)} marked as deleted: left out")
        spool = self._spool(listing)
        kept = spool.uids() if spool else set()
        if went_on := len(kept & listing.sizes.keys()):
            self._note(f"goes on after {went_on:,} of {len(listing.sizes):,} mails, which an interrupted run had fetched")
        is_done = False
        try:
            for uid, raw in self._mails(listing, spool, kept):
                where = self.url.place_of(uid)
                self._done += listing.sizes[uid]
                if isinstance(raw, str):
                    problems.append(Problem(where, raw))
                elif not raw:
                    problems.append(Problem(where, "empty: it contains no mail"))
                else:
                    yield RawMessage(where, raw)
            is_done = True
        finally:
            if spool:
                (spool.delete if is_done else spool.close)()

    def _listed(self) -> _Listing:
        if self._listing is None:
            try:
                self._listing = self._list()
            except _LostError as error:
                self._session.drop()
                raise TkitError(f"{self.url.place}: the connection was lost ({error}): try again") from None
        return self._listing

    def _list(self) -> _Listing:
        answer = self._session.examine(self.url.folder)
        listing = _Listing(int(answer.get(b"UIDVALIDITY", 0)))
        try:
            uids = [self.url.uid] if self.url.uid else self._search(answer)
            for numbers in _pieces(uids, _LISTED_AT_ONCE):
                found = self._session.run(partial(_fetch, uids=numbers, what=["RFC822.SIZE", "FLAGS"]))
                for uid in numbers:
                    if rb"\Deleted" in found.get(uid, {}).get(b"FLAGS", ()) and not self.url.uid:
                        listing.deleted += 1
                    elif uid in found or not self.url.uid:
                        listing.sizes[uid] = int(found.get(uid, {}).get(b"RFC822.SIZE", 0))
        except _imap_errors() as error:
            raise TkitError(f"{self.url.place}: the server does not list its mails ({self._session.said(error)})") from None
        if self.url.uid and not listing.sizes:
            raise TkitError(f"{self.url.place_of(self.url.uid)}: there is no such mail: it may have been moved or deleted")
        return listing

    def _search(self, answer: dict[bytes, Any]) -> list[int]:
        criteria: list[list[str]] = [["ALL"]]
        if answer.get(b"EXISTS", 0) > _FOUND_AT_ONCE and b"UIDNEXT" in answer:
            starts = range(1, answer[b"UIDNEXT"], _FOUND_AT_ONCE)
            criteria = [["UID", f"{start}:{start + _FOUND_AT_ONCE - 1}"] for start in starts]
        found: set[int] = set()
        for criterion in criteria:
            found.update(self._session.run(partial(_find, criterion=criterion)))
        return sorted(found)

    def _spool(self, listing: _Listing) -> Spool | None:
        """Return the mails that were fetched before; None if a run cannot go on later, or need not."""
        if self.url.uid or not listing.uidvalidity:
            return None
        try:
            spool = Spool(self.url.place)
            if spool.uidvalidity != listing.uidvalidity:
                if spool.uidvalidity is not None:
                    self._note("the server has numbered its mails anew (UIDVALIDITY): read again from the start")
                spool.start(listing.uidvalidity)
        except SpoolError as error:
            self._note(f"if this run is interrupted, it cannot go on later ({error})")
            return None
        return spool

    def _mails(self, listing: _Listing, spool: Spool | None, kept: set[int]) -> Iterator[tuple[int, bytes | str]]:
        """Yield number and bytes of each mail, or why it could not be fetched."""
        waiting: list[int] = []
        waiting_bytes = 0
        for uid, size in listing.sizes.items():
            if uid not in kept and size <= MAX_MESSAGE_BYTES:
                if len(waiting) == _FETCHED_AT_ONCE or (waiting and waiting_bytes + size > _FETCHED_BYTES):
                    yield from self._fetched(waiting, listing, spool)
                    waiting, waiting_bytes = [], 0
                waiting.append(uid)
                waiting_bytes += size
                continue
            yield from self._fetched(waiting, listing, spool)
            waiting, waiting_bytes = [], 0
            if uid not in kept:
                yield uid, TOO_LARGE.format(MAX_MESSAGE_BYTES)
            elif spool and (raw := spool.mail(uid)) is not None:
                yield uid, raw
            else:
                yield from self._fetched([uid], listing, None)
        yield from self._fetched(waiting, listing, spool)

    def _fetched(self, uids: list[int], listing: _Listing, spool: Spool | None) -> Iterator[tuple[int, bytes | str]]:
        if not uids:
            return
        found = self._fetch(uids, listing)
        if spool:
            try:
                spool.add((uid, raw) for uid, raw in found.items() if isinstance(raw, bytes))
            except SpoolError as error:
                self._note(f"if this run is interrupted, it cannot go on here ({error})")
        for uid in uids:
            yield uid, found[uid]

    def _fetch(self, uids: list[int], listing: _Listing) -> dict[int, bytes | str]:
        """Return the mails, or why one was not given; connect again once if the connection is lost."""
        lost = ""
        for _ in range(2):
            try:
                if self._session.selected != self.url.folder:
                    answer = self._session.examine(self.url.folder)
                    if int(answer.get(b"UIDVALIDITY", 0)) != listing.uidvalidity:
                        lost = "the server has numbered its mails anew (UIDVALIDITY)"
                        break
                return self._given(uids)
            except (_LostError, TkitError) as error:
                lost = str(error)
                self._session.drop()
        done = sum(size for uid, size in listing.sizes.items() if uid < uids[0])
        raise TkitError(
            f"{self.url.place}: the connection was lost after {100 * done // max(1, sum(listing.sizes.values()))}% ({lost}): "
            "run the same command again, it goes on there"
        )

    def _given(self, uids: list[int]) -> dict[int, bytes | str]:
        try:
            answer = self._session.run(partial(_fetch, uids=uids, what=["BODY.PEEK[]"]))
        except _imap_errors() as error:
            if len(uids) > 1:  # one mail that the server cannot read must not hide the others
                return {uid: raw for one in uids for uid, raw in self._given([one]).items()}
            return {uids[0]: f"the server does not give this mail ({self._session.said(error)})"}
        gone = "no longer on the server: another program has moved or deleted it"
        return {uid: mail if isinstance(mail := answer.get(uid, {}).get(_BODY), bytes) else gone for uid in uids}

    def _note(self, what: str) -> None:
        self._notes.append(Note(self.url.place, what))


def _imap_errors() -> tuple[type[Exception], ...]:
    """Return what IMAPClient raises if a server refuses a command or answers what cannot be read."""
    from imapclient import IMAPClient  # noqa: PLC0415  optional

    return (IMAPClient.Error, ValueError)


def _fetch(client: IMAPClient, uids: Sequence[int], what: Sequence[str]) -> dict[int, dict[bytes, Any]]:
    return dict(client.fetch(uids, what))


def _find(client: IMAPClient, criterion: Sequence[str]) -> list[int]:
    return list(client.search(criterion))


def _pieces(numbers: Sequence[int], size: int) -> Iterator[list[int]]:
    waiting = iter(numbers)
    while piece := list(islice(waiting, size)):
        yield piece


def _mails(count: int) -> str:
    return "mail is" if count == 1 else "mails are"


def _os_reason(error: OSError) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else error.strerror or str(error) or type(error).__name__
