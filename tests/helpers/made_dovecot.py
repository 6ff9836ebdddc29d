"""A private Dovecot on loopback, with its own configuration, certificate, users and mails."""

import http.server
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

USER, PASSWORD, TOKEN = "anna@example.org", 'pä"ss\\w0rd 17', "ya29.token-of-anna"
REMOTE = "127.0.0.2"
"""An address of this machine at which Dovecot treats connections as coming from another one: no password without TLS."""

_CONFIG = """
protocols = imap
listen = 127.0.0.1 {remote}
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
auth_mechanisms = plain login xoauth2
auth_debug = yes
auth_debug_passwords = no
auth_failure_delay = 0
ssl = yes
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
default_internal_user = {internal}
default_login_user = {internal}
default_internal_group = {group}
first_valid_uid = 1
mail_location = maildir:{folder}/mail
maildir_stat_dirs = yes
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
"""

_OAUTH = """
tokeninfo_url = http://127.0.0.1:{port}/?token=
username_attribute = email
active_attribute = active
active_value = yes
"""


class Dovecot(NamedTuple):
    """A running server: its folder, its ports, its certificate."""

    folder: Path
    imap: int
    imaps: int

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8")

    def url(self, folder: str = "INBOX", scheme: str = "imaps", user: str = USER) -> str:
        port = self.imaps if scheme == "imaps" else self.imap
        return f"{scheme}://{user}@localhost:{port}/{folder}"

    def maildir(self, folder: str = "INBOX") -> Path:
        return self.folder / "mail" / ("" if folder == "INBOX" else f".{folder}")

    def deliver(self, mails: Sequence[bytes], folder: str = "INBOX", flags: str = "") -> None:
        """Put mails into a folder, as a delivery agent does: unseen, in their order."""
        box = self.maildir(folder)
        for name in ("cur", "new", "tmp"):
            (box / name).mkdir(parents=True, exist_ok=True)
        if folder != "INBOX":
            (box / "maildirfolder").touch()
        start = sum(1 for name in ("cur", "new") for _ in (box / name).iterdir())
        for number, raw in enumerate(mails, start):
            name = f"{1_700_000_000 + number}.M{number}P1.test"
            (box / "cur" / f"{name}:2,{flags}" if flags else box / "new" / name).write_bytes(raw)
        if os.getuid() == 0:  # Dovecot reads mails as a user without rights
            user = pwd.getpwnam(_nobody())
            for path in (box, *box.glob("*"), *box.glob("cur/*"), *box.glob("new/*")):
                os.chown(path, user.pw_uid, user.pw_gid)

    def flags(self, folder: str = "INBOX") -> set[str]:
        """Return the flags of all mails, as the names of the Maildir's files and the server say."""
        answers = self.doveadm("-f", "tab", "fetch", "-u", USER, "flags", "mailbox", folder, "all").splitlines()[1:]
        return {flag for answer in answers for flag in answer.split()}

    def doveadm(self, *arguments: str) -> str:
        command = ["doveadm", "-c", str(self.folder / "dovecot.conf"), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def disconnect(self) -> None:
        """Break all connections: end the processes that serve them, by their numbers."""
        for line in self.doveadm("-f", "tab", "process", "status").splitlines()[1:]:
            service, process = line.split("\t")[:2]
            if service in ("imap", "imap-login"):
                with suppress(ProcessLookupError):  # it has ended by itself
                    os.kill(int(process), signal.SIGKILL)


def missing_dovecot() -> str:
    """Return what is missing to run one, ``""`` if nothing is."""
    names = [name for name in ("dovecot", "doveadm", "openssl") if shutil.which(name, path=_PATH) is None]
    return f"no {', '.join(names)}: apt-get install dovecot-imapd openssl" if names else ""


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """Start a Dovecot in a folder of its own, which its processes without rights can enter; it is stopped at the end."""
    with TemporaryDirectory(prefix="dovecot-") as name:
        Path(name).chmod(0o755)
        with _running(Path(name)) as server:
            yield server


@contextmanager
def _running(folder: Path) -> Iterator[Dovecot]:
    internal = _nobody()
    user = pwd.getpwnam(internal)
    server = Dovecot(folder, _free_port(), _free_port())
    for name in ("run", "state", "mail", "home"):
        (folder / name).mkdir()
    server.deliver([])
    certify(folder)
    with _token_server() as port:
        (folder / "oauth2").write_text(_OAUTH.format(port=port))
        (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", "utf-8")
        (folder / "dovecot.conf").write_text(
            _CONFIG.format(
                folder=folder,
                remote=REMOTE,
                internal=internal,
                group=_group(user.pw_gid),
                uid=user.pw_uid,
                gid=user.pw_gid,
                imap=server.imap,
                imaps=server.imaps,
            )
        )
        command = [str(shutil.which("dovecot", path=_PATH)), "-F", "-c", str(folder / "dovecot.conf")]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            _wait_for(server.imaps, process)
            yield server
        finally:
            process.terminate()
            process.wait(30)
            assert process.stderr
            process.stderr.close()


def certify(folder: Path) -> None:
    """Write a certificate for the names of the server, and its key."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", f"subjectAltName=DNS:localhost,IP:{REMOTE}"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)


_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def _nobody() -> str:
    """Return a user for the server's processes: as root one without rights, else oneself."""
    return "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name


def _group(gid: int) -> str:
    import grp  # noqa: PLC0415

    return grp.getgrgid(gid).gr_name


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers, or has ended."""
    for _ in range(2_000):
        with socket.socket() as probe:
            probe.settimeout(5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        try:
            process.wait(0.01)
        except subprocess.TimeoutExpired:
            continue
        assert process.stderr
        raise AssertionError(f"dovecot ended: {process.stderr.read().decode()}")
    raise AssertionError("dovecot does not answer")


class _Tokens(http.server.BaseHTTPRequestHandler):
    """The provider whom Dovecot asks whether a token is valid."""

    def do_GET(self) -> None:
        token = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("token", [""])[0]
        valid = token == TOKEN
        body = json.dumps({"email": USER, "active": "yes"} if valid else {"error": "invalid_token"}).encode()
        self.send_response(200 if valid else 400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _token_server() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Tokens) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
