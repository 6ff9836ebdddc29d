// The trackers and personalised pictures of the shown mail with their reasons, and the button that shows the other pictures.
import { countOf, foundItem, showFound } from "./view.js";

const tabId = Number(new URLSearchParams(location.search).get("tab"));
const key = `tab ${tabId}`;
const button = document.getElementById("show");

const askToShow = (urls) => messenger.runtime.sendMessage({ type: "show", tabId, urls });

/** Whether Thunderbird requested a URL, by what it did with the mail's images; undefined if that does not tell. */
function isRequested(url, requests) {
  // Thunderbird decides for the whole mail or for a server, so images from the same server share the answer.
  const same = requests.filter(([image]) => image === url);
  const near = requests.filter(([image]) => new URL(image).origin === new URL(url).origin);
  const answers = (same.length ? same : near).map(([, answer]) => answer);
  return answers.length ? answers.includes(true) : undefined;
}

function item(one, { pictures, shown }, requests) {
  if (shown.includes(one.url)) return foundItem(one, "Shown: you asked for it.");
  const answer = one.isRead ? isRequested(one.url, requests) : false;
  if (answer) return foundItem(one, "Not blocked: remote content is on for this mail or for its server.");
  const state =
    answer === false
      ? "Blocked: its server was not contacted."
      : "Blocked only if remote content is off for this mail and for its server.";
  const isPicture = pictures.some(([, url]) => url === one.url);
  return foundItem(one, state, ...(isPicture ? [["Show it", () => askToShow([one.url])]] : []));
}

let latest; // the call of show() whose answer counts

async function show() {
  const own = (latest = {});
  const { [key]: found } = await messenger.storage.session.get(key);
  if (!found) return;
  // Asked now and not when the mail was judged: a mail can be judged before Thunderbird has read it.
  const requests = await messenger.tabs.sendMessage(tabId, { type: "requests" }).catch(() => []); // no script in the mail
  const { holdsPersonalised } = await messenger.storage.local.get({ holdsPersonalised: false });
  if (own !== latest) return;
  const isHeld = ({ verdict }) => verdict === "tracker" || holdsPersonalised;
  const held = new Set(found.individual.filter(isHeld).map(({ url }) => url));
  const others = new Set(found.pictures.map(([, url]) => url).filter((url) => !held.has(url)));
  const itemsOf = (wanted) => found.individual.filter(({ verdict }) => verdict === wanted).map((one) => item(one, found, requests));
  showFound(itemsOf("tracker"), itemsOf("personalised"));
  button.textContent = `Show ${countOf(others.size, "other picture")}`;
  button.hidden = !others.size || found.shown.some((url) => others.has(url));
}

button.addEventListener("click", () => askToShow());
for (const [id, name] of [["always", "always"], ["holds-personalised", "holdsPersonalised"]]) {
  const box = document.getElementById(id);
  box.addEventListener("change", () => messenger.storage.local.set({ [name]: box.checked }));
  messenger.storage.local.get({ [name]: false }).then((stored) => (box.checked = stored[name]));
}
messenger.storage.local.onChanged.addListener(show);
messenger.storage.session.onChanged.addListener((changes) => {
  if (changes[key]) show();
});
messenger.runtime.onMessage.addListener(({ type }, { tab }) => {
  if (type === "started" && tab?.id === tabId) show();
});
messenger.runtime.sendMessage({ type: "opened", tabId }); // the mail is judged now if it was not
show();
