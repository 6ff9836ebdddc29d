// Keeps the rules and scripts of the sites that are turned on, the mark, and what was found in each tab.
import { KINDS, holdRules, isHeld, originsOf, releaseRule, siteOf } from "./sites.js";

const api = globalThis.browser ?? chrome;
const SCRIPTS = ["tkit.js", "reasons.js", "release.js", "content.js"];
const RELEASE_ID = 1;
const MARK_BYTES = 16;

// -- a queue: nothing changes stored data between reading and writing it ---------------------------------------------

let last = Promise.resolve();

function queued(task) {
  last = last.then(task, task);
  return last;
}

// -- sites -----------------------------------------------------------------------------------------------------------

/** The sites that are turned on and that the extension has permission for: elsewhere nothing is held. */
async function sitesInUse() {
  const { sites = [] } = await api.storage.local.get("sites");
  const granted = await Promise.all(sites.map(({ host }) => api.permissions.contains({ origins: originsOf(host) })));
  return sites.filter((_, number) => granted[number]);
}

async function applySites() {
  const sites = await sitesInUse();
  const rules = [];
  for (const site of sites) rules.push(...holdRules(site, rules.length + 1));
  const old = await api.declarativeNetRequest.getDynamicRules();
  await api.declarativeNetRequest.updateDynamicRules({ removeRuleIds: old.map(({ id }) => id), addRules: rules });
  await api.scripting.unregisterContentScripts();
  await api.scripting.registerContentScripts(
    sites.map(({ host }) => ({
      id: host,
      matches: originsOf(host),
      js: SCRIPTS,
      allFrames: true,
      matchOriginAsFallback: true, // frames written into the page have its origin
      runAt: "document_start",
    })),
  );
}

// -- the mark --------------------------------------------------------------------------------------------------------

/** The ending of released URLs in this session. A sender cannot know it, so that no mail can release itself. */
async function markOf() {
  const { mark } = await api.storage.session.get("mark");
  if (mark) return mark;
  const bytes = Array.from(crypto.getRandomValues(new Uint8Array(MARK_BYTES)), (byte) => byte.toString(16).padStart(2, "0"));
  const made = `#tkit-${bytes.join("")}`;
  await api.declarativeNetRequest.updateSessionRules({ removeRuleIds: [RELEASE_ID], addRules: [releaseRule(made, RELEASE_ID)] });
  await api.storage.session.set({ mark: made });
  return made;
}

// -- what was found in each tab: trackers and personalised pictures -------------------------------------------------

const keyOf = (tabId) => `tab ${tabId}`;

async function keep({ tab, frameId }, found) {
  const key = keyOf(tab.id);
  const { [key]: before = {} } = await api.storage.session.get(key);
  const frames = frameId === 0 && !found ? {} : before; // a new page
  frames[frameId] = found ?? [];
  await api.storage.session.set({ [key]: frames });
  const isCounted = ({ verdict, isHeld, isAllowed }) => verdict === "tracker" && isHeld && !isAllowed;
  // A page also reads what it writes into a frame (srcdoc), which is judged by itself as well.
  const held = new Set(Object.values(frames).flat().filter(isCounted).map(({ url }) => url));
  await api.action.setBadgeText({ tabId: tab.id, text: held.size ? String(held.size) : "" });
  await api.action.setPopup({ tabId: tab.id, popup: `popup.html?tab=${tab.id}` });
}

async function answer({ type, found }, sender) {
  const site = siteOf(await sitesInUse(), new URL(sender.origin ?? sender.url).hostname);
  if (!site) return null;
  if (type === "start") {
    await keep(sender, null);
    const settings = await api.storage.local.get({ allowed: [], holdsPersonalised: false });
    const { message, body } = KINDS[site.kind];
    return { message, body, mark: await markOf(), ...settings };
  }
  await keep(sender, found.map((one) => ({ ...one, isHeld: isHeld(site, one.url, one.carriers) })));
  return null;
}

api.runtime.onMessage.addListener((message, sender, respond) => {
  const answered = queued(() => answer(message, sender));
  answered.then(respond, (error) => {
    respond(null); // as on a page where it is off: nothing is released
    throw error; // into the browser's log
  });
  return true; // answered later
});
api.tabs.onRemoved.addListener((tabId) => queued(() => api.storage.session.remove(keyOf(tabId))));
api.storage.local.onChanged.addListener((changes) => {
  if (changes.sites) queued(applySites);
});
api.permissions.onAdded.addListener(() => queued(applySites));
api.permissions.onRemoved.addListener(() => queued(applySites));
api.runtime.onStartup.addListener(() => queued(applySites));
api.runtime.onInstalled.addListener(({ reason }) => {
  queued(applySites);
  if (reason === "install") api.runtime.openOptionsPage();
});
api.action.setBadgeBackgroundColor({ color: "#a4262c" });
