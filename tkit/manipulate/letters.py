"""Labelled pictures placed into one-to-one letters, to train on: the corpora hold hardly any letter with a picture.

A letter is a real reply, sent to a person or through a mailing list, without a reference of its own; what a list adds to it
is dropped. The labelled picture is placed into it as the only one, with the parties of the mail that it comes from: sender,
recipient and message id stay what its URL may name, while text, quoted text, way of writing and the other headers are the
letter's. Sales tools and mail clients track such letters; their receipts declare one point, none, or nothing, or are hidden,
and are often named as a picture (Hu et al., IEEE S&P 2019).
"""

from __future__ import annotations

import email
import email.policy
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from html import escape
from typing import NamedTuple

import numpy as np
import pandas as pd

from tkit.features import KEY, extract, feature_names
from tkit.html import RemoteReference, read_message
from tkit.html.source import start_tag
from tkit.mail import Message
from tkit.manipulate.urls import jpg, neutral_words, sender_domain, short_token, split_token
from tkit.url import registrable_domain, unwrap

LETTER = "letter+"
"""How the column ``manipulation`` of a copy in a letter begins."""

TRACKER_FORMS = ("as-written", "receipt", "receipt+picture-name", "receipt+disguised-url")
"""How a tracker is placed: its own tag; as a receipt is declared; as one named as a picture; as one with a disguised URL."""

PICTURE_FORMS = ("as-written", "signature")
"""How a picture that is to be seen is placed: its own tag; in the size and with the alt text of a signature."""

_LINES = (2, 80)
"""Fewest and most lines of a letter."""

_LEAST_QUOTED = 2
"""Fewest quoted lines of a plain reply: spam that pretends to answer quotes nothing."""

_PARTIES = ("from", "sender", "to", "cc", "delivered-to", "x-original-to", "date", "message-id")
"""Headers that come with the picture, because its URL may name what is in them."""

_KEPT = (
    "received",
    "subject",
    "in-reply-to",
    "references",
    "user-agent",
    "x-mailer",
    "organization",
    "importance",
    "x-priority",
    "thread-index",
    "thread-topic",
)
"""Headers that stay the letter's: those that a writer's program and the servers on its way write."""

_RECEIVED = 3
"""How many ``Received`` fields stay: a list's servers add some."""

_TAG = re.compile(r"\[[^\]]{2,30}\]\s*")
_FOOTER = re.compile(r"[_=*-]{20,}\s*\Z")
_FOOTER_LINES = 8
_WROTE = re.compile(r"On .{10,80} wrote:|.{1,60}\b(?:wrote|writes|said|schrieb)\b.{0,30}:\s*\Z")
_URL = re.compile(r"https?://[^\s<>\"']+[\w/]")
_BREAK = re.compile(r"</p>|</div>|<br\s*/?>", re.IGNORECASE)
_BODY = re.compile(r"<body[^>]*>", re.IGNORECASE)
_BODY_END = re.compile(r"</body|</html|\Z", re.IGNORECASE)
_QUOTE_TAG = re.compile(r"<blockquote|<div[^>]*(?:quote|OutlookMessageHeader)|<hr", re.IGNORECASE)

# How receipts are declared: one point, none, nothing, hidden, or by CSS alone.
_RECEIPTS: tuple[Mapping[str, str], ...] = (
    {"width": "1", "height": "1", "alt": ""},
    {"width": "1", "height": "1", "border": "0"},
    {"height": "1", "width": "1", "style": "display:none"},
    {"width": "0", "height": "0"},
    {"width": "0", "height": "0", "style": "display:block"},
    {"style": "width:1px;height:1px"},
    {"style": "max-height:0;width:0;overflow:hidden", "alt": ""},
    {"style": "display:none"},
    {"style": "visibility:hidden"},
    {"alt": ""},
    {},
)
# How pictures of a signature are: logos, badges, photos.
_SIGNATURES: tuple[Mapping[str, str], ...] = (
    {"width": "120", "height": "40", "alt": "Logo"},
    {"width": "150", "alt": ""},
    {"width": "96", "height": "96"},
    {"width": "24", "height": "24", "alt": ""},
    {"width": "200", "height": "60", "style": "display:block"},
    {"width": "80", "height": "80", "style": "border-radius:50%"},
    {"style": "width:160px;height:auto"},
    {"height": "48", "alt": "Visit our website"},
    {"border": "0"},
    {},
)
_NAMES = ("logo", "image", "pixel", "spacer", "img", "signature", "banner", "icon", "blank", "photo")
_EXTENSIONS = ("png", "gif", "jpg", "png")


