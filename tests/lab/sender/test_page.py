"""The live page in a real browser."""

from pathlib import Path

import pytest

from tkit.lab.clock import SimulatedClock
from tkit.lab.sender import EventLog, Mailing, Recorder, RecorderServer

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'tkit[lab]'")

PATIENCE = 120_000  # ms, for a busy machine


def test_the_page_shows_opens_as_they_come_and_loads_nothing_foreign(tmp_path: Path, chromium: str) -> None:
    import httpx  # noqa: PLC0415

    clock = SimulatedClock(0)
    log = EventLog(tmp_path / "log", "NORMAL")
    recorder = Recorder(log, clock)
    odd = "<b>eve</b>@mail.example"
    with RecorderServer(recorder) as server, playwright.sync_playwright() as started:
        copies = [Mailing(name="m").copy(to, 0) for to in ("ada@mail.example", odd)]
        for copy in copies:
            recorder.register("m", copy.recipient, copy.addresses)
        arguments = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-background-networking"]
        browser = started.chromium.launch(executable_path=chromium, args=arguments, chromium_sandbox=False, timeout=PATIENCE)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        requested: list[str] = []
        problems: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(server.url)
        page.wait_for_function("document.querySelectorAll('tbody tr').length === 2")
        assert page.locator("tbody td").all_inner_texts()[:3] == ["ada@mail.example", "not opened", "0"]
        url = copies[0].addresses[0].url
        host, _, path = url.partition("//")[2].partition("/")
        for moment in (2 * 3600.0, 90 * 86400.0):
            clock.wait_until(moment)
            httpx.get(f"{server.url}{path}", headers={"Host": host}, trust_env=False, timeout=60)
        page.wait_for_function("document.querySelectorAll('circle').length === 2")
        assert page.locator("tbody tr").nth(0).locator("td").all_inner_texts()[:4] == [
            "ada@mail.example",
            "after 2.0 h",
            "2",
            "after 90.0 days",
        ]
        assert page.locator("tbody tr").nth(1).locator("td").first.inner_text() == odd
        assert "1 of 2 opened" in page.locator("#sum").inner_text()
        browser.close()
    log.close()
    assert problems == []
    assert sorted(set(requested) - {"data:,"}) == [server.url + name for name in ("", "events", "page.css", "page.js")]
