// The trackers of the shown mail with their reasons, and the button that shows the other pictures.
import { countOf, showTrackers, trackerItem } from "./view.js";

const tabId = Number(new URLSearchParams(location.search).get("tab"));
const key = `tab ${tabId}`;
const button = document.getElementById("show");
const always = document.getElementById("always");

const askToShow = (urls) => messenger.runtime.sendMessage({ type: "show", tabId, urls });

function item(tracker, { pictures, shown }) {
  if (tracker.isLoaded) return trackerItem(tracker, "Loaded: remote content is on for this mail.");
  if (shown.includes(tracker.url)) return trackerItem(tracker, "Shown: you asked for it.");
  const isPicture = pictures.some(([, url]) => url === tracker.url);
  return trackerItem(tracker, "Blocked: its server was not contacted.", ...(isPicture ? [["Show it", () => askToShow([tracker.url])]] : []));
}

async function show() {
  const { [key]: found } = await messenger.storage.session.get(key);
  if (!found) return;
  const trackers = new Set(found.trackers.map(({ url }) => url));
  const others = new Set(found.pictures.map(([, url]) => url).filter((url) => !trackers.has(url)));
  showTrackers(
    trackers.size,
    found.trackers.map((tracker) => item(tracker, found)),
  );
  button.textContent = `Show ${countOf(others.size, "other picture")}`;
  button.hidden = !others.size || found.shown.some((url) => others.has(url));
}

button.addEventListener("click", () => askToShow());
always.addEventListener("change", () => messenger.storage.local.set({ always: always.checked }));
messenger.storage.local.get("always").then((stored) => (always.checked = stored.always ?? false));
messenger.storage.session.onChanged.addListener((changes) => {
  if (changes[key]) show();
});
show();
