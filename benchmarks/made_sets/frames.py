"""The mails around a picture: newsletters, notices and letters, as bytes with the headers that such mails have.

Each frame has several layouts, as mailing services, transactional senders and mail clients write them.
"""

from __future__ import annotations

import datetime
import random
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import NamedTuple

from made_sets.made import CLEAN, TRACKER
from made_sets.people import BASE62, Person, Tokens
from made_sets.receipts import END, SIGNATURE, TOP

NEWSLETTER, NOTICE, LETTER = "newsletter", "notice", "letter"


class Placed(NamedTuple):
    """HTML to put into a frame, and where; what it is about, in words."""

    markup: str
    place: str
    about: str


def image(url: str, width: int, height: int, alt: str | None, css: str, link: str = "") -> str:
    """Return an ``<img>``, in a link if there is one; a width or height of 0 and an alt text of None are not declared."""
    declared = "".join(f' {name}="{value}"' for name, value in (("width", width), ("height", height)) if value)
    text = "" if alt is None else f' alt="{escape(alt)}"'
    style = f' style="{css}"' if css else ""
    element = f'<img src="{escape(url)}"{declared}{text}{style}>'
    return f'<a href="{escape(link)}" target="_blank">{element}</a>' if link else element


class Frame:
    """A mail in the making: what its own pictures are, and the values of its fields."""

    def __init__(self, drawing: random.Random, to: Person, sender: Person, campaign: str, links: str = "") -> None:
        self.drawing, self.to, self.sender, self.links = drawing, to, sender, links
        self.tokens = Tokens(drawing, to, sender, campaign)
        self.brand = sender.address.partition("@")[2]
        self.shared = random.Random(f"{campaign} frame")
        self.others: dict[str, str] = {}

    def own(self, pattern: str, verdict: str = CLEAN) -> str:
        """Return the URL of a picture of the frame itself, and remember its verdict."""
        url = pattern.format_map(Tokens(self.drawing, self.to, self.sender, str(self.shared.random())))
        self.others[url] = verdict
        return url

    def link(self) -> str:
        """Return a link as the mail's sender writes it, by the pattern `links` where the frame has one."""
        if self.links:
            return self.links.format_map(Tokens(self.drawing, self.to, self.sender, str(self.shared.random())))
        token = "".join(self.drawing.choices(BASE62, k=28))
        return self.shared.choice(
            (f"https://click.{self.brand}/{token}", f"https://www.{self.brand}/account?m={token[:9]}", f"https://{self.brand}/")
        )