class Letter(NamedTuple):
    """A one-to-one mail without a reference.

    Attributes
    ----------
    sender : str
        Registrable domain of who wrote it.
    headers : tuple of (str, str)
        Names and values of the header fields that a copy keeps.
    lines : tuple of str
        The lines that the sender wrote; empty where it has HTML of its own.
    answered : tuple of str
        The lines that are quoted, without their marks; empty where it has HTML of its own.
    html : str
        Its HTML; ``""`` where it is plain text.
    quoted : int
        The position in ``html`` at which the mail that it answers begins.
    """

    sender: str
    headers: tuple[tuple[str, str], ...]
    lines: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    html: str = ""
    quoted: int = 0


def letter_of(raw: bytes) -> Letter | None:
    """Return a mail as a letter that a picture can be placed into.

    Parameters
    ----------
    raw : bytes
        The mail.

    Returns
    -------
    Letter or None
        None for what answers no other mail or quotes nothing of it, has hardly any text or very much, or contains a reference
        or an attachment. Never raises.
    """
    message = Message.from_bytes(raw)
    names = message.header_names
    if not message.from_domain or not ("in-reply-to" in names or "references" in names):
        return None
    if message.html_parts:
        return _html_letter(message)
    lines = _without_footer(_plain_text(raw).rstrip().splitlines())
    answered = tuple(line.lstrip("> ") for line in lines if line.startswith(">"))
    own = tuple(line for line in lines if not line.startswith(">") and not _WROTE.match(line))
    if len(answered) < _LEAST_QUOTED or not _LINES[0] <= sum(map(bool, map(str.strip, own))) <= _LINES[1]:
        return None
    return Letter(registrable_domain(message.from_domain), _kept_headers(message), own, answered)


def _kept_headers(message: Message) -> tuple[tuple[str, str], ...]:
    fields = [(name, value) for name in _KEPT for value in message.headers.get(name, ())[:_RECEIVED]]
    return tuple((name, _TAG.sub("", value) if name == "subject" else value) for name, value in fields)


def _without_footer(lines: list[str]) -> list[str]:
    """Return a text without what a mailing list adds to its end."""
    start = max(0, len(lines) - _FOOTER_LINES)
    end = next((number for number in range(start, len(lines)) if _FOOTER.match(lines[number])), len(lines))
    return lines[:end]


def _html_letter(message: Message) -> Letter | None:
    if len(message.html_parts) > 1 or set(message.content_types) - {"text/plain", "text/html"}:
        return None
    html = message.html_parts[0]
    body = _BODY.search(html)
    start = body.end() if body else 0
    quote = _QUOTE_TAG.search(html, start)
    if quote is None or not _LINES[0] <= len(_BREAK.findall(html, start, quote.start())) <= 2 * _LINES[1]:
        return None
    if any(document.references for document in read_message(message)):
        return None
    return Letter(registrable_domain(message.from_domain), _kept_headers(message), html=html, quoted=quote.start())


