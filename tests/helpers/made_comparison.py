"""Two labelled mails made by hand, on which detectors are compared."""

from pathlib import Path

from tkit.mail import Message

HEAD = "message_sha256,part,carrier,url,label,confidence\n"

# Two mails of two senders. In the first: a tracker of 1 x 1, one without a size, a logo. In the second: a spacer of 1 x 1,
# a tracker whose path says so, a picture that is personalised, a style sheet.
MAILS = {
    "one": (
        "a@one.example",
        "<img src=http://t.one.example/o/1 width=1 height=1><img src=http://t.one.example/open/2>"
        "<img src=http://img.one.example/logo.png width=90 height=40>",
    ),
    "two": (
        "b@two.example",
        "<img src=http://img.two.example/s.gif width=1 height=1><img src=http://t.two.example/open/3>"
        "<img src=http://img.two.example/you.png?u=7><td background=http://img.two.example/bg.png>"
        "<table><td background=http://img.two.example/bg.png>",
    ),
}
LABELS = {
    ("one", "img", "http://t.one.example/o/1"): "T",
    ("one", "img", "http://t.one.example/open/2"): "T",
    ("one", "img", "http://img.one.example/logo.png"): "C",
    ("two", "img", "http://img.two.example/s.gif"): "S",
    ("two", "img", "http://t.two.example/open/3"): "T",
    ("two", "img", "http://img.two.example/you.png?u=7"): "P",
    ("two", "background", "http://img.two.example/bg.png"): "C",
}


def raw(name: str) -> bytes:
    sender, html = MAILS[name]
    return f"From: {sender}\nContent-Type: text/html\n\n{html}".encode()


def message(name: str) -> Message:
    return Message.from_bytes(raw(name))


def write_labels(path: Path) -> Path:
    """Write the label file of the mails."""
    lines = [f"{message(name).message_sha256},0,{carrier},{url},{label},3" for (name, carrier, url), label in LABELS.items()]
    path.write_text(HEAD + "\n".join(lines) + "\n")
    return path