def newsletter(frame: Frame, placed: Placed, *, own_receipt: bool) -> bytes:
    """Return a newsletter: a table layout with a logo, several pictures of its content and a footer.

    `own_receipt` says whether it has an open pixel besides what is placed into it.
    """
    shared, brand = frame.shared, frame.brand
    host = shared.choice(
        (f"images.{brand}", f"cdn.{brand}", f"img.{brand}", "cdn.mailing-assets.test", "content.sendwell.example")
    )
    folder = shared.choice(("newsletter/2025/11", "{same_num6}/images", "assets/{same_hex16}", "n/{same_uuid}"))
    logo = image(frame.own(f"https://{host}/{folder}/logo.png"), 180, 48, brand, "display:block;border:0", frame.link())
    items = []
    for number in range(shared.randint(3, 7)):
        name = shared.choice(("teaser-{same_num2}.jpg", "{same_hex32}.jpg", "item{same_num3}_560x280.jpg", "{same_b62x12}.png"))
        url = frame.own(f"https://{host}/{folder}/{number}-{name}")
        width, height = shared.choice(((560, 280), (270, 180), (600, 300), (180, 180)))
        picture = image(
            url, width, shared.choice((height, 0)), shared.choice(_TEASERS), "display:block;width:100%", frame.link()
        )
        items.append(f"{picture}<h2>{shared.choice(_TEASERS)}</h2><p>{_text(shared, _NEWS, 3)}</p>")
    where = shared.randrange(len(items) + 1)
    receipt = ""
    if own_receipt:
        pattern = shared.choice(_OWN_RECEIPTS)
        receipt = image(frame.own(pattern, TRACKER), 1, 1, "", shared.choice(("", "display:none")))
    if placed.place == TOP:
        top, end = placed.markup, ""
    elif placed.place in (END, SIGNATURE):
        top, end = "", placed.markup
    else:
        top, end = "", ""
        items.insert(where, f"<h2>{escape(placed.about).capitalize()}</h2>{placed.markup}<p>{_text(shared, _NEWS, 2)}</p>")
    social = "".join(
        image(frame.own(f"https://{host}/icons/{name}.png"), 24, 24, name, "", f"https://{name}.test/{brand.partition('.')[0]}")
        for name in ("facegroup", "instapics", "videotube")
    )
    token = "".join(frame.drawing.choices(BASE62, k=24))
    footer = (
        f"<p style='font-size:11px;color:#888'>You receive this mail as {escape(frame.to.address)}. "
        f'<a href="https://www.{brand}/unsubscribe/{token}">Unsubscribe</a> | '
        f'<a href="https://www.{brand}/view/{token}">View in browser</a></p>'
    )
    rows = "".join(f'<tr><td style="padding:16px 24px;font-family:Arial,sans-serif">{item}</td></tr>' for item in items)
    layout = shared.randrange(3)
    if layout == 0:
        body = (
            '<table width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#f4f4f4"><tr><td align="center">'
            f'<table width="600" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff"><tr><td>{logo}</td></tr>{rows}'
            f'<tr><td align="center">{social}{footer}</td></tr></table></td></tr></table>'
        )
    elif layout == 1:
        blocks = "".join(
            '<!--[if mso]><table role="presentation" width="600"><tr><td><![endif]-->'
            f'<div style="margin:0 auto;max-width:600px"><table role="presentation" width="100%">'
            f'<tbody><tr><td style="padding:20px 0">{item}</td></tr></tbody></table></div>'
            "<!--[if mso]></td></tr></table><![endif]-->"
            for item in items
        )
        body = (
            f'<div style="background-color:#fafafa">{logo}{blocks}<div style="text-align:center">{social}{footer}</div></div>'
        )
    else:
        text = "<hr>".join((logo + items[0], *items[1:], social + footer))
        body = f'<center><div style="max-width:580px;text-align:left">{text}</div></center>'
    subject = shared.choice(_SUBJECTS)
    preheader = f'<div style="display:none;max-height:0;overflow:hidden">{escape(subject)} &zwnj;&nbsp;&zwnj;&nbsp;</div>'
    html = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(subject)}</title></head><body>{preheader}{top}{body}{receipt}{end}</body></html>"
    )
    bulk = {
        "List-Unsubscribe": f"<https://www.{brand}/unsubscribe/{token}>, <mailto:leave-{token[:8]}@bounce.{brand}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Feedback-ID": f"{token[:6]}:{shared.randrange(10**5)}:news:sendwell",
        "Precedence": "bulk",
    }
    return _bytes(frame, subject, f"{subject}\n\n{_text(shared, _NEWS, 6)}\n", html, f"bounce.{brand}", bulk)


def notice(frame: Frame, placed: Placed) -> bytes:
    """Return a transactional mail: two to four pictures with the one placed into it, sometimes an open pixel."""
    shared, brand = frame.shared, frame.brand
    host = shared.choice((f"static.{brand}", f"www.{brand}", f"assets.{brand}", "img.transact-mail.example"))
    logo = image(frame.own(f"https://{host}/mail/logo.png"), 140, 40, brand, "border:0", f"https://www.{brand}/")
    further = [
        image(frame.own(f"https://{host}/mail/{name}.png"), width, height, alt, "", f"https://www.{brand}/{name}")
        for name, width, height, alt in shared.sample(_BADGES, shared.randint(0, 2))
    ]
    has_receipt = len(further) < 2 and shared.random() < 0.5
    receipt = image(frame.own(shared.choice(_OWN_RECEIPTS), TRACKER), 1, 1, "", "") if has_receipt else ""
    text = f"Hello {frame.to.first},"
    about = f"here is {placed.about}."
    details = "".join(
        f"<tr><td>{name}</td><td>{value}</td></tr>"
        for name, value in (("Reference", frame.drawing.randrange(10**8)), ("Date", "30 November 2025"))
    )
    button = (
        f'<a href="{escape(frame.link())}" style="background:#0a66c2;color:#fff;padding:10px 18px;text-decoration:none">'
        "Open in your account</a>"
    )
    parts = [
        logo,
        f"<p>{escape(text)}</p><p>{escape(about)} {_text(shared, _SERVICE, 1)}</p>",
        f"<p>{placed.markup}</p>",
        f"<table>{details}</table>",
        f"<p>{button}</p>",
        f"<p>{_text(shared, _SERVICE, 2)}</p>",
        "".join(further),
        f"<p style='color:#777'>{brand} | Main Street 1 | This mail was sent to {escape(frame.to.address)}.</p>",
    ]
    if shared.random() < 0.5:
        rows = "".join(f'<tr><td style="padding:8px 20px">{part}</td></tr>' for part in parts)
        body = f'<table role="presentation" width="600" align="center" cellpadding="0" cellspacing="0">{rows}</table>'
    else:
        body = f'<div style="max-width:560px;margin:0 auto;font-family:Helvetica,Arial">{"".join(parts)}</div>'
    html = f'<!doctype html><html><head><meta charset="utf-8"></head><body>{body}{receipt}</body></html>'
    subject = f"{frame.to.first}, {placed.about}"
    plain = f"{text}\n\n{about}\n\nhttps://www.{brand}/account\n"
    return _bytes(frame, subject, plain, html, f"mta.{brand}", {"Auto-Submitted": "auto-generated"})


