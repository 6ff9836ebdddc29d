"""Apple Mail's ``.emlx``: the mail's length on a line of its own, the mail, and a property list."""

from __future__ import annotations

import re
from typing import NamedTuple

_LENGTH_LINE = re.compile(rb"([0-9]{1,10})([ \t]*)\r?\n")

_PLIST_BYTES = 100  # behind the mail, in which the list must begin


class Emlx(NamedTuple):
    """The pieces of a file: ``before + mail + after``."""

    before: bytes
    mail: bytes
    after: bytes

    def with_mail(self, mail: bytes) -> bytes:
        r"""Return the file with another mail.

        >>> split_emlx(b"12  \nSubject: a\n\n<plist/>").with_mail(b"Subject: ab\n\n")
        b'13  \nSubject: ab\n\n<plist/>'
        """
        line_end = self.before.lstrip(b"0123456789 \t")
        length = str(len(mail)).encode().ljust(len(self.before) - len(line_end))
        return length + line_end + mail + self.after


def split_emlx(raw: bytes) -> Emlx | None:
    """Return the pieces of an ``.emlx`` file, None if the bytes are not one."""
    line = _LENGTH_LINE.match(raw)
    if line is None:
        return None
    end = line.end() + int(line[1])
    after = raw[end : end + _PLIST_BYTES].lstrip()
    if end > len(raw) or (after and not after.startswith((b"<?xml", b"<!DOCTYPE plist", b"<plist"))):
        return None
    return Emlx(line[0], raw[line.end() : end], raw[end:])
