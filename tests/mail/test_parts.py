"""The parts are those of the standard library, which is asked for every mail that is made here."""

import email
import email.errors
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tkit.mail.parts import MAX_NESTING, TOO_NESTED, Leaf, Walk, leaves


def own(raw: bytes) -> list[tuple[str, bytes | None]]:
    return [(leaf.content_type, None if holds_none(leaf.content_type) else raw[leaf.start : leaf.end]) for leaf in leaves(raw)]


def holds_none(content_type: str) -> bool:
    """Tell of which leaves the body is not compared: a multipart without parts, and a report that is left whole."""
    return content_type.startswith("multipart/") or content_type == "message/delivery-status"


def standard(raw: bytes) -> list[tuple[str, bytes | None]]:
    found: list[tuple[str, bytes | None]] = []
    waiting = [email.message_from_bytes(raw)]
    while waiting:
        node = waiting.pop()
        payload = node._payload  # type: ignore[attr-defined]
        content_type = node.get_content_type()
        if content_type != "message/delivery-status" and isinstance(payload, list):
            waiting.extend(reversed(payload))
        else:
            found.append((content_type, None if holds_none(content_type) else payload.encode("ascii", "surrogateescape")))
    return found


LINES = st.sampled_from(
    [
        b"--a", b"--b", b"--a--", b"--b--", b"--ab", b"--a \t", b"----", b"", b"", b"", b"x", b" x", b"A: b", b":", b"\xe9",
        b"Content-Type: multipart/mixed; boundary=a", b'Content-Type: multipart/mixed; boundary="b"',
        b"Content-Type: multipart/alternative;\n boundary=--", b"Content-Type: multipart/digest; boundary=a",
        b'Content-Type: multipart/x; boundary=""', b"Content-Type: multipart/mixed", b"Content-Type: text/html",
        b"content-type: message/rfc822", b"Content-Type: message/delivery-status\n", b"boundary=a", b"From x\nA: b",
    ]
)  # fmt: skip
ENDS = st.sampled_from([b"\n", b"\n", b"\r\n", b"\r", b""])


def is_sound(raw: bytes) -> bool:
    """Tell whether every message begins with a field, every head ends with an empty line, and no type has a folded line more.

    Other heads are read as mail programs read them, see test_headers.py, and not as the standard library does.
    """
    waiting = [(email.message_from_bytes(raw), True)]
    while waiting:
        node, is_message = waiting.pop()
        if any(isinstance(defect, email.errors.MissingHeaderBodySeparatorDefect) for defect in node.defects):
            return False
        if is_message and not any(name.lower() == "content-type" for name, _ in node.items()):
            return False
        if not re.match(r"[\w.+-]+/[\w.+-]+(;|$)", node.get("Content-Type", "text/plain")):  # nor do they agree on other types
            return False
        payload = node._payload  # type: ignore[attr-defined]
        is_message = node.get_content_maintype() == "message" and node.get_content_type() != "message/delivery-status"
        waiting += [(child, is_message) for child in payload if isinstance(payload, list)]
    return True


@given(st.lists(st.tuples(LINES, ENDS), max_size=14))
def test_the_parts_of_a_sound_mail_are_those_of_the_standard_library(lines: list[tuple[bytes, bytes]]) -> None:
    raw = b"Content-Type: multipart/mixed; boundary=a\n\n" + b"".join(line + end for line, end in lines)
    assume(is_sound(raw))
    assert own(raw) == standard(raw)


def test_a_boundary_that_begins_as_another_is_none() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=a\n\n--a\n\nx\n--ab\ny\n--a--\n"
    assert own(raw) == [("text/plain", b"x\n--ab\ny")]


def test_of_equal_boundaries_the_outer_has_the_line() -> None:
    head = b"Content-Type: multipart/mixed; boundary=a\n\n"
    assert own(head + b"--a\n" + head + b"--a\n\nx\n--a--\n") == [("multipart/mixed", None), ("text/plain", b"x")]