def letter(frame: Frame, placed: Placed, *, in_text: bool = False) -> bytes:
    """Return a one-to-one letter: some text and a signature, sometimes the letter that it answers.

    What is placed stands at the end, before the text, with the signature or in the text; the letter has no other picture.
    """
    drawing, sender = frame.drawing, frame.sender
    lines = drawing.sample(_LETTER, drawing.randint(2, 5))
    if in_text and placed.about:
        lines.insert(1, f"Here is {placed.about}.")
    signature = [sender.name, drawing.choice(_ROLES), frame.brand.partition(".")[0].replace("-", " ").title()]
    phone = f"+49 89 {drawing.randrange(10**6, 10**7)}"
    site = f'<a href="https://www.{frame.brand}">www.{frame.brand}</a>'
    greeting, closing = f"Hi {frame.to.first},", drawing.choice(("Best regards", "Thanks", "Kind regards", "Cheers", "Best"))
    here = {name: placed.markup if placed.place == name else "" for name in (TOP, SIGNATURE, END)}
    picture = placed.markup if in_text else ""
    client = drawing.choice(("webmail", "office", "apple", "bird", "phone"))
    if client == "office":
        paragraphs = "".join(
            f'<p class="MsoNormal">{escape(line)}<o:p></o:p></p><p class="MsoNormal">&nbsp;</p>' for line in (greeting, *lines)
        )
        body = (
            f'<div class="WordSection1">{here[TOP]}{paragraphs}{picture}<p class="MsoNormal">{closing}<br>'
            f"{'<br>'.join(signature)}<br>{phone}<br>{site}</p>{here[SIGNATURE]}{{quote}}</div>"
        )
        style = "<style>p.MsoNormal{margin:0cm;font-size:11.0pt;font-family:Calibri,sans-serif}</style>"
        head = f'<meta name="Generator" content="Microsoft Word 15 (filtered medium)">{style}'
    elif client == "webmail":
        paragraphs = "<div><br></div>".join(f"<div>{escape(line)}</div>" for line in (greeting, *lines))
        body = (
            f'<div dir="ltr">{here[TOP]}{paragraphs}{picture}<div><br></div><div>{closing},<br></div><div>-- <br>'
            f'<div dir="ltr" class="gmail_signature">{"<br>".join(signature)}<br>{phone} | {site}{here[SIGNATURE]}'
            "</div></div></div>{quote}"
        )
        head = ""
    elif client == "apple":
        paragraphs = "<div><br></div>".join(f"<div>{escape(line)}</div>" for line in (greeting, *lines))
        body = (
            f"{here[TOP]}{paragraphs}{picture}<br><div>{closing}</div><br><div>{'</div><div>'.join(signature)}</div>"
            f"<div>{site}</div>{here[SIGNATURE]}<br>{{quote}}"
        )
        head = '<meta http-equiv="content-type" content="text/html; charset=utf-8">'
    elif client == "bird":
        paragraphs = "".join(f"<p>{escape(line)}</p>" for line in (greeting, *lines))
        body = (
            f'{here[TOP]}{paragraphs}{picture}<p>{closing}</p><div class="moz-signature">-- <br>{"<br>".join(signature)}<br>'
            f"{site}{here[SIGNATURE]}</div>{{quote}}"
        )
        head = ""
    else:
        text = "<br><br>".join(escape(line) for line in (greeting, *lines))
        body = f"{here[TOP]}{text}<br>{picture}<br>{closing}, {sender.first}{here[SIGNATURE]}{{quote}}"
        head = ""
    quoted, plain_quote = _quote(frame) if drawing.random() < 0.4 else ("", "")
    html = f"<html><head>{head}</head><body>{body.replace('{quote}', quoted)}{here[END]}</body></html>"
    subject = ("Re: " if quoted else "") + drawing.choice(_LETTER_SUBJECTS)
    plain = "\n\n".join((greeting, *lines, f"{closing},", "\n".join(signature))) + plain_quote + "\n"
    headers = {"In-Reply-To": f"<{drawing.randrange(10**12)}@{frame.to.address.partition('@')[2]}>"} if quoted else {}
    return _bytes(frame, subject, plain, html, f"mail.{frame.brand}", headers)


