"""Firefox and Thunderbird driven over their Marionette protocol, with everything that they ask for on this machine."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

_PREFERENCES: dict[str, object] = {
    "marionette.port": 0,  # a free one, which it writes into the profile
    "xpinstall.signatures.required": False,
    "network.proxy.type": 1,
    "network.proxy.allow_hijacking_localhost": True,
    "app.donation.eoy.version.viewed": 999,
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mailnews.start_page.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.stricttransportsecurity.preloadlist": False,
    "security.cert_pinning.enforcement_level": 0,
    "services.settings.server": "",
    "toolkit.telemetry.enabled": False,
}
_TRUST_ANY_CERTIFICATE = """
const overrides = Cc["@mozilla.org/security/certoverride;1"].getService(Ci.nsICertOverrideService);
overrides.setDisableAllSecurityChecksAndLetAttackersInterceptMyData(true);
"""
_IN_PAGE = """
const name = `answer ${Math.random()}`;
const source = `(async () => { ${given[0]} })().then((value) => sendAsyncMessage("${name}", { value }),
  (error) => sendAsyncMessage("${name}", { error: String(error) }));`;
const answer = await new Promise((resolve) => {
  browser.messageManager.addMessageListener(name, ({ data }) => resolve(data));
  browser.messageManager.loadFrameScript(`data:,${encodeURIComponent(source)}`, false);
});
if ("error" in answer) throw new Error(answer.error);
return answer.value;
"""


class GeckoError(Exception):
    """What the program says went wrong."""


class Gecko:
    """A running Firefox or Thunderbird.

    A message is ``length:json``; ``[0, id, command, parameters]`` is answered by ``[1, id, error, result]``.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._file = self._socket.makefile("rb")
        self._number = 0
        self._read()
        self.version = self("WebDriver:NewSession", capabilities={})["capabilities"]["browserVersion"]
        self("WebDriver:SetTimeouts", script=300_000, pageLoad=300_000)
        self.chrome(_TRUST_ANY_CERTIFICATE)

    def _read(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            byte = self._file.read(1)
            if not byte:
                raise GeckoError("the program hung up")
            length += byte
        return json.loads(self._file.read(int(length[:-1])))

    def __call__(self, command: str, **parameters: object) -> Any:
        self._number += 1
        data = json.dumps([0, self._number, command, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(data), data))
        _, _, error, result = self._read()
        if error:
            raise GeckoError(f"{command}: {error['message']}")
        return result

    def chrome(self, script: str, *arguments: object) -> Any:
        """Run a script with the program's own rights; ``given`` are the arguments."""
        self("Marionette:SetContext", value="chrome")
        whole = (
            "const [given, done] = [Array.from(arguments).slice(0, -1), arguments[arguments.length - 1]];"
            f"(async () => {{ {script} }})().then((value) => done({{ value }}), (error) => done({{ error: String(error) }}));"
        )
        answer = self("WebDriver:ExecuteAsyncScript", script=whole, args=list(arguments), sandbox=None)["value"]
        if "error" in answer:
            raise GeckoError(answer["error"])
        return answer.get("value")

    def page(self, browser: str, script: str, *arguments: object) -> Any:
        """Run a script beside a page: ``page`` is its window, ``given`` are the arguments.

        Parameters
        ----------
        browser : str
            An expression for the element that shows the page.
        """
        inner = f"const page = content; const given = {json.dumps(arguments)}; {script}"
        return self.chrome(f"const browser = {browser}; {_IN_PAGE}", inner)

    def install(self, folder: Path) -> str:
        """Install an extension until the end, and give the address that its pages have."""
        name = self("Addon:Install", path=str(folder), temporary=True)["value"]
        host = self.chrome("return WebExtensionPolicy.getByID(given[0]).mozExtensionHostname;", name)
        return f"moz-extension://{host}"

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()


@contextmanager
def gecko(program: str, profile: Path, proxy_port: int, **preferences: object) -> Iterator[Gecko]:
    """Run a program in a profile of its own; every request of its goes to a proxy on loopback."""
    proxy = {f"network.proxy.{kind}": "127.0.0.1" for kind in ("http", "ssl")}
    ports = {f"network.proxy.{kind}_port": proxy_port for kind in ("http", "ssl")}
    lines = (f"user_pref({json.dumps(n)}, {json.dumps(v)});" for n, v in (_PREFERENCES | proxy | ports | preferences).items())
    (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
    command = [program, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", str(profile)]
    with (profile / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"HOME": str(profile)})
    try:
        with closing(Gecko(_port_of(profile, process))) as running:
            yield running
    finally:
        process.terminate()
        process.wait()


def _port_of(profile: Path, process: subprocess.Popen[bytes], seconds: float = 60) -> int:
    """Wait until the program says where it listens."""
    told, end = profile / "MarionetteActivePort", time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        if told.exists() and told.read_text(encoding="ascii").strip():
            return int(told.read_text(encoding="ascii"))
        time.sleep(0.05)
    raise GeckoError(f"it does not listen: {(profile / 'log').read_text(encoding='utf-8', errors='replace')[-500:]}")


def program_of(*names: str) -> str | None:
    """Return the first program that is there."""
    return next(filter(None, map(shutil.which, names)), None)
