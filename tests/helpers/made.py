"""Mails, mboxes and archives made by hand, and how the tests read them."""

import hashlib
import io
import os
import tarfile
import zipfile

from tkit.corpus import read_raw


def mail(number, body="Hello\n"):
    return f"From: a{number}@example.com\nSubject: {number}\n\n{body}".encode()


def read(*paths, base=None):
    """Return what was read, as (where, raw), and the problems, as (where, what); `where` relative to `base`."""
    problems = []
    messages = [tuple(message) for message in read_raw(paths, problems=problems)]
    prefix = "" if base is None else f"{base}{os.sep}"
    return (
        [(where.removeprefix(prefix), raw) for where, raw in messages],
        [(where.removeprefix(prefix), what) for where, what in problems],
    )


def mbox(*mails, separator=b"From a@example.com Thu Jan  1 00:00:00 2026\n"):
    return b"".join(separator + raw + b"\n" for raw in mails)


def tar(*members, mode="w", tar_format=tarfile.PAX_FORMAT):
    """Build a tar of (name, content); a TarInfo stands for itself, without content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=tar_format) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            archive.addfile(info, io.BytesIO(member[1]))
    return buffer.getvalue()


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def special(name, kind, **attributes):
    info = tarfile.TarInfo(name)
    info.type = kind
    for attribute, value in attributes.items():
        setattr(info, attribute, value)
    return info


def random_text(seed):
    return "\n".join(hashlib.sha256(f"{seed} {line}".encode()).hexdigest() for line in range(200))
