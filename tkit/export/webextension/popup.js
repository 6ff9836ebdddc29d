// The trackers of a tab, each with its reasons. Everything is written as text: a URL is the sender's.

const api = globalThis.browser ?? chrome;
const key = `tab ${new URLSearchParams(location.search).get("tab")}`;

function element(tag, text, ...children) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.append(...children);
  return made;
}

const stateOf = ({ isAllowed, isHeld }) => {
  if (!isHeld) return "Not held: it comes from the page's own servers.";
  return isAllowed ? "Shown: you allowed it." : "Held: its server was not asked.";
};

async function allow(url, isAllowed) {
  const { allowed = [] } = await api.storage.local.get("allowed");
  const others = allowed.filter((one) => one !== url);
  await api.storage.local.set({ allowed: isAllowed ? [...others, url] : others });
}

function item(tracker) {
  const reasons = element("ul", "", ...tracker.reasons.map((reason) => element("li", reason)));
  const whole = element("details", "", element("summary", "its address"), element("code", tracker.url));
  const made = element("li", "", element("h2", tracker.provider || new URL(tracker.url).hostname), reasons, whole);
  made.append(element("p", stateOf(tracker)));
  if (tracker.isHeld) {
    const button = element("button", tracker.isAllowed ? "Hold it again" : "Show it");
    button.addEventListener("click", () => allow(tracker.url, !tracker.isAllowed));
    made.append(button);
  }
  return made;
}

async function show() {
  const { [key]: frames } = await api.storage.session.get(key);
  if (!frames) return;
  const found = Object.values(frames).flat();
  const told = found.length === 1 ? "1 read tracker" : `${found.length || "No"} read trackers`;
  document.getElementById("told").textContent = `${told} in this mail`;
  document.getElementById("trackers").replaceChildren(...found.map(item));
}

api.storage.session.onChanged.addListener((changes) => {
  if (changes[key]) show();
});
show();
