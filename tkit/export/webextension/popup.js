// The trackers and personalised pictures of a tab, each with its reasons.
import { foundItem, showFound } from "./view.js";

const api = globalThis.browser ?? chrome;
const key = `tab ${new URLSearchParams(location.search).get("tab")}`;

function stateOf({ isAllowed, isHeld, isShown }) {
  if (!isHeld) return "Not blocked: such requests, or requests to its server, belong to the page here.";
  if (isAllowed) return "Shown: you allowed it.";
  return isShown ? "Shown: its server can see that you opened the mail." : "Blocked: its server was not contacted.";
}

async function allow(url, isAllowed) {
  const { allowed = [] } = await api.storage.local.get("allowed");
  const others = allowed.filter((other) => other !== url);
  await api.storage.local.set({ allowed: isAllowed ? [...others, url] : others });
}

function item(one) {
  const { url, isAllowed, isHeld, isShown } = one;
  const control = [isAllowed ? "Block it again" : "Show it", () => allow(url, !isAllowed)];
  return foundItem(one, stateOf(one), ...(isHeld && (isAllowed || !isShown) ? [control] : []));
}

async function show() {
  const { [key]: frames } = await api.storage.session.get(key);
  if (!frames) return;
  const found = Object.values(frames).flat();
  const itemsOf = (wanted) => found.filter(({ verdict }) => verdict === wanted).map(item);
  showFound(itemsOf("tracker"), itemsOf("personalised"));
}

api.storage.session.onChanged.addListener((changes) => {
  if (changes[key]) show();
});
show();
