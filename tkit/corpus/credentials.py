"""Where the password of a mail account comes from; it is in no argument, log line, error or traceback.

The first of these that is there is taken:

1. :data:`TOKEN_COMMAND`, an environment variable: a command whose first line of output is an OAuth access token;
2. :data:`PASSWORD`, an environment variable: the password;
3. the keyring of the system, if the package ``keyring`` is installed: service is the host, user the user;
4. the user, who is asked.
"""

from __future__ import annotations

import base64
import os
import shlex
import subprocess
from collections.abc import Callable, Collection
from typing import Literal

from tkit.errors import TkitError

TOKEN_COMMAND = "TKIT_IMAP_TOKEN_COMMAND"
PASSWORD = "TKIT_IMAP_PASSWORD"

_TOKEN_SECONDS = 300  # the command may open a browser, in which a person logs in


class Secret:
    """A password or an access token of an account, which `repr` does not show."""

    __slots__ = ("_value", "kind", "user")

    def __init__(self, user: str, value: str, kind: Literal["password", "token"]) -> None:
        self.user = user
        self.kind = kind
        self._value = value

    def __repr__(self) -> str:
        return f"<{self.kind} of {self.user}>"

    def reveal(self) -> str:
        """Return the password or token itself; keep it in no variable."""
        return self._value

    def is_in(self, text: str) -> bool:
        """Return whether a text, such as a server's answer, repeats the secret: as it is, or as it is sent."""
        value = self._value
        sent = (f"\0{self.user}\0{value}", f"user={self.user}\1auth=Bearer {value}\1\1", value)
        forms = [value, str(value.encode())[2:-1], *(base64.b64encode(form.encode()).decode() for form in sent)]
        plain = text.replace("\\", "")  # which stands before quotes, once or twice, and in the form of bytes
        return any(form.replace("\\", "") in plain for form in forms)


def secret_of(user: str, host: str, ask: Callable[[str], str | None] | None = None) -> Secret:
    """Return the password or token of an account.

    Parameters
    ----------
    user, host : str
        The account.
    ask : callable, optional
        Asks the user for the password of ``user@host``; returns None if there is nobody to ask.

    Raises
    ------
    TkitError
        If there is none, or the command for the token fails.
    """
    if command := os.environ.get(TOKEN_COMMAND):
        return Secret(user, _token(command), "token")
    value = (os.environ.get(PASSWORD) or "").rstrip("\r\n") or _from_keyring(user, host)
    if not value and ask is not None:
        value = ask(f"{user}@{host}")
    if not value:
        raise TkitError(
            f"{user}@{host}: no password: set {PASSWORD}, or {TOKEN_COMMAND} for OAuth, or store it with "
            f"`keyring set {host} {user}` (pip install keyring), or run tkit in a terminal, where it asks"
        )
    secret = Secret(user, value, "password")
    value = ""  # a debugger or a logger that shows the variables of a traceback must not find it
    if not secret.reveal().isprintable():
        raise TkitError(f"{user}@{host}: the password contains a control character: set it again, without one")
    return secret


def require_one_account(accounts: Collection[str]) -> None:
    """Refuse to give the one password of the environment to several servers.

    Raises
    ------
    TkitError
        If there are several accounts and the environment holds a password or a command for a token.
    """
    name = next((name for name in (TOKEN_COMMAND, PASSWORD) if os.environ.get(name)), None)
    if name and len(accounts) > 1:
        raise TkitError(f"{name} is for one account, not for {len(accounts)}: read one at a time, or use the keyring")


def _from_keyring(user: str, host: str) -> str | None:
    try:
        import keyring  # noqa: PLC0415  optional
    except ImportError:
        return None
    try:
        kept: str | None = keyring.get_password(host, user)
        return kept
    except Exception:  # a keyring that is locked, absent or broken; each backend has its own errors
        return None


def _token(command: str) -> str:
    """Run the command for an access token; its errors go to standard error, where the user sees them."""
    problem, output = "", b""
    try:
        words = shlex.split(command)
        done = subprocess.run(words, stdin=None, stdout=subprocess.PIPE, check=False, timeout=_TOKEN_SECONDS)
        output = done.stdout
        if done.returncode:
            problem = f"ended with exit code {done.returncode}"
    except subprocess.TimeoutExpired:
        problem = f"took longer than {_TOKEN_SECONDS} seconds"
    except (OSError, ValueError, IndexError) as error:
        problem = f"cannot be run ({getattr(error, 'strerror', None) or 'wrong quotes'})"
    token = output.decode("utf-8", "replace").partition("\n")[0].strip()
    if not problem and not (token and token.isprintable() and token.isascii()):
        problem = "printed no access token on its first line"
    if problem:
        raise TkitError(f"the command in {TOKEN_COMMAND} {problem}: run it in a terminal to see why")
    return token
