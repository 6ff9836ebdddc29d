"""Who the made mails are from and to, and the tokens that stand in their URLs. Every host name is reserved."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import uuid
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FIRST = (
    "Anna", "Jonas", "Maria", "David", "Lena", "Tom", "Sofia", "Paul", "Emma", "Lucas", "Clara", "Martin", "Julie", "Peter",
    "Nina", "Oscar", "Ines", "Felix", "Laura", "Simon", "Rosa", "Henrik", "Alice", "Marco",
)  # fmt: skip
LAST = (
    "Keller", "Moreau", "Lindgren", "Novak", "Rossi", "Baker", "Fischer", "Silva", "Jansen", "Hughes", "Costa", "Weber",
    "Dubois", "Larsen", "Murphy", "Schmidt", "Garcia", "Kowalski", "Bennett", "Huber",
)  # fmt: skip
MAILBOXES = ("posthaus.example", "mailbox-one.example", "lettera.test", "inbox-north.example", "fastpost.test")


class Person(NamedTuple):
    first: str
    last: str
    address: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


def reader(drawing: random.Random) -> Person:
    """Return somebody with a private mailbox."""
    first, last = drawing.choice(FIRST), drawing.choice(LAST)
    local = drawing.choice((f"{first}.{last}", f"{first[0]}{last}", f"{first}{drawing.randint(60, 99)}")).lower()
    return Person(first, last, f"{local}@{drawing.choice(MAILBOXES)}")


def writer(drawing: random.Random, domain: str) -> Person:
    """Return somebody who writes from a company."""
    first, last = drawing.choice(FIRST), drawing.choice(LAST)
    local = drawing.choice((first, f"{first}.{last}", f"{first[0]}.{last}")).lower()
    return Person(first, last, f"{local}@{domain}")


class Tokens(dict[str, str]):
    """The values of the fields of a URL's pattern, drawn when asked for; the same field has the same value.

    ``{hex24}`` are 24 hexadecimal digits, ``{num7}`` a number of 7 digits, ``{b62x10}`` 10 letters or digits, ``{b64x30}``
    and ``{b32x40}`` likewise, ``{uuid}``, ``{UUID}``, ``{jwt}``, ``{signature}``, ``{time}``; ``{email}``, ``{b64email}``,
    ``{md5email}`` and ``{hash40email}`` say who the reader is, ``{b64sender}`` who the writer is. A second value of a form has
    a suffix, ``{hex24_b}``. A field that begins with ``same_`` has one value in all mails of its `campaign`.
    """

    def __init__(self, drawing: random.Random, to: Person, sender: Person, campaign: str) -> None:
        super().__init__(
            first=to.first,
            last=to.last,
            sender=sender.name,
            name=to.name,
            email=quote(to.address, safe=""),
            b64email=quote(base64.b64encode(to.address.encode()).decode(), safe=""),
            md5email=hashlib.md5(to.address.encode()).hexdigest(),
            hash40email=hashlib.sha1(to.address.encode()).hexdigest(),
            b64sender=quote(base64.b64encode(sender.address.encode()).decode(), safe=""),
            md5sender=hashlib.md5(sender.address.encode()).hexdigest(),
            brand=sender.address.partition("@")[2],
        )
        self._drawing, self._to, self._campaign = drawing, to, campaign

    def __missing__(self, field: str) -> str:
        form = field.removeprefix("same_").partition("_")[0]
        drawing = random.Random(f"{self._campaign} {field}") if field.startswith("same_") else self._drawing
        self[field] = value = self._value(form, drawing)
        return value

    def _value(self, form: str, drawing: random.Random) -> str:
        sized = re.fullmatch(r"(hex|num|b62x|b64x|b32x|low)(\d+)", form)
        if sized:
            return _CHARACTERS[sized[1]](drawing, int(sized[2]))
        return {
            "uuid": lambda: str(uuid.UUID(int=drawing.getrandbits(128), version=4)),
            "UUID": lambda: str(uuid.UUID(int=drawing.getrandbits(128), version=4)).upper(),
            "time": lambda: str(1_764_000_000 + drawing.randrange(3_000_000)),
            "jwt": lambda: self._jwt(drawing),
            "signature": lambda: (
                base64.b64encode(drawing.randbytes(32)).decode().replace("+", "%2B").replace("/", "%2F")[:-1] + "%3D"
            ),
            "json64": lambda: _base64url(
                json.dumps({"e": self._to.address, "c": drawing.randrange(10**6), "t": "open"}).encode()
            ),
        }[form]()

    def _jwt(self, drawing: random.Random) -> str:
        head = _base64url(b'{"alg":"HS256","typ":"JWT"}')
        body = json.dumps({"sub": str(drawing.randrange(10**8)), "iat": 1_764_000_000 + drawing.randrange(10**6)})
        return f"{head}.{_base64url(body.encode())}.{_base64url(drawing.randbytes(32))}"


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _from(alphabet: str) -> Callable[[random.Random, int], str]:
    return lambda drawing, length: "".join(drawing.choices(alphabet, k=length))


_CHARACTERS: dict[str, Callable[[random.Random, int], str]] = {
    "hex": _from("0123456789abcdef"),
    "num": lambda drawing, length: str(drawing.randrange(10 ** (length - 1), 10**length)),
    "b62x": _from(BASE62),
    "b64x": _from(BASE62 + "-_"),
    "b32x": _from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    "low": _from("abcdefghijklmnopqrstuvwxyz0123456789"),
}
