"""Read mails from an IMAP server, without changing anything there.

A folder is opened with EXAMINE and mails are fetched with ``BODY.PEEK[]``: nothing is marked as read. Mails that are marked
as deleted are left out. What was fetched is kept (:mod:`tkit.corpus.spool`) until all mails have been read, so that a run
that was killed goes on where it stopped. A server that numbers its mails anew (another UIDVALIDITY) is read from the start.
"""

from __future__ import annotations

import imaplib
import ipaddress
import ssl
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from tkit.corpus.credentials import TOKEN_COMMAND, Secret, require_one_account, secret_of
from tkit.corpus.mailbox_url import MailboxUrl
from tkit.corpus.mbox import MAX_MESSAGE_BYTES, TOO_LARGE
from tkit.corpus.raw import Note, Problem, RawMessage, printable
from tkit.corpus.spool import Spool, SpoolError
from tkit.errors import TkitError

if TYPE_CHECKING:
    from imapclient import IMAPClient

_CONNECT_SECONDS, _READ_SECONDS = 20, 120
_LISTED_AT_ONCE = 500  # numbers in one command: a line of at most 8,192 bytes (RFC 7162, section 4)
_FOUND_AT_ONCE = 80_000  # numbers in one answer to SEARCH, which imaplib limits to a line of 1,000,000 bytes
_FETCHED_AT_ONCE, _FETCHED_BYTES = 50, 8 * 2**20
_NAMED_FOLDERS = 30
_SAID_CHARACTERS = 200
_CLOSED = {rb"\Noselect", rb"\NonExistent"}
# Folders that show the mails of others (RFC 6154, RFC 8457), such as Gmail's
_ALL, _VIEWS = rb"\All", {rb"\Flagged", rb"\Important"}
_BODY = b"BODY[]"
# What IMAPClient raises if a server refuses a command, or answers what cannot be read; its errors are those of imaplib.
_REFUSED = (imaplib.IMAP4.error, ValueError)


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
        except _REFUSED as error:
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
        except client.Error as error:
            if isinstance(error, client.AbortError) or isinstance(error.__context__, client.AbortError):
                return f"the server ended the connection at the login ({self.said(error)}): try again later"
            return (
                f"the server refused the {secret.kind} ({self.said(error)}): check user and {secret.kind}; "
                f"many providers want an app password, or OAuth ({TOKEN_COMMAND})"
            )
        return ""

    def matching(self, pattern: str) -> tuple[list[str], list[str]]:
        """Return the folders that a pattern of IMAP's LIST stands for: those that hold all mails once, and the others.

        Raises
        ------
        TkitError
            If there is none, the server cannot be reached, or it refuses the password.
        """
        try:
            found = self._list(pattern)
        except (_LostError, *_REFUSED) as error:
            self.drop()
            raise TkitError(f"{self._url.account}: the server does not list its folders ({self.said(error)})") from None
        if any(_ALL in flags for flags in found.values()):  # which leaves out spam and trash, if anything
            matching = sorted(name for name, flags in found.items() if flags & {_ALL, rb"\Junk", rb"\Trash"})
        else:
            matching = sorted(name for name, flags in found.items() if not flags & _VIEWS)
        doubled = sorted(found.keys() - matching)
        if not matching:
            raise TkitError(f"{self._url.account}: no folder matches {printable(pattern)}: its folders: {self._folders()}")
        return matching, doubled

    def _list(self, pattern: str) -> dict[str, set[bytes]]:
        """Return the folders that can be opened, and their flags."""
        listed = self.run(lambda client: client.list_folders(pattern=pattern))
        return {str(name): set(flags) for flags, _, name in listed if not _CLOSED & set(flags)}

    def _folders(self) -> str:
        """Return the names of the folders, the first ones only."""
        found: dict[str, set[bytes]] = {}
        with suppress(Exception):  # the error that the user must see is another one
            found = self._list("*")
        names = sorted(map(printable, found))
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
        self._done = 0
        if listing.deleted:
            self._note(f"{listing.deleted:,} {_mails(listing.deleted)} marked as deleted: left out")
        spool, kept = self._spool(listing)
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
        except _REFUSED as error:
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

    def _spool(self, listing: _Listing) -> tuple[Spool | None, set[int]]:
        """Return the mails that were fetched before, and their numbers; None if a run cannot go on later, or need not."""
        if self.url.uid or not listing.uidvalidity:
            return None, set()
        try:
            spool = Spool(self.url.place)
            if spool.uidvalidity != listing.uidvalidity:
                if spool.uidvalidity is not None:
                    self._note("the server has numbered its mails anew (UIDVALIDITY): read again from the start")
                spool.start(listing.uidvalidity)
            return spool, spool.uids()
        except SpoolError as error:
            self._note(f"if this run is interrupted, it cannot go on later ({error})")
            return None, set()

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
        if spool and not spool.has_failed:
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
        except _REFUSED as error:
            if len(uids) > 1:  # one mail that the server cannot read must not hide the others
                return {uid: raw for one in uids for uid, raw in self._given([one]).items()}
            return {uids[0]: f"the server does not give this mail ({self._session.said(error)})"}
        gone = "no longer on the server: another program has moved or deleted it"
        return {uid: mail if isinstance(mail := answer.get(uid, {}).get(_BODY), bytes) else gone for uid in uids}

    def _note(self, what: str) -> None:
        self._notes.append(Note(self.url.place, what))


class Mailboxes:
    """The folders of one run by the names that the user gave them, with one session for each account.

    Raises
    ------
    TkitError
        If there are several accounts and the environment holds one password for them.
    """

    def __init__(
        self, urls: Mapping[str, MailboxUrl], notes: list[Note], ask: Callable[[str], str | None] | None = None
    ) -> None:
        self._urls = urls
        self._notes = notes
        self._sessions = {url.account: Session(url, ask) for url in urls.values()}
        self._folders: dict[str, list[ImapFolder]] = {}
        require_one_account(self._sessions)

    def __contains__(self, name: str) -> bool:
        return name in self._urls

    def folders(self, name: str) -> list[ImapFolder]:
        """Return the folders that a name stands for; several if it ends with ``*``.

        Raises
        ------
        TkitError
            See :meth:`Session.matching`.
        """
        if name not in self._folders:
            url = self._urls[name]
            session = self._sessions[url.account]
            matching = [url.folder]
            if url.folder.endswith("*"):
                matching, doubled = session.matching(url.folder)
                self._notes.append(Note(url.account, f"folders read: {', '.join(map(printable, matching))}"))
                if doubled:
                    what = f"folders skipped (their mails are in those that are read): {', '.join(map(printable, doubled))}"
                    self._notes.append(Note(url.account, what))
            self._folders[name] = [ImapFolder(url._replace(folder=folder), session, self._notes) for folder in matching]
        return self._folders[name]

    def close(self) -> None:
        """Log out everywhere."""
        for session in self._sessions.values():
            session.close()


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
