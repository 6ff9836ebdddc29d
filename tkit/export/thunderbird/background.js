// Judges a shown mail by its source, and fetches the pictures that are no trackers when it is asked to.

const PICTURES = new Set([
  ...["img-src", "img-srcset", "source-srcset", "input-image", "background-attr", "style-attr", "style-element"],
  ...["video-poster", "svg-image"],
]);
const MOST_BYTES = 5_000_000; // of one picture
const MOST_PICTURES = 200;
const SCRIPT = { id: "pictures", js: ["release.js", "pictures.js"], runAt: "document_start" };

// -- the mail ----------------------------------------------------------------------------------------------------------

function leavesOf(part) {
  return part.parts?.length ? part.parts.flatMap(leavesOf) : [part];
}

/** The header block as it stands, each byte a character. */
async function headerBlock(message) {
  const bytes = new Uint8Array(await (await messenger.messages.getRaw(message.id)).arrayBuffer());
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return /^[^]*?(?=\r?\n\r?\n|$(?![^]))/.exec(text)[0];
}

/** The verdicts of a mail's HTML, as it was sent. */
async function verdictsOf(message) {
  const leaves = leavesOf(await messenger.messages.getFull(message.id));
  const parts = leaves.filter(({ contentType, body }) => contentType === "text/html" && body);
  const context = {
    message: {
      headers: await headerBlock(message),
      contentTypes: leaves.map(({ contentType }) => contentType.toLowerCase()),
      htmlParts: parts.length,
    },
  };
  const parsed = parts.map(({ body }) => new DOMParser().parseFromString(body, "text/html"));
  return parsed.flatMap((html) => tkit.classifyDocument(html, context));
}

async function judge(tab, message) {
  const verdicts = await verdictsOf(message);
  const trackers = new Map();
  for (const verdict of verdicts) {
    if (verdict.tracker && !trackers.has(verdict.resolvedUrl)) trackers.set(verdict.resolvedUrl, verdict);
  }
  const pictures = new Map(); // as written -> resolved
  for (const { carrier, url, resolvedUrl, isConditional } of verdicts) {
    if (PICTURES.has(carrier) && !isConditional) pictures.set(url, resolvedUrl);
  }
  const loaded = await told(tab.id, { type: "loaded", urls: Array.from(pictures.keys()) });
  const isLoaded = new Set((loaded ?? []).map((url) => pictures.get(url)));
  const found = {
    trackers: Array.from(trackers.values(), (verdict) => ({
      url: verdict.resolvedUrl,
      provider: tkit.provider(verdict.resolvedUrl),
      reasons: reasonsOf(verdict),
      isLoaded: isLoaded.has(verdict.resolvedUrl),
    })),
    pictures: Array.from(pictures),
    shown: [],
  };
  await messenger.storage.session.set({ [`tab ${tab.id}`]: found });
  const text = trackers.size ? String(trackers.size) : "";
  await messenger.messageDisplayAction.setBadgeText({ tabId: tab.id, text });
  await messenger.messageDisplayAction.setPopup({ tabId: tab.id, popup: `popup.html?tab=${tab.id}` });
  const { always = false } = await messenger.storage.local.get("always");
  if (always) await show(tab.id);
}

// -- the pictures ------------------------------------------------------------------------------------------------------

/** Tell the script in the shown mail; undefined where there is none. */
async function told(tabId, message) {
  try {
    return await messenger.tabs.sendMessage(tabId, message);
  } catch {
    return undefined; // the mail is no longer shown
  }
}

/** A picture as a data: URL, fetched without cookies and without telling from where; null for what is none. */
async function fetched(url) {
  try {
    const response = await fetch(url, { credentials: "omit", referrerPolicy: "no-referrer" });
    const blob = await response.blob();
    if (!response.ok || !blob.type.startsWith("image/") || blob.size > MOST_BYTES) return null;
    return await new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(blob);
    });
  } catch {
    return null; // a server that is gone is no reason to show nothing of the others
  }
}

/** Show pictures of a tab's mail: these, or without them all that are no trackers. */
async function show(tabId, urls) {
  const key = `tab ${tabId}`;
  const { [key]: found } = await messenger.storage.session.get(key);
  if (!found) return;
  const trackers = new Set(found.trackers.map(({ url }) => url));
  const isWanted = (url) => (urls ? urls.includes(url) : !trackers.has(url));
  const wanted = found.pictures.filter(([, url]) => isWanted(url) && !found.shown.includes(url)).slice(0, MOST_PICTURES);
  const shown = [...found.shown, ...wanted.map(([, url]) => url)];
  await messenger.storage.session.set({ [key]: { ...found, shown } });
  const pictures = await Promise.all(wanted.map(async ([written, url]) => [written, await fetched(url)]));
  await told(tabId, { type: "show", pictures: pictures.filter(([, data]) => data) });
}

// -- events ------------------------------------------------------------------------------------------------------------

messenger.messageDisplay.onMessagesDisplayed.addListener(async (tab, { messages }) => {
  if (messages.length === 1) await judge(tab, messages[0]);
});
messenger.runtime.onMessage.addListener(({ type, tabId, urls }) => (type === "show" ? show(tabId, urls) : undefined));
messenger.tabs.onRemoved.addListener((tabId) => messenger.storage.session.remove(`tab ${tabId}`));
messenger.scripting.messageDisplay.getRegisteredScripts().then((scripts) => {
  if (!scripts.length) messenger.scripting.messageDisplay.registerScripts([SCRIPT]);
});
