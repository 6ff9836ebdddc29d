"""Read the mails of an Outlook store (``.pst``, ``.ost``) by libpff.

A store keeps properties and not the bytes of a mail. A mail is made of those that detection needs: the header fields as they
were received (PR_TRANSPORT_MESSAGE_HEADERS), the HTML body, HTML inside RTF, and attached HTML files. libpff's Python module
does not give attached mails; a Problem names the mails that have one. Contacts, appointments, tasks and other items that are
no mails are left out; received invitations are mails.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any

from tkit.corpus.raw import Note, Problem, RawMessage, printable
from tkit.mail.outlook import Attachment, NotOutlookError, html_in_rtf, item_mail

_MISSING = "an Outlook store: reading it needs libpff: pip install 'tkit[pst]'"
_CLOSED = "attachments that libpff cannot read, such as mails: {}; save this mail as .msg to have them read"
# Property identifiers (MS-OXPROPS)
_CLASS, _SENDER, _SENDER_ADDRESS, _SENDER_SMTP, _TO, _SUBJECT = 0x001A, 0x0C1A, 0x0C1F, 0x5D01, 0x0E04, 0x0037
_MIME_TAG, _METHOD = 0x370E, 0x3705
_EMBEDDED = 5  # PR_ATTACH_METHOD: a mail in the mail
_MAIL_CLASSES = ("ipm.note", "ipm.schedule.meeting", "ipm.post", "report.")
_MAX_DEPTH = 20  # of folders in folders


def read_pst(file: IO[bytes], where: str, problems: list[Problem], notes: list[Note]) -> Iterator[RawMessage]:
    """Yield the mails of a store, folder by folder, as ``where!folder/subfolder#number``.

    An item that cannot be read is a Problem, and so is a store that cannot be opened, or a missing libpff.
    """
    try:
        import pypff  # noqa: PLC0415  optional
    except ImportError:
        problems.append(Problem(where, _MISSING))
        return
    store = pypff.file()
    try:
        store.open_file_object(file)
        root = store.get_root_folder()
    except (OSError, RuntimeError, MemoryError) as error:
        problems.append(Problem(where, f"a damaged Outlook store ({_first_words(error)}): repair it with Outlook's scanpst"))
        return
    others = 0
    for name, folder in _folders(root, where, problems):
        for number in range(_number(folder, "get_number_of_sub_messages")):
            label = f"{where}!{name}#{number + 1}"
            try:
                item = folder.get_sub_message(number)
                kind = _text(item, _CLASS).lower()
                if kind and not kind.startswith(_MAIL_CLASSES):
                    others += 1
                    continue
                raw, unread = _mail(item)
            except (OSError, RuntimeError, MemoryError, ValueError) as error:
                problems.append(Problem(label, f"a damaged item ({_first_words(error)}): skipped"))
                continue
            except NotOutlookError as error:
                problems.append(Problem(label, f"an item that cannot be read ({error}): skipped"))
                continue
            if unread:
                problems.append(Problem(label, _CLOSED.format(unread)))
            yield RawMessage(label, raw)
    if others:
        notes.append(Note(where, f"items that are no mails (contacts, appointments and the like), left out: {others:,}"))


def _folders(root: Any, where: str, problems: list[Problem]) -> Iterator[tuple[str, Any]]:
    """Yield the folders with their paths, in the order of the store."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), root)]
    while waiting:
        path, folder = waiting.pop()
        if path:
            yield "/".join(path), folder
        if len(path) == _MAX_DEPTH:
            problems.append(Problem(f"{where}!{'/'.join(path)}", "folders nested too deeply: the inner ones are skipped"))
            continue
        inner = []
        for number in range(_number(folder, "get_number_of_sub_folders")):
            try:
                child = folder.get_sub_folder(number)
                inner.append(((*path, printable(child.get_name() or f"folder {number + 1}")), child))
            except (OSError, RuntimeError, MemoryError) as error:
                problems.append(Problem(f"{where}!{'/'.join(path)}", f"a damaged folder ({_first_words(error)}): skipped"))
        waiting.extend(reversed(inner))


def _number(item: Any, what: str) -> int:
    with suppress(OSError, RuntimeError):
        return int(getattr(item, what)())
    return 0


def _mail(item: Any) -> tuple[bytes, int]:
    """Return a mail, and how many of its attachments cannot be read."""
    html: bytes | str | None = item.get_html_body()
    if not html and (rtf := item.get_rtf_body()):
        html = _html_in(bytes(rtf))
    headers = item.get_transport_headers() or _fields(item)
    attachments, closed = [], 0
    for number in range(_number(item, "get_number_of_attachments")):
        attachment = _attachment(item, number)
        attachments += [attachment] if attachment else []
        closed += not attachment
    return item_mail(headers.encode("utf-8", "replace"), html, attachments), closed


def _html_in(rtf: bytes) -> bytes | None:
    try:
        return html_in_rtf(rtf)
    except NotOutlookError:
        raise
    except Exception as error:  # RTFDE documents no type for what it raises
        raise NotOutlookError(f"RTF body: {type(error).__name__}") from None


def _attachment(item: Any, number: int) -> Attachment | None:
    """Return an attachment; None if it is a mail, which libpff's Python module does not give, or cannot be read."""
    try:
        attachment = item.get_attachment(number)
        properties = _properties(attachment)
        method = properties.get(_METHOD)
        if method is not None and method.get_data_as_integer() == _EMBEDDED:
            return None
        size = attachment.get_size()
        content = attachment.read_buffer(size) if size else b""
        return Attachment(attachment.get_long_filename() or "", _string(properties.get(_MIME_TAG)).lower(), content)
    except (OSError, RuntimeError, MemoryError):
        return None


def _fields(item: Any) -> str:
    """Return the header fields of an item that never was on the way, such as a draft or one from Exchange."""
    properties = _properties(item)
    sender, recipients, subject = (_string(properties.get(name)) for name in (_SENDER, _TO, _SUBJECT))
    address = _string(properties.get(_SENDER_SMTP)) or _string(properties.get(_SENDER_ADDRESS))
    named = f'"{sender}" <{address}>' if "@" in address else sender or address
    fields = [("From", named), ("To", recipients), ("Subject", item.get_subject() or subject)]
    with suppress(OSError, RuntimeError, ValueError):
        date = item.get_delivery_time() or item.get_client_submit_time()
        if date:
            fields.append(("Date", f"{date:%a, %d %b %Y %H:%M:%S} +0000"))
    return "".join(f"{name}: {' '.join(value.split())}\n" for name, value in fields if value)


def _properties(item: Any) -> dict[int, Any]:
    """Return the properties of an item by their identifiers; the first of each."""
    found: dict[int, Any] = {}
    for number in range(_number(item, "get_number_of_record_sets")):
        for entry in item.get_record_set(number).entries:
            found.setdefault(entry.get_entry_type(), entry)
    return found


def _text(item: Any, name: int) -> str:
    return _string(_properties(item).get(name))


def _string(entry: Any) -> str:
    with suppress(OSError, RuntimeError, ValueError, AttributeError):
        return str(entry.get_data_as_string() or "").rstrip("\0")
    return ""


def _first_words(error: BaseException) -> str:
    """Return the first part of one of libpff's messages, which say for each function what failed in it."""
    return str(error).partition(": ")[2].partition(".")[0].strip() or type(error).__name__