def _plain_text(raw: bytes) -> str:
    """Return the text of a mail that is one text/plain part, ``""`` for any other."""
    with suppress(Exception):  # the standard library raises at some bad mails
        message = email.message_from_bytes(raw, policy=email.policy.compat32)
        if message.get_content_type() == "text/plain" and "attachment" not in str(message.get("Content-Disposition", "")):
            payload = message.get_payload(decode=True)
            if isinstance(payload, bytes):
                try:
                    return payload.decode(message.get_content_charset() or "latin-1", "replace")
                except LookupError:
                    return payload.decode("latin-1")
    return ""


def placed(
    letter: Letter,
    source: Message,
    reference: RemoteReference,
    form: str,
    drawing: random.Random,
    *,
    tracker: bool,
    links: Sequence[str] = (),
) -> bytes:
    """Place a picture of another mail into a letter as its only one.

    Parameters
    ----------
    letter : Letter
    source : Message
        The mail that the picture is in; its parties write the letter.
    reference : RemoteReference
        An ``<img src>`` of the mail.
    form : str
        Of :data:`TRACKER_FORMS` or :data:`PICTURE_FORMS`.
    drawing : random.Random
        Decides on the place, the way of writing and what the form leaves open.
    tracker : bool
        Whether it stands where receipts do, or where pictures do: with the signature or in the text, in its link.
    links : sequence of str
        Of the mail that the picture is in; the signature may link to the first.

    Returns
    -------
    bytes
        The new mail.
    """
    url = unwrap(reference.resolved_url)
    if form.endswith("picture-name"):
        url = picture_name(url, drawing.choice(_NAMES), drawing.choice(_EXTENSIONS))
    elif form.endswith("disguised-url"):
        url = _disguised(url, registrable_domain(source.from_domain), drawing)
    if form.startswith("receipt"):
        attributes = {"src": url, **drawing.choice(_RECEIPTS)}
    elif form == "signature":
        attributes = {"src": url, **drawing.choice(_SIGNATURES)}
    else:
        attributes = {**reference.attributes, "src": url}
    markup = start_tag("img", attributes)
    link = reference.ancestry.link
    if link and not tracker:
        markup = f'<a href="{escape(link)}">{markup}</a>'
    place = drawing.choice(("signature", "end", "end", "top", "text") if tracker else ("signature", "signature", "text"))
    here = {name: markup if name == place else "" for name in ("top", "text", "signature", "end")}
    here["signature"] = _site(registrable_domain(source.from_domain), links, drawing) + here["signature"]
    keeps_quote = drawing.random() < 0.5
    html = _in_html(letter, here, keeps_quote) if letter.html else _written(letter, here, keeps_quote, drawing)
    return _mail(letter, source, html, drawing)


def _site(domain: str, links: Sequence[str], drawing: random.Random) -> str:
    """Return the link that a signature has, or none: to the sender's site, or the first of some links."""
    href = drawing.choice((f"https://www.{domain}/" if domain else "", next(iter(links), ""), ""))
    return f'<a href="{escape(href)}">{escape(domain or "www")}</a>' if href else ""


def picture_name(url: str, name: str, extension: str) -> str:
    """Let the path end with a picture's name, behind the identifier if the path ends with one.

    >>> picture_name("https://a.example/o/open.php?id=7", "logo", "png")
    'https://a.example/o/logo.png?id=7'
    >>> picture_name("https://a.example/o/b81e2c7f.gif", "pixel", "png")
    'https://a.example/o/b81e2c7f/pixel.png'
    """
    base, mark, query = url.partition("#")[0].partition("?")
    start = base.find("/", base.find("//") + 2)
    folder, _, last = base.rpartition("/") if start >= 0 else (base, "", "")
    stem = last.partition(".")[0]
    if any(map(str.isdigit, stem)) or len(stem) > 20:
        folder += f"/{stem}"
    return f"{folder}/{name}.{extension}{mark}{query}"


def _disguised(url: str, sender: str, drawing: random.Random) -> str:
    ways: list[Callable[[str], str]] = [
        jpg,
        lambda plain: neutral_words(plain, drawing.randrange(8)),
        lambda plain: short_token(plain, drawing.choice((6, 8, 10))),
        lambda plain: split_token(plain, drawing.choice((3, 4, 6))),
    ]
    if sender:
        ways.append(lambda plain: sender_domain(plain, sender))
    return drawing.choice(ways)(url)


