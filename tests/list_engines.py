"""The engines that read tkit's lists of rules, each asked for its verdicts on requests, and requests to ask it."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from tkit.templates import Matcher, Templates

SOURCE = "https://message.invalid/"

Requests = Sequence[tuple[str, str]]
"""The type of each request, and its URL."""


def urls_by_hand(templates: Templates) -> list[str]:
    """For each template: URLs that match it, plain, in capitals and in proxies; and near ones that do not."""
    found = []
    for pattern in templates.patterns:
        text = pattern.replace("*", "q7-Zk2")
        front = {".": "http://t7", ":": "http", "//": "https:"}
        start = next((front[sign] for sign in ("//", ".", ":") if text.startswith(sign)), "http://mail.a.example")
        url = f"{start}{text}9f3c/1.gif"
        found += [
            url,
            f"http://mail.a.example/proxy/AbC=s0-d-e1-ft#{url}",
            f"https://ec.b.example/mail?url={quoted(url)}&t=1",
            f"https://ec.b.example/mail?url={quoted(url).lower()}&t=1",
            url.replace("mail.a.example", "cdn.a.example").replace(text, text[:-1] + "x" + text[-1:]),
            url.replace("mail.a.example", "cdn.a.example").replace(
                text, text[: len(text) // 2] + "%20" + text[len(text) // 2 :]
            ),
            url.replace("mail.a.example", "cdn.a.example/x").replace(text, text.replace("/", "/y-", 1)),
        ]
        if "/" in url[8:]:
            host, _, tail = url[8:].partition("/")
            found.append(f"{url[:8]}{host}/{tail.upper()}")
    return found


def quoted(url: str) -> str:
    """Percent-encode as JavaScript's ``encodeURIComponent`` does."""
    return quote(url, safe="-_.!~*'()")


def expected(templates: Templates, requests: Requests) -> np.ndarray:
    """What tkit's own matcher makes of requests."""
    hits = Matcher(templates.patterns).match_many([url for _, url in requests])
    return hits & np.array([kind == "image" for kind, _ in requests])


def in_brave(text: str, requests: Requests) -> np.ndarray:
    """Verdicts of Brave's engine."""
    import adblock  # noqa: PLC0415

    filters = adblock.FilterSet()
    filters.add_filter_list(text)
    engine = adblock.Engine(filters, optimize=True)
    return np.array([engine.check_network_urls(url, SOURCE, kind).matched for kind, url in requests])


def in_node(npm: Path, file: Path, requests: Requests) -> dict[str, np.ndarray]:
    """Verdicts of uBlock Origin's engine and of Ghostery's."""
    command = ["node", npm / "lists.mjs", file]
    done = subprocess.run(command, input=json.dumps(list(requests)).encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    answer = json.loads(done.stdout)
    return {name: np.array(answer[name]) for name in ("ublock", "ghostery")}


IN_CHROMIUM = """async (requests) => {
  const api = chrome.declarativeNetRequest;
  const hits = [];
  for (const [type, url] of requests) {
    const { matchedRules } = await api.testMatchOutcome({ url, type, initiator: "https://message.invalid" });
    hits.push(matchedRules.length > 0);
  }
  return hits;
}"""


def in_chromium(folder: Path, beside: Path, requests: Requests, executable: str) -> tuple[np.ndarray, dict[str, Any]]:
    """Load a copy of an extension, with a script to ask it by, and give its verdicts and what it says of its rules."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    from tkit.lab.render import LAUNCH_ARGUMENTS  # noqa: PLC0415

    copy = beside / "extension"
    shutil.copytree(folder, copy)
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    (copy / "manifest.json").write_text(json.dumps(manifest | {"background": {"service_worker": "ask.js"}}), encoding="utf-8")
    (copy / "ask.js").write_text("", encoding="utf-8")
    arguments = [*LAUNCH_ARGUMENTS, f"--disable-extensions-except={copy}", f"--load-extension={copy}", "--headless=new"]
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(beside / "profile"),
            executable_path=executable,
            headless=False,  # Playwright's own kind of headless has no extensions; the argument makes it so
            args=arguments,
            chromium_sandbox=os.geteuid() != 0,
        )
        worker = context.service_workers[0] if context.service_workers else context.wait_for_event("serviceworker")
        hits = np.concatenate(
            [worker.evaluate(IN_CHROMIUM, list(requests[at : at + 2000])) for at in range(0, len(requests), 2000)]
        )
        rules = json.loads((copy / "rules.json").read_text(encoding="utf-8"))
        said = worker.evaluate(
            """async () => ({
              enabled: await chrome.declarativeNetRequest.getEnabledRulesets(),
              left: await chrome.declarativeNetRequest.getAvailableStaticRuleCount(),
            })"""
        )
        context.close()
    return hits.astype(bool), said | {"rules": len(rules)}
