// Judges a shown mail by its source, and on request fetches the pictures that are not held back: trackers are, and personalised
// pictures where the reader wants that.

const PICTURES = new Set([
  ...["img-src", "img-srcset", "source-srcset", "input-image", "background-attr", "style-attr", "style-element"],
  ...["video-poster", "svg-image"],
]);
const HTML_TYPES = ["text/html", "text/x-amp-html"]; // both count as HTML; Thunderbird shows only the first
const MOST_BYTES = 5_000_000; // of one picture
const MOST_MS = 30_000; // for one picture
const MOST_PICTURES = 200;
const SCRIPT = { id: "pictures", js: ["release.js", "pictures.js"], runAt: "document_start" };

// -- the mail ----------------------------------------------------------------------------------------------------------

function leavesOf(part) {
  return part.parts?.length ? part.parts.flatMap(leavesOf) : [part];
}

/** The header block, up to the first empty line; each byte is a character. */
async function headerBlock(message) {
  const bytes = new Uint8Array(await (await messenger.messages.getRaw(message.id)).arrayBuffer());
  const [lineFeed, carriageReturn] = [10, 13];
  let end = bytes.indexOf(lineFeed);
  while (end >= 0 && bytes[bytes[end + 1] === carriageReturn ? end + 2 : end + 1] !== lineFeed) end = bytes.indexOf(lineFeed, end + 1);
  return Array.from(end < 0 ? bytes : bytes.subarray(0, end + 1), (byte) => String.fromCharCode(byte)).join("");
}

/** The verdicts of a mail's HTML, as it was sent. */
async function verdictsOf(message) {
  const leaves = leavesOf(await messenger.messages.getFull(message.id));
  const contentTypes = leaves.map(({ contentType }) => contentType.toLowerCase());
  const parts = leaves.filter(({ body }, place) => contentTypes[place] === HTML_TYPES[0] && body);
  const htmlParts = contentTypes.filter((type) => HTML_TYPES.includes(type)).length;
  const context = { message: { headers: await headerBlock(message), contentTypes, htmlParts } };
  const parsed = parts.map(({ body }) => new DOMParser().parseFromString(body, "text/html"));
  return tkit.classifyMessage(parsed, context);
}

const displayed = new Map(); // tab -> the mail that it shows, and the promise that it is judged

/** Forget the results of the mail that a tab showed before. */
async function forget(tabId) {
  await messenger.storage.session.remove(`tab ${tabId}`);
  await messenger.messageDisplayAction.setBadgeText({ tabId, text: "" });
}

async function judge(tab, message) {
  const verdicts = await verdictsOf(message);
  if (displayed.get(tab.id)?.id !== message.id) return; // another mail is shown meanwhile
  const individual = new Map(); // URL -> its first reference
  for (const reference of verdicts) {
    const { verdict, resolvedUrl } = reference;
    if (verdict !== "clean" && !individual.has(resolvedUrl)) individual.set(resolvedUrl, reference);
  }
  const pictures = new Map(); // as written -> resolved
  for (const { carrier, url, resolvedUrl, isConditional } of verdicts) {
    if (PICTURES.has(carrier) && !isConditional) pictures.set(url, resolvedUrl);
  }
  const read = new Set(verdicts.filter(({ isConditional }) => !isConditional).map(({ resolvedUrl }) => resolvedUrl));
  const found = {
    mail: message.id,
    individual: Array.from(individual, ([url, reference]) => ({
      url,
      verdict: reference.verdict,
      provider: tkit.provider(url),
      reasons: reasonsOf(reference),
      isRead: read.has(url), // not only in conditional comments, which Thunderbird never reads
    })),
    pictures: Array.from(pictures),
    shown: [],
  };
  await messenger.storage.session.set({ [`tab ${tab.id}`]: found });
  const count = found.individual.filter(({ verdict }) => verdict === "tracker").length;
  const text = count ? String(count) : "";
  await messenger.messageDisplayAction.setBadgeText({ tabId: tab.id, text });
  await messenger.messageDisplayAction.setPopup({ tabId: tab.id, popup: `popup.html?tab=${tab.id}` });
  const { always = false } = await messenger.storage.local.get("always");
  if (always) await show(tab.id);
}

