"""The browser extension in Chromium, as the tests of it see it."""

from typing import Any

from made_webmail import Asked

BLOCKED = "net::ERR_BLOCKED_BY_CLIENT"


class Chromium:
    """Chromium with the extension, turned on for SITES."""

    def __init__(self, context: Any, worker: Any) -> None:
        self.context = context
        self.worker = worker
        self.address = worker.url.rpartition("/")[0]

    def store(self, **values: object) -> None:
        self.worker.evaluate("(values) => chrome.storage.local.set(values)", values)

    def reads(self, expression: str, expected: Any) -> None:
        """Wait in the browser until an expression has a value; a promise is awaited, and compared is how JSON writes it."""
        poll = f"""async (expected) => {{
  const end = Date.now() + 30_000;
  for (;;) {{
    const value = await ({expression});
    if (JSON.stringify(value) === JSON.stringify(expected) || Date.now() > end) return value;
    await new Promise((next) => setTimeout(next, 20));
  }}
}}"""
        assert self.worker.evaluate(poll, expected) == expected


class Tab:
    """A page, and what the extension says of it."""

    def __init__(self, chromium: Chromium, url: str) -> None:
        self.chromium = chromium
        self.page = chromium.context.new_page()
        self.failed: dict[Asked, str] = {}
        self.page.on("requestfailed", self._note)
        self.page.goto(url)
        self.number = chromium.worker.evaluate("chrome.tabs.query({}).then((tabs) => tabs.at(-1).id)")

    def _note(self, request: Any) -> None:
        self.failed.setdefault(Asked.of(request.url), request.failure)

    def badge(self, expected: str) -> None:
        """Wait until the badge says so."""
        self.chromium.reads(f"chrome.action.getBadgeText({{ tabId: {self.number} }})", expected)

    def finds(self, urls: set[str], wanted: str = "tracker") -> None:
        """Wait until these have a verdict on the page and its frames."""
        found = f"chrome.storage.session.get('tab {self.number}').then(({{ 'tab {self.number}': frames = {{}} }}) => frames)"
        of = f"((frames) => Object.values(frames).flat().filter(({{ verdict }}) => verdict === '{wanted}'))"
        urls_of = f"{found}.then((frames) => [...new Set({of}(frames).map(({{ url }}) => url))].sort())"
        self.chromium.reads(urls_of, sorted(urls))

    def fails(self, urls: set[str]) -> None:
        """Wait until the browser says that the extension blocked these; each answer of the page brings what happened before."""
        for _ in range(100):
            if set(map(Asked.of, urls)) <= self.failed.keys():
                break
            self.page.evaluate("fetch('/last')")
        assert {self.failed.get(Asked.of(url)) for url in urls} == {BLOCKED}

    def popup(self) -> Any:
        """Open what the toolbar's button of this tab opens."""
        address = self.chromium.worker.evaluate(f"chrome.action.getPopup({{ tabId: {self.number} }})")
        page = self.chromium.context.new_page()
        page.goto(address)
        return page
