import os
import shutil
from pathlib import Path

import pytest

from tkit.errors import TkitError
from tkit.lab.sender import Mailing, MailServer, send
from tkit.lab.sender.postfix import PostfixServer

TO = ("ada@mail.example", "ben/../x@mail.example")


def test_each_recipient_gets_the_mail_as_it_was_sent(tmp_path: Path) -> None:
    copies = [(to, Mailing().copy(to, 0).raw) for to in TO]
    with MailServer(tmp_path) as server:
        assert send(copies, "News <news@b.example>", server.port) == 2
        assert [server.delivered(to) for to in TO] == [[raw] for _, raw in copies]
        assert server.delivered("nobody@mail.example") == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ada@mail.example", "ben%2F..%2Fx@mail.example"]


def test_a_mail_may_be_changed_on_delivery(tmp_path: Path) -> None:
    with MailServer(tmp_path, change=lambda to, raw: raw.replace(b"x", to.encode())) as server:
        send(
            [("a@mail.example", b"Subject: x\r\n\r\nx\r\n"), ("a@mail.example", b"Subject: y\r\n\r\n")],
            "n@b.example",
            server.port,
        )
        assert server.delivered("a@mail.example") == [
            b"Subject: a@mail.example\r\n\r\na@mail.example\r\n",
            b"Subject: y\r\n\r\n",
        ]


def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with MailServer(tmp_path) as server:
        port = server.port
    with pytest.raises(TkitError, match=rf"127.0.0.1:{port}: the mail server takes no mail"):
        send([], "n@b.example", port)


def test_postfix_delivers_to_its_recipients_and_relays_nothing(missing_engine) -> None:
    if shutil.which("postfix") is None and shutil.which("postfix", path="/usr/sbin") is None:
        missing_engine("no postfix: apt-get install postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root only")
    raw = Mailing().copy("ada@mail.example", 0).raw
    with PostfixServer(["ada@mail.example"]) as server:
        assert send([("ada@mail.example", raw)], "news@b.example", server.port) == 1
        (mail,) = server.delivered("ada@mail.example")
        with pytest.raises(TkitError, match="Relay access denied"):
            send([("eve@elsewhere.example", raw)], "news@b.example", server.port)
        home = server._home
    assert mail.endswith(raw.replace(b"\r\n", b"\n"))
    assert not home.exists()


def test_postfix_takes_no_address_that_its_tables_could_misread() -> None:
    if os.geteuid() != 0 or not shutil.which("postfix", path="/usr/sbin"):
        pytest.skip("Postfix starts as root only")
    with pytest.raises(TkitError, match="not a plain address"), PostfixServer(["a b@mail.example"]):
        pass