// -- the pictures ------------------------------------------------------------------------------------------------------

/** A picture as a data: URL, fetched without cookies and referrer; null if it is not a picture. */
async function fetched(url) {
  try {
    const signal = AbortSignal.timeout(MOST_MS);
    const response = await fetch(url, { credentials: "omit", referrerPolicy: "no-referrer", signal });
    const [type] = (response.headers.get("Content-Type") ?? "").toLowerCase().split(/[ \t]*;/);
    if (!response.ok || !type.startsWith("image/")) return null;
    const pieces = [];
    let size = 0;
    for await (const piece of response.body) {
      size += piece.length;
      if (size > MOST_BYTES) return null;
      pieces.push(piece);
    }
    return await new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(new Blob(pieces, { type }));
    });
  } catch {
    return null; // the other pictures are shown all the same
  }
}

/** Show pictures of a tab's mail: the given URLs, or by default all that are not held back. */
async function show(tabId, urls) {
  const key = `tab ${tabId}`;
  const { [key]: found } = await messenger.storage.session.get(key);
  if (!found) return;
  const { holdsPersonalised } = await messenger.storage.local.get({ holdsPersonalised: false });
  const isHeld = ({ verdict }) => verdict === "tracker" || holdsPersonalised;
  const held = new Set(found.individual.filter(isHeld).map(({ url }) => url));
  const isWanted = (url) => (urls ? urls.includes(url) : !held.has(url));
  const wanted = found.pictures.filter(([, url]) => isWanted(url) && !found.shown.includes(url)).slice(0, MOST_PICTURES);
  const shown = [...found.shown, ...wanted.map(([, url]) => url)];
  await messenger.storage.session.set({ [key]: { ...found, shown } });
  const pictures = await Promise.all(wanted.map(async ([written, url]) => [written, await fetched(url)]));
  const message = { type: "show", pictures: pictures.filter(([, data]) => data) };
  await messenger.tabs.sendMessage(tabId, message).catch(() => {}); // the mail is no longer shown
}

// -- events ------------------------------------------------------------------------------------------------------------

function isDisplayed(tab, { messages }) {
  const [message] = messages.length === 1 ? messages : [];
  const judged = forget(tab.id).then(() => message && judge(tab, message));
  displayed.set(tab.id, { id: message?.id, judged });
  return judged;
}

/**
 * Judge the mail of a tab unless it was judged: it may be shown before the listeners are added, and Thunderbird may stop the
 * background, which it does after 30 idle seconds, just when a mail is displayed.
 */
async function judgeShown(tab) {
  const shown = await messenger.messageDisplay.getDisplayedMessages(tab.id).catch(() => undefined); // not a mail tab
  if (shown?.messages.length !== 1) return;
  const [{ id }] = shown.messages;
  const { [`tab ${tab.id}`]: found } = await messenger.storage.session.get(`tab ${tab.id}`);
  const current = displayed.get(tab.id);
  if (current?.id === id) await current.judged;
  else if (found?.mail !== id) await isDisplayed(tab, shown);
}

messenger.messageDisplay.onMessagesDisplayed.addListener(isDisplayed);
messenger.tabs.query({}).then((tabs) => Promise.all(tabs.map(judgeShown)));
messenger.runtime.onMessage.addListener(({ type, tabId, urls }, { tab }) => {
  if (type === "show") return show(tabId, urls);
  return judgeShown({ id: tabId ?? tab.id });
});
messenger.tabs.onRemoved.addListener((tabId) => {
  displayed.delete(tabId);
  return messenger.storage.session.remove(`tab ${tabId}`);
});
messenger.scripting.messageDisplay.getRegisteredScripts().then((scripts) => {
  if (!scripts.length) messenger.scripting.messageDisplay.registerScripts([SCRIPT]);
});