def _in_html(letter: Letter, here: Mapping[str, str], keeps_quote: bool) -> str:
    """Return the HTML of a letter that has its own, with what is placed at each place."""
    html, quoted = letter.html, letter.quoted
    body = _BODY.search(html)
    start = body.end() if body else 0
    end = _BODY_END.search(html, quoted)
    last = end.start() if end else len(html)
    breaks = [found.end() for found in _BREAK.finditer(html, start, quoted)]
    middle = breaks[len(breaks) // 2]
    quote = html[quoted:last] if keeps_quote else ""
    pieces = (html[:start], here["top"], html[start:middle], here["text"], html[middle:quoted], here["signature"], quote)
    return "".join((*pieces, here["end"], html[last:]))


def _written(letter: Letter, here: Mapping[str, str], keeps_quote: bool, drawing: random.Random) -> str:
    """Return the HTML of a plain letter as a mail client writes it, with what is placed at each place."""
    client = drawing.randrange(len(_CLIENTS))
    before, after = _CLIENTS[client]
    lines = [f"{before}{_linked(line) or '<br>'}{after}" for line in letter.lines]
    quote = ""
    if keeps_quote:
        answered = "<br>\n".join(map(_linked, letter.answered))
        quote = f'<br><blockquote type="cite" style="border-left:1px solid #ccc;padding-left:1ex">{answered}</blockquote>'
    middle = max(1, len(lines) // 2)
    text = "\n".join((here["top"], *lines[:middle], here["text"], *lines[middle:], here["signature"]))
    if client == 0:
        return f'<div dir="ltr">{text}</div>{quote}{here["end"]}'
    if client == 1:
        return (
            "<html><head><style>p.MsoNormal{margin:0cm;font-size:11.0pt}</style></head>"
            f'<body lang="EN-US"><div class="WordSection1">{text}{quote}</div>{here["end"]}</body></html>'
        )
    return f"<html><head></head><body>{text}{quote}{here['end']}</body></html>"


def _linked(line: str) -> str:
    """Return a line as HTML; mail clients make links of the URLs in it."""
    return _URL.sub(lambda url: f'<a href="{url[0]}">{url[0]}</a>', escape(line, quote=False))


_CLIENTS = (("<div>", "</div>"), ('<p class="MsoNormal">', "</p>"), ("<p>", "</p>"), ("", "<br>"), ("<div>", "</div>"))
"""What mail clients write around a line."""


def _mail(letter: Letter, source: Message, html: str, drawing: random.Random) -> bytes:
    """Return the bytes of a letter with another HTML and the parties of the mail that its picture comes from."""
    parties = [(name, value) for name in _PARTIES for value in source.headers.get(name, ())[:1]]
    fields = "".join(f"{name}: {value}\n" for name, value in (*letter.headers, *parties))
    plain = "\n".join(letter.lines)
    boundary = f"=_{drawing.getrandbits(64):016x}"
    part = f"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{html}\n"
    if plain and drawing.random() < 0.7:
        text = f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{plain}\n"
        part = (
            f'Content-Type: multipart/alternative; boundary="{boundary}"\n\n'
            f"--{boundary}\n{text}\n--{boundary}\n{part}\n--{boundary}--\n"
        )
    return f"{fields}MIME-Version: 1.0\n{part}".encode("utf-8", "replace")


def letter_rows(messages: Mapping[str, Message], labels: pd.DataFrame, letters: Iterable[bytes]) -> pd.DataFrame:
    """Return labelled pictures placed into letters, to train on.

    Every gold tracker is placed in each of :data:`TRACKER_FORMS`, every other gold picture of confidence 2 or 3 (content,
    spacer, personalised) in each of :data:`PICTURE_FORMS`, a spacer only as written; the letter, the place and the way of
    writing are drawn by the picture's key and form. A letter of a sender that a labelled mail comes from is not used, so that a
    held-out sender stays unseen. A row keeps the key of the picture that it is a copy of, so its label, weight and component
    are the picture's: the models of :mod:`tkit.detectors.models` train on it only where they train on the picture.

    Parameters
    ----------
    messages : mapping of str to Message
        The labelled mails by ``message_sha256``; a message that is missing gives no row.
    labels : DataFrame
        ``message_sha256``, ``part``, ``index``, ``label``, ``confidence``, ``source``, and ``component`` where it is known.
    letters : iterable of bytes
        Mails; those that are no letter (:func:`letter_of`) are skipped.

    Returns
    -------
    DataFrame
        ``message_sha256``, ``part``, ``index`` (the picture's), ``manipulation`` (``"letter+"`` and the form), the features of
        the vantage point ``message`` (float32), ``label`` and, where `labels` has it, ``component``; in the labels' order.
        Without rows if there is no letter.
    """
    labelled = {registrable_domain(message.from_domain) for message in messages.values() if message.from_domain}
    usable = _usable(letters, labelled)
    known = (labels["source"] == "gold") & labels["label"].isin(["T", "C", "S", "P"]) & (labels["confidence"] >= 2)
    carried = ["label", *(["component"] if "component" in labels else [])]
    copies: list[Message] = []
    done: list[tuple[str, int, int, str]] = []
    for sha256, rows in labels[known].groupby("message_sha256", sort=False):
        if sha256 in messages and usable:
            for key, raw in _copies(messages[str(sha256)], rows, usable):
                copies.append(Message.from_bytes(raw))
                copies[-1].message_sha256 = str(len(done))
                done.append(key)
    columns = [*KEY, "manipulation", *feature_names("message")]
    if not done:
        return pd.DataFrame(columns=[*columns, *carried])
    # A letter has no other reference; one whose HTML hides it (an open comment) has none at all.
    found = extract(copies).drop_duplicates("message_sha256")
    keys = pd.DataFrame(done, columns=[*KEY, "manipulation"]).iloc[found["message_sha256"].astype(int)]
    keys = keys.astype({"message_sha256": "str", "manipulation": "str", "part": np.int32, "index": np.int32})
    placed_rows = pd.concat([keys.reset_index(drop=True), found.drop(columns=list(KEY)).reset_index(drop=True)], axis=1)
    return placed_rows[columns].merge(labels[[*KEY, *carried]], on=list(KEY), how="left", validate="many_to_one")


def _usable(letters: Iterable[bytes], labelled: set[str]) -> list[Letter]:
    """Return the letters of senders that no labelled mail has, each once."""
    found = filter(None, map(letter_of, letters))
    return list(dict.fromkeys(letter for letter in found if letter.sender not in labelled))


def _copies(
    message: Message, labels: pd.DataFrame, letters: Sequence[Letter]
) -> Iterator[tuple[tuple[str, int, int, str], bytes]]:
    """Yield the copies of the labelled pictures of one message: key and form, and the mail."""
    documents = list(read_message(message))
    links = [link for document in documents for link in document.links if link.startswith("http")]
    references = {
        (reference.part, reference.index): reference
        for document in documents
        for reference in document.references
        if reference.carrier == "img-src" and not reference.local
    }
    for part, index, label in zip(labels["part"], labels["index"], labels["label"], strict=True):
        reference = references.get((part, index))
        if reference is None:
            continue
        for form in TRACKER_FORMS if label == "T" else PICTURE_FORMS[: 1 if label == "S" else 2]:
            drawing = random.Random(f"{message.message_sha256} {part} {index} {form}")
            letter = drawing.choice(letters)
            raw = placed(letter, message, reference, form, drawing, tracker=label == "T", links=links)
            yield (message.message_sha256, part, index, f"{LETTER}{form}"), raw
