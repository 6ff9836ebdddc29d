// The trackers of the shown mail with their reasons, and the button that shows the other pictures.
import { countOf, showTrackers, trackerItem } from "./view.js";

const tabId = Number(new URLSearchParams(location.search).get("tab"));
const key = `tab ${tabId}`;
const button = document.getElementById("show");
const always = document.getElementById("always");

const askToShow = (urls) => messenger.runtime.sendMessage({ type: "show", tabId, urls });

/** Whether Thunderbird requested a URL, by what it did with the mail's images; undefined if that does not tell. */
function isRequested(url, requests) {
  // Thunderbird decides for the whole mail or for a server, so images from the same server share the answer.
  const same = requests.filter(([image]) => image === url);
  const near = requests.filter(([image]) => new URL(image).origin === new URL(url).origin);
  const answers = (same.length ? same : near).map(([, answer]) => answer);
  return answers.length ? answers.includes(true) : undefined;
}

function item(tracker, { pictures, shown }, requests) {
  if (shown.includes(tracker.url)) return trackerItem(tracker, "Shown: you asked for it.");
  const answer = tracker.isRead ? isRequested(tracker.url, requests) : false;
  if (answer) return trackerItem(tracker, "Not blocked: remote content is on for this mail or for its server.");
  const state =
    answer === false
      ? "Blocked: its server was not contacted."
      : "Blocked only if remote content is off for this mail and for its server.";
  const isPicture = pictures.some(([, url]) => url === tracker.url);
  return trackerItem(tracker, state, ...(isPicture ? [["Show it", () => askToShow([tracker.url])]] : []));
}

let latest; // the call of show() whose answer counts

async function show() {
  const own = (latest = {});
  const { [key]: found } = await messenger.storage.session.get(key);
  if (!found) return;
  // Asked now and not when the mail was judged: a mail can be judged before Thunderbird has read it.
  const requests = await messenger.tabs.sendMessage(tabId, { type: "requests" }).catch(() => []); // no script in the mail
  if (own !== latest) return;
  const trackers = new Set(found.trackers.map(({ url }) => url));
  const others = new Set(found.pictures.map(([, url]) => url).filter((url) => !trackers.has(url)));
  showTrackers(
    trackers.size,
    found.trackers.map((tracker) => item(tracker, found, requests)),
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
messenger.runtime.onMessage.addListener(({ type }, { tab }) => {
  if (type === "started" && tab?.id === tabId) show();
});
messenger.runtime.sendMessage({ type: "opened", tabId }); // the mail is judged now if it was not
show();
