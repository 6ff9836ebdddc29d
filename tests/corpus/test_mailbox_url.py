"""URLs of IMAP folders: what is read of them, and that nothing of a wrong one is repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.corpus.mailbox_url import MailboxUrl, is_mailbox_url, parse_mailbox_url
from tkit.errors import TkitError


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("imaps://anna@mail.example/INBOX", MailboxUrl("imaps", "anna", "mail.example", 993, "INBOX", None)),
        ("IMAP://anna@mail.example:1143/a/b", MailboxUrl("imap", "anna", "mail.example", 1143, "a/b", None)),
        ("imaps://anna@x.example@mail.example/", MailboxUrl("imaps", "anna@x.example", "mail.example", 993, "", None)),
        ("imaps://anna%40x.example@mail.example", MailboxUrl("imaps", "anna@x.example", "mail.example", 993, "", None)),
        ("imaps://anna@[::1]:9/Entw%C3%BCrfe", MailboxUrl("imaps", "anna", "::1", 9, "Entwürfe", None)),
        ("imaps://a@h/[Gmail]/All Mail", MailboxUrl("imaps", "a", "h", 993, "[Gmail]/All Mail", None)),
        ("imaps://a@h/INBOX/;UID=17", MailboxUrl("imaps", "a", "h", 993, "INBOX", 17)),
        ("imaps://a@h/#news?", MailboxUrl("imaps", "a", "h", 993, "#news?", None)),
    ],
)
def test_what_is_read(path: str, url: MailboxUrl) -> None:
    assert is_mailbox_url(path)
    assert parse_mailbox_url(path) == url


def test_names_of_places() -> None:
    assert parse_mailbox_url("imap://a@h:993/x").account == "imap://a@h:993"
    assert parse_mailbox_url("imaps://a@[::1]/x").place_of(3) == "imaps://a@[::1]/x/;UID=3"


@pytest.mark.parametrize(
    "path",
    [
        "imaps://anna:bluefish@mail.example/INBOX",
        "imaps://anna:blue/fish@mail.example/INBOX",
        "imaps://anna:12/bluefish@mail.example/INBOX",
        "imaps://anna:blue@fish@mail.example/INBOX",
        "imaps:/anna:bluefish@mail.example/INBOX",
        "imap:anna:bluefish@mail.example",
        "IMAPS://anna:bluefish@",
        "imaps://:bluefish@mail.example/INBOX",
        "imaps://anna@mail.example:bluefish/INBOX",
        "imaps://anna%0d%0abluefish@mail.example/INBOX",
        "imaps://bluefish/INBOX",
        "imaps://anna@mail.example:70000/bluefish",
        "imaps://anna@[mail.example/bluefish",
    ],
)
def test_nothing_of_a_wrong_url_is_repeated(path: str) -> None:
    assert is_mailbox_url(path)
    with pytest.raises(TkitError, match="write imaps://USER@HOST/FOLDER") as refused:
        parse_mailbox_url(path)
    assert "fish" not in str(refused.value)
    assert "blue" not in str(refused.value)


@pytest.mark.parametrize("path", ["./imap:x", "mail.eml", "http://a@h/x", "imapx://a@h/x", "C:\\imaps:"])
def test_other_paths(path: str) -> None:
    assert not is_mailbox_url(path)


@given(
    user=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1),
    folder=st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="\xad")),
    uid=st.integers(1, 2**32 - 1) | st.none(),
)
def test_the_place_of_a_mail_can_be_given_as_a_path(user: str, folder: str, uid: int | None) -> None:
    url = MailboxUrl("imaps", user, "mail.example", 993, folder, uid)
    assert parse_mailbox_url(url.place if uid is None else url.place_of(uid)) == url