def _quote(frame: Frame) -> tuple[str, str]:
    """Return the letter that is answered, as HTML and as text."""
    text = _text(frame.drawing, _LETTER, 2)
    said = f"On Thu, 27 Nov 2025 at 16:{frame.drawing.randint(10, 59)}, {frame.to.name} wrote:"
    html = (
        f'<br><div class="gmail_quote"><div>{escape(said)}<br></div><blockquote style="margin:0 0 0 .8ex;border-left:1px #ccc'
        f' solid;padding-left:1ex">{text}</blockquote></div>'
    )
    return html, f"\n\n{said}\n> {text}"


def _bytes(frame: Frame, subject: str, plain: str, html: str, relay: str, headers: dict[str, str]) -> bytes:
    drawing = frame.drawing
    date = datetime.datetime(2025, 11, 30, tzinfo=datetime.UTC) - datetime.timedelta(minutes=drawing.randrange(100_000))
    number = f"{drawing.getrandbits(80):020x}"
    message = EmailMessage(policy=SMTP)
    message["Return-Path"] = f"<{number[:10]}@{relay}>" if headers.get("Precedence") else f"<{frame.sender.address}>"
    message["Received"] = (
        f"from out{drawing.randint(1, 9)}.{relay} (out.{relay} [192.0.2.{drawing.randint(1, 254)}])"
        f" by mx.{frame.to.address.partition('@')[2]} with ESMTPS id {number[:12]}; {format_datetime(date)}"
    )
    message["From"] = f"{frame.sender.name} <{frame.sender.address}>"
    message["To"] = f"{frame.to.name} <{frame.to.address}>"
    message["Subject"] = subject
    message["Date"] = format_datetime(date)
    message["Message-ID"] = f"<{number}@{relay}>"
    for name, value in headers.items():
        message[name] = value
    message.set_content(plain, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{number[:16]}")
    return message.as_bytes()


def _text(drawing: random.Random, sentences: tuple[str, ...], number: int) -> str:
    return " ".join(drawing.sample(sentences, min(number, len(sentences))))


_OWN_RECEIPTS = (
    "https://click.{brand}/open.aspx?d={hex40}",
    "https://links.{brand}/e/o/{b64x60}",
    "https://track.sendwell.example/o/{num8}/{hex32}.gif",
    "https://trk.{brand}/wf/open?upn={b62x120}",
    "https://open.mailing-service.test/t/{uuid}/pixel.gif",
)
_BADGES = (
    ("appstore", 120, 40, "Download in the app store"),
    ("playstore", 135, 40, "Get it for your phone"),
    ("trust", 90, 90, "Trusted shop"),
    ("icon-help", 24, 24, ""),
)
_SUBJECTS = (
    "News of the week", "Our favourites in December", "Only until Sunday", "What is new with us", "Your weekend reading",
    "Winter is here", "Five ideas for you", "The November letter",
)  # fmt: skip
_TEASERS = (
    "Warm coats for cold days", "A visit to our workshop", "New in the shop", "Recipe of the week", "Behind the scenes",
    "Gifts for everybody", "Read the interview", "Free delivery this week", "The best of the year",
)  # fmt: skip
_NEWS = (
    "The first snow fell on the hills last night.", "We have tried everything ourselves.", "Order today and have it by Friday.",
    "Our team has chosen the best for you.", "Members see the new things two days earlier.", "There are only a few left.",
    "Come and visit us on Saturday.", "All prices include tax.", "This offer ends on Sunday at midnight.",
)  # fmt: skip
_SERVICE = (
    "You do not need to do anything else.", "If something is wrong, please answer this mail.", "Thank you for being with us.",
    "You can change this in your account at any time.", "Our service team is there for you from nine to six.",
)  # fmt: skip
_LETTER = (
    "It was good to talk to you last week.", "I have looked at the numbers again and they seem right to me.",
    "Could we meet on Wednesday morning?", "The draft is nearly done; I will send it tomorrow.",
    "Please let me know what you think.", "I had no time to call you back yesterday, sorry.",
    "As discussed, the offer holds until the end of the month.", "My colleague will join us for the second half.",
    "The train is late again, so I will be there at ten.", "I wanted to follow up on my last mail.",
    "Do you still have the key to the meeting room?", "We would need your answer by Friday.",
)  # fmt: skip
_LETTER_SUBJECTS = (
    "Next week", "Offer", "Our call", "Quick question", "Draft", "Meeting on Wednesday", "Following up", "Numbers for November",
)  # fmt: skip
_ROLES = ("Account Manager", "Head of Sales", "Project Lead", "Consultant", "Office Manager", "Partner")
