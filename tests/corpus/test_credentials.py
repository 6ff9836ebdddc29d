"""Where passwords come from, and that they show themselves nowhere."""

import base64
import sys
import traceback
from types import SimpleNamespace

import pytest

from tkit.corpus.credentials import PASSWORD, TOKEN_COMMAND, Secret, require_one_account, secret_of
from tkit.errors import TkitError


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD, raising=False)
    monkeypatch.delenv(TOKEN_COMMAND, raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)  # the import fails


def keyring_of(passwords: dict[tuple[str, str], str]) -> SimpleNamespace:
    return SimpleNamespace(get_password=lambda service, user: passwords.get((service, user)))


def test_the_first_that_is_there_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(account: str) -> str:
        asked.append(account)
        return "typed"

    assert secret_of("anna", "h", ask).reveal() == "typed"
    assert asked == ["anna@h"]
    monkeypatch.setitem(sys.modules, "keyring", keyring_of({("h", "anna"): "kept"}))
    assert secret_of("anna", "h", ask).reveal() == "kept"
    assert secret_of("bob", "h", ask).reveal() == "typed"
    monkeypatch.setenv(PASSWORD, "from outside\n")
    assert secret_of("anna", "h", ask).reveal() == "from outside"
    monkeypatch.setenv(TOKEN_COMMAND, f"'{sys.executable}' -c \"print('token'); print('more')\"")
    token = secret_of("anna", "h", ask)
    assert (token.reveal(), token.kind) == ("token", "token")


def test_a_keyring_that_fails_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise RuntimeError("no recommended backend")

    monkeypatch.setitem(sys.modules, "keyring", SimpleNamespace(get_password=fail))
    with pytest.raises(TkitError, match=f"anna@h: no password: set {PASSWORD}, or .*keyring set h anna"):
        secret_of("anna", "h", lambda _: None)


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("no-such-program --client-secret s3cret", r"cannot be run \(No such file"),
        ("'s3cret", r"cannot be run \(wrong quotes\)"),
        (f"'{sys.executable}' -c \"print('s3cret'); raise SystemExit(3)\"", "ended with exit code 3"),
        (f"'{sys.executable}' -c \"print(); print('s3cret')\"", "printed no access token"),
        (f"'{sys.executable}' -c \"print('s3cret' + chr(7))\"", "printed no access token"),
    ],
)
def test_a_command_that_gives_no_token(monkeypatch: pytest.MonkeyPatch, command: str, what: str) -> None:
    monkeypatch.setenv(TOKEN_COMMAND, command)
    with pytest.raises(TkitError, match=what) as failed:
        secret_of("anna", "h")
    assert "s3cret" not in "".join(traceback.format_exception(failed.value))


def test_a_password_with_a_line_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, "blue\r\nfish")
    with pytest.raises(TkitError, match="control character") as refused:
        secret_of("anna", "h")
    shown = traceback.TracebackException.from_exception(refused.value, capture_locals=True)
    ours = [frame for frame in shown.stack if frame.filename.endswith("credentials.py")]
    assert ours
    assert not any("blue" in str(frame.locals) for frame in ours)


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret("anna", 'blue"fish\\', "password")
    assert "blue" not in f"{secret} {secret!r} {[secret]}"
    for text in (
        'BAD unknown command LOGIN anna "blue\\"fish\\\\"',
        str(b'NO what is LOGIN anna "blue\\"fish\\\\"'),
        base64.b64encode(b'\0anna\0blue"fish\\').decode(),
        base64.b64encode(b'user=anna\1auth=Bearer blue"fish\\\1\1').decode(),
    ):
        assert secret.is_in(f"NO {text} x")
    assert Secret("anna", "pä'ss", "password").is_in(str("what is pä'ss".encode()))
    assert not secret.is_in("NO authentication failed")


def test_one_password_is_not_given_to_two_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    require_one_account(["imaps://a@h", "imaps://b@h"])
    monkeypatch.setenv(PASSWORD, "x")
    require_one_account(["imaps://a@h"])
    with pytest.raises(TkitError, match=f"{PASSWORD} is for one account, not for 2"):
        require_one_account(["imaps://a@h", "imaps://b@h"])