def test_what_the_headers_say_and_what_guards_a_part() -> None:
    raw = (
        b"Content-Type: multipart/signed; boundary=a\n\n"
        b"--a\nContent-Type: TEXT/html; charset='UTF-8'\nContent-Transfer-Encoding: Base64 \n\nPGI+\n--a--"
    )
    assert leaves(raw) == [Leaf("text/html", "utf-8", "base64", 125, 129, "multipart/signed")]
    assert raw[125:129] == b"PGI+"


def nested(depth: int) -> bytes:
    opened = b"".join(b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (level, level + 1) for level in range(depth))
    return b"Content-Type: multipart/mixed; boundary=b0\n\n" + opened + b"--b%d\nContent-Type: text/html\n\n<b>" % depth


@pytest.mark.parametrize(
    ("multiparts", "kinds", "too_nested"),
    [
        (MAX_NESTING, ["text/html"], False),
        (MAX_NESTING + 1, ["multipart/mixed"], True),
        (100_000, ["multipart/mixed"], True),
    ],
)
def test_multiparts_inside_one_another(multiparts: int, kinds: list[str], too_nested: bool) -> None:
    raw = nested(multiparts - 1)
    assert [leaf.content_type for leaf in leaves(raw)] == kinds
    assert (Walk(raw).unread == [TOO_NESTED]) == too_nested


def test_forwarded_messages_inside_one_another() -> None:
    for messages, kind, too_nested in ((MAX_NESTING, "text/html", False), (MAX_NESTING + 1, "message/rfc822", True)):
        raw = b"Content-Type: message/rfc822\n\n" * messages + b"Content-Type: text/html\n\n<b>"
        assert [leaf.content_type for leaf in leaves(raw)] == [kind]
        assert (Walk(raw).unread == [TOO_NESTED]) == too_nested


class Counted(bytes):
    """A mail that counts the searches in it and the bytes that they passed."""

    searches = 0
    passed = 0

    def find(self, sub: bytes, start: int = 0, end: int | None = None) -> int:  # type: ignore[override]
        found = super().find(sub, start, len(self) if end is None else end)
        self.searches += 1
        self.passed += max(0, (found if found >= 0 else min(len(self), len(self) if end is None else end)) - start)
        return found


MULTIPART = b"Content-Type: multipart/mixed; boundary=%s\n\n"


def test_every_byte_is_searched_a_few_times_at_most() -> None:
    text = b"=20 and nothing else in this line\n" * 100
    for name, raw, parts in (
        ("parts", MULTIPART % b"a" + (b"--a\n\n" + text) * 1000, 1000),
        ("lines that begin as a boundary", MULTIPART % b"a" + b"--a\n\n" + b"--ab\n" * 50_000, 1),
        ("boundaries and nothing between", MULTIPART % b"a" + b"--a\n" * 50_000, 1),
        ("dashes in one line", MULTIPART % b"-" + b"---\n\n" + b"-" * 300_000, 1),
        ("dashes in lines", MULTIPART % b"-" + b"---\n\n" + (b"-" * 75 + b"\n") * 5000, 1),
        ("a boundary that never comes", MULTIPART % b"a" + b"--a\n" + MULTIPART % b"b" + (b"--a\n\n" + text) * 1000, 1001),
    ):
        mail = Counted(raw)
        assert len(leaves(mail)) == parts, name
        assert mail.passed <= 4 * len(raw), name
        assert mail.searches <= 4 * raw.count(b"\n") + 10, name


def test_open_multiparts_cost_one_search_of_the_mail_each() -> None:
    inner = nested(100).replace(b"text/html\n\n<b>", b"message/rfc822\n\n")
    text = b"nothing in this line\n" * 10_000
    mail = Counted(
        MULTIPART % b"out" + b"--out\n" + inner + b"Content-Type: message/rfc822\n\n" * 100 + b"\n" + text + b"--out\n\nx"
    )
    assert [leaf.content_type for leaf in leaves(mail)] == ["text/plain", "text/plain"]
    assert mail.passed <= 110 * len(mail)
