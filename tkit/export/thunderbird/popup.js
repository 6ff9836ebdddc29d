// The trackers of the shown mail, each with its reasons, and the button that shows the other pictures.
import { countOf, trackerItem } from "./view.js";

const tabId = Number(new URLSearchParams(location.search).get("tab"));
const key = `tab ${tabId}`;
const button = document.getElementById("show");
const always = document.getElementById("always");

const askToShow = () => messenger.runtime.sendMessage({ type: "show", tabId });

async function allow(url) {
  const { allowed = [] } = await messenger.storage.local.get("allowed");
  await messenger.storage.local.set({ allowed: [...allowed.filter((one) => one !== url), url] });
  await askToShow();
}

function stateOf(tracker, isAllowed) {
  if (tracker.isLoaded) return "Loaded: remote content is on for this mail.";
  return isAllowed ? "You allowed it." : "Its server was not asked.";
}

async function show() {
  const { [key]: found } = await messenger.storage.session.get(key);
  if (!found) return;
  const { allowed = [] } = await messenger.storage.local.get("allowed");
  const trackers = new Set(found.trackers.map(({ url }) => url));
  const others = new Set(found.pictures.map(([, url]) => url).filter((url) => !trackers.has(url)));
  const items = found.trackers.map((tracker) => {
    const isAllowed = allowed.includes(tracker.url);
    const control = ["Show it", () => allow(tracker.url)];
    return trackerItem(tracker, stateOf(tracker, isAllowed), ...(isAllowed || tracker.isLoaded ? [] : [control]));
  });
  document.getElementById("told").textContent = `${countOf(trackers.size, "read tracker")} in this mail`;
  document.getElementById("trackers").replaceChildren(...items);
  button.textContent = `Show ${countOf(others.size, "other picture")}`;
  button.hidden = found.isShown || !others.size;
}

button.addEventListener("click", askToShow);
always.addEventListener("change", () => messenger.storage.local.set({ always: always.checked }));
messenger.storage.local.get("always").then((stored) => (always.checked = stored.always ?? false));
messenger.storage.session.onChanged.addListener((changes) => {
  if (changes[key]) show();
});
show();
