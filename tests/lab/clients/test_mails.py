from made_lab import HTML, LINK, LOGO, PIXEL, RAW

from tkit.lab.clients import ReceivedMail
from tkit.mail import Message


def test_what_a_mail_loads_and_links_to() -> None:
    mail = ReceivedMail("r@mail.example", RAW)
    assert mail.requests == (LOGO, PIXEL)
    assert mail.links == (LINK,)


def test_frames_scripts_local_pictures_and_outlooks_are_not_loaded() -> None:
    html = (
        b"<iframe src=http://a.example/f></iframe><script src=http://a.example/s></script><img src=cid:x>"
        b"<!--[if mso]><img src=http://a.example/o><![endif]-->"
        b"<link rel=preconnect href=http://a.example><img src=http://a.example/i><img src=http://a.example/i>"
    )
    assert ReceivedMail("r", b"Content-Type: text/html\n\n" + html).requests == ("http://a.example/i",)


def test_a_forwarded_mail_quotes_the_tracker() -> None:
    quoted = ReceivedMail("r@mail.example", RAW).forwarded("c@mail.example")
    message = Message.from_bytes(quoted.raw)
    assert (message.header("from"), message.header("to"), message.subject) == ("r@mail.example", "c@mail.example", "Fwd: Hello")
    assert f"<blockquote>{HTML}" in message.html_parts[0].replace("\r\n", "\n")
    assert quoted.requests == (LOGO, PIXEL)
