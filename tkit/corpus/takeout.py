"""What is mail in a Google Takeout: the files ``*.mbox``. Its folder of mails has another name in each language."""

from __future__ import annotations

import os
import re

_NAME = "Takeout"
_MEMBER = re.compile(rf"(?:\./)?{_NAME}/", re.DOTALL)
_MAILS = ".mbox"

NO_MAIL = "a Google Takeout without mails: export Mail at takeout.google.com, or name the part that holds Takeout/Mail"


def is_member(name: str) -> bool:
    """Return whether a member of an archive belongs to a Takeout."""
    return _MEMBER.match(name) is not None


def holds_mails(name: str) -> bool:
    """Return whether a file of a Takeout holds mails."""
    return name.lower().endswith(_MAILS)


def mail_files(folder: str) -> list[str]:
    """Return the mboxes of a folder that is an unpacked Takeout, sorted; none if it is something else."""
    if os.path.basename(os.path.abspath(folder)) != _NAME:
        return []
    services = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    return [
        os.path.join(service, name)
        for service in services
        if os.path.isdir(service) and not os.path.islink(service)
        for name in sorted(os.listdir(service))
        if holds_mails(name)
    ]


def left_out(others: int) -> str:
    """Return the words of a note on the other files of a Takeout."""
    return (
        f"a Google Takeout: its {_MAILS} files are read, {others:,} other {'file is' if others == 1 else 'files are'} left out"
    )
