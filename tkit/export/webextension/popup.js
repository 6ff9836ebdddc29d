// The trackers of a tab, each with its reasons.
import { showTrackers, trackerItem } from "./view.js";

const api = globalThis.browser ?? chrome;
const key = `tab ${new URLSearchParams(location.search).get("tab")}`;

function stateOf({ isAllowed, isHeld }) {
  if (!isHeld) return "Not blocked: such requests, or requests to its server, belong to the page here.";
  return isAllowed ? "Shown: you allowed it." : "Blocked: its server was not contacted.";
}

async function allow(url, isAllowed) {
  const { allowed = [] } = await api.storage.local.get("allowed");
  const others = allowed.filter((other) => other !== url);
  await api.storage.local.set({ allowed: isAllowed ? [...others, url] : others });
}

function item(tracker) {
  const { url, isAllowed, isHeld } = tracker;
  const control = [isAllowed ? "Block it again" : "Show it", () => allow(url, !isAllowed)];
  return trackerItem(tracker, stateOf(tracker), ...(isHeld ? [control] : []));
}

async function show() {
  const { [key]: frames } = await api.storage.session.get(key);
  if (!frames) return;
  const found = Object.values(frames).flat();
  showTrackers(found.length, found.map(item));
}

api.storage.session.onChanged.addListener((changes) => {
  if (changes[key]) show();
});
show();
