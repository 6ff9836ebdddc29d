"""Find the mails of a Thunderbird profile, and read nothing else in it: no passwords, no address books.

A profile holds ``prefs.js`` and, for each account, a folder in ``Mail`` (local folders, POP3, feeds) or ``ImapMail``. A mail
folder ``NAME`` there is a file in mbox format or a maildir (``NAME/cur``), its summary is ``NAME.msf`` and its subfolders
are in ``NAME.sbd``. A summary alone means that the mails are kept on the server only.

Thunderbird leaves deleted mails in an mbox until it compacts the folder. It marks them in a header of its own, which stands
before the fields of the mail, so that no sender can mark a mail in that way.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from tkit.corpus.mbox import MBOX_START
from tkit.corpus.raw import Note, RawMessage, printable

SUMMARY = ".msf"

_STORES = ("Mail", "ImapMail")
_SUBFOLDERS = ".sbd"
_EXPUNGED = 0x0008  # nsMsgMessageFlags::Expunged
_STATUS = re.compile(
    rb"(?:X-(?:Account-Key|UIDL|Mozilla-(?!Status:)[A-Za-z0-9-]+):[^\n]*\n)*X-Mozilla-Status:[ \t]*([0-9A-Fa-f]{4})\b"
)
# What Thunderbird itself does not take for a mail folder, and what feeds and searches keep beside the folders.
_NO_FOLDER = re.compile(
    r"[.#].*|.*~|.*\.(?:msf|dat|html|json|rdf|snm|toc|log|js|sqlite|mozmsgs|wdseml)|(?:feeds|feeditems)[._].*", re.IGNORECASE
)
_FEEDS = {"feeds.json", "feeds.rdf"}
_MBOX_HEAD_BYTES = 2**10


class MailFolder(NamedTuple):
    """One mail folder: its name as Thunderbird shows it, its files, and why it is skipped (``""`` if it is read)."""

    name: str
    files: tuple[str, ...]
    skipped: str = ""


def is_profile(folder: str) -> bool:
    """Return whether a folder is a profile."""
    return os.path.isfile(os.path.join(folder, "prefs.js")) and any(map(os.path.isdir, stores_of(folder)))


def is_account(names: list[str]) -> bool:
    """Return whether a folder with these names in it holds mail folders of Thunderbird."""
    return any(name.endswith(SUMMARY) for name in names)


def stores_of(profile: str) -> list[str]:
    """Return the folders of a profile that may hold accounts."""
    return [os.path.join(profile, store) for store in _STORES]


def profiles_in(folder: str) -> list[str]:
    """Return the profiles beside a ``profiles.ini``, such as those in ``~/.thunderbird``; none if there is no such file."""
    if not os.path.isfile(os.path.join(folder, "profiles.ini")):
        return []
    places = [folder, os.path.join(folder, "Profiles")]
    entries = [os.path.join(place, name) for place in places if os.path.isdir(place) for name in sorted(os.listdir(place))]
    return [entry for entry in entries if is_profile(entry)]


def accounts_of(profile: str) -> list[str]:
    """Return the folders of a profile's accounts.

    Raises
    ------
    OSError
        If a folder cannot be read.
    """
    return [
        os.path.join(store, name)
        for store in stores_of(profile)
        if os.path.isdir(store)
        for name in sorted(os.listdir(store))
        if os.path.isdir(os.path.join(store, name)) and not name.startswith(".")
    ]


def mail_folders(account: str, prefix: str = "") -> Iterator[MailFolder]:
    """Yield the mail folders of an account and their subfolders, sorted by name.

    Raises
    ------
    OSError
        If a folder cannot be read.
    """
    names = set(os.listdir(account))
    if names & _FEEDS:
        yield MailFolder(prefix or "all", (), "feeds, not mails")
        return
    folders = {name.removesuffix(SUMMARY) for name in names if name.endswith((SUMMARY, _SUBFOLDERS))}
    folders = {name.removesuffix(_SUBFOLDERS) for name in folders}
    for name in sorted(folders | {name for name in names if not _is_no_folder(name)}):
        path = os.path.join(account, name)
        if _is_account_itself(path):
            yield from mail_folders(path, f"{prefix}{name}/")
        elif name in names or name + SUMMARY in names:
            yield _mail_folder(path, prefix + name)
        if name + _SUBFOLDERS in names and os.path.isdir(path + _SUBFOLDERS):
            yield from mail_folders(path + _SUBFOLDERS, f"{prefix}{name}/")


def notes_of(account: str, folders: list[MailFolder]) -> list[Note]:
    """Return which of an account's folders are read, and which are skipped and why."""
    where = printable(account)
    read = [printable(folder.name) for folder in folders if not folder.skipped]
    notes = [Note(where, f"mail folders read: {', '.join(read)}")] if read else []
    reasons = dict.fromkeys(folder.skipped for folder in folders if folder.skipped)
    for why in reasons:
        names = ", ".join(printable(folder.name) for folder in folders if folder.skipped == why)
        notes.append(Note(where, f"mail folders skipped ({why}): {names}"))
    return notes or [Note(where, "no mail folder")]


def without_deleted(mails: Iterator[RawMessage], where: str, notes: list[Note]) -> Iterator[RawMessage]:
    """Yield the mails that are not marked as deleted; a note says how many are."""
    deleted = 0
    for mail in mails:
        if is_deleted(mail.raw):
            deleted += 1
        else:
            yield mail
    if deleted:
        notes.append(Note(where, f"{deleted:,} deleted {'mail' if deleted == 1 else 'mails'}, not yet compacted: left out"))


def is_deleted(raw: bytes) -> bool:
    """Return whether Thunderbird has marked a mail as deleted."""
    status = _STATUS.match(raw)
    return status is not None and bool(int(status[1], 16) & _EXPUNGED)


def _is_no_folder(name: str) -> bool:
    return name.endswith(_SUBFOLDERS) or _NO_FOLDER.fullmatch(name) is not None


def _is_account_itself(path: str) -> bool:
    """Return whether a folder beside a summary is an account, as in ``ImapMail``, and not a maildir."""
    return os.path.isdir(path) and not os.path.islink(path) and is_account(os.listdir(path))


def _mail_folder(path: str, name: str) -> MailFolder:
    if os.path.islink(path) and os.path.isdir(path):
        return MailFolder(name, (), "a link is not followed")
    if os.path.isdir(path):
        boxes = [os.path.join(path, box) for box in ("cur", "new")]
        found = [os.path.join(box, file) for box in boxes if os.path.isdir(box) for file in sorted(os.listdir(box))]
        if not os.path.isdir(boxes[0]):
            return MailFolder(name, (), "neither an mbox nor a maildir")
        return MailFolder(name, tuple(file for file in found if not os.path.basename(file).startswith(".")))
    if not os.path.isfile(path):
        return MailFolder(name, (), "its mails are on the server only: read them by imaps://")
    with open(path, "rb") as file:
        head = file.read(_MBOX_HEAD_BYTES)
    if head and not MBOX_START.match(head):
        return MailFolder(name, (), "neither an mbox nor a maildir")
    return MailFolder(name, (path,) if head else ())
