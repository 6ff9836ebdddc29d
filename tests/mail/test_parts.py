"""The parts are those of the standard library, which is asked for every mail that is made here."""

import email
import email.message

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tkit.mail.parts import MAX_NESTING, Leaf, is_too_nested, leaves


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
        b'Content-Type: multipart/x; boundary=""', b'Content-Type: multipart/mixed; boundary="a\n b"',
        b"Content-Type: multipart/mixed", b"Content-Type: text/html", b"content-type: message/rfc822",
        b"Content-Type: message/delivery-status\n", b"boundary=a", b"From x\nA: b",
    ]
)  # fmt: skip
ENDS = st.sampled_from([b"\n", b"\n", b"\r\n", b"\r", b""])


@given(st.booleans(), st.lists(st.tuples(LINES, ENDS), max_size=14))
def test_the_parts_are_those_of_the_standard_library(multipart: bool, lines: list[tuple[bytes, bytes]]) -> None:
    head = b"Content-Type: multipart/mixed; boundary=a\n\n" if multipart else b""
    raw = head + b"".join(line + end for line, end in lines)
    assert own(raw) == standard(raw)


PIECES = st.sampled_from(
    [
        b"multipart/mixed", b"text/html", b"/", b";", b"; ", b"boundary=", b"; boundary=", b"Boundary =", b"boundary*=",
        b"boundary*0=", b"boundary*1*=", b'"', b"----=_Next.1", b"abc", b"x?=", b"\\", b'\\"', b"<", b">", b"us-ascii''",
        b"utf-8'en'%41", b"%20", b" ", b"\n ", b"\r\n\t", b"charset=", b"utf-8", b"(comment)", b"type=text/html", b"\xe9",
        b"\x01", b"=", b"=?utf-8?q?a?=", b"\nContent-Type:", b"\ncontent-transfer-encoding: base64", b"x-content-type:",
    ]
)  # fmt: skip
STARTS = st.sampled_from(
    [b"Content-Type: ", b"content-type:multipart/mixed; boundary=", b'A: b\r\nCONTENT-TYPE: multipart/x;\n\tboundary="']
)


def boundary_of(head: email.message.Message) -> str | None:
    try:
        return head.get_boundary()
    except (TypeError, LookupError, ValueError):
        return None


@given(STARTS, st.lists(PIECES, max_size=9))
@example(b"Content-Type: boundary=text/html", [])
@example(b"Content-Type: multipart/mixed; charset=boundary=a; boundary=b", [])
@example(b"Content-Type: multipart/mixed; boundary=charset=a", [])
def test_a_head_is_read_as_by_the_standard_library(start: bytes, pieces: list[bytes]) -> None:
    block = start + b"".join(pieces) + b"\n"
    head = email.message_from_bytes(block)
    boundary = boundary_of(head)
    raw = block + b"\n--" + (boundary or "").encode("utf-8", "surrogateescape") + b"\n\nx"
    assert own(raw) == standard(raw)


def test_a_boundary_of_two_lines_is_found_on_none() -> None:
    raw = b'Content-Type: multipart/mixed; boundary="a\n b"\n\n--a\n b\n\nx'
    assert own(raw) == standard(raw) == [("multipart/mixed", None)]


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


def test_a_field_that_no_mail_server_lets_through_is_read_to_a_length() -> None:
    for length, parts in ((102_000, ["text/html"]), (103_000, ["multipart/mixed"])):
        head = b"Content-Type: multipart/mixed; a=" + b"b" * length + b"; boundary=c\n\n"
        assert [leaf.content_type for leaf in leaves(head + b"--c\nContent-Type: text/html\n\n")] == parts


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
    assert is_too_nested(raw) == too_nested


def test_forwarded_messages_inside_one_another() -> None:
    for messages, kind, too_nested in ((MAX_NESTING, "text/html", False), (MAX_NESTING + 1, "message/rfc822", True)):
        raw = b"Content-Type: message/rfc822\n\n" * messages + b"Content-Type: text/html\n\n<b>"
        assert [leaf.content_type for leaf in leaves(raw)] == [kind]
        assert is_too_nested(raw) == too_nested


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
