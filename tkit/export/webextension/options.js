// Turns sites on and off, with the browser's permission for each, says what is held, and revokes what was allowed.
import { KINDS, KNOWN, originsOf } from "./sites.js";
import { button, element } from "./view.js";

const api = globalThis.browser ?? chrome;
const HOST = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/;
const form = document.getElementById("add");
const problem = document.getElementById("problem");
const holdsPersonalised = document.getElementById("holds-personalised");

async function stored(name) {
  return (await api.storage.local.get(name))[name] ?? [];
}

/** Call this in a click handler: the browser asks for permission only then. */
async function turnOn(site) {
  const isGranted = await api.permissions.request({ origins: originsOf(site.host) });
  if (!isGranted) return;
  const others = (await stored("sites")).filter(({ host }) => host !== site.host);
  await api.storage.local.set({ sites: [...others, site] });
}

async function turnOff(host) {
  await api.storage.local.set({ sites: (await stored("sites")).filter((site) => site.host !== host) });
  await api.permissions.remove({ origins: originsOf(host) });
}

function row({ host, kind, own = [] }, isOn) {
  const act = isOn ? button("Turn off", () => turnOff(host)) : button("Turn on", () => turnOn({ host, kind, own }));
  const cells = [element("td", host), element("td", KINDS[kind].title), element("td", own.join(", ")), element("td", "", act)];
  const made = element("tr", "", ...cells);
  made.className = isOn ? "on" : "";
  return made;
}

async function show() {
  const sites = await stored("sites");
  const known = Object.entries(KNOWN).filter(([host]) => !sites.some((site) => site.host === host));
  const rows = [...sites.map((site) => row(site, true)), ...known.map(([host, kind]) => row({ host, kind }, false))];
  document.getElementById("sites").replaceChildren(...rows);
  const items = (await stored("allowed")).map((url) => {
    const forget = async () => api.storage.local.set({ allowed: (await stored("allowed")).filter((other) => other !== url) });
    return element("li", "", element("code", url), button("Block it again", forget));
  });
  document.getElementById("allowed").replaceChildren(...(items.length ? items : [element("li", "none")]));
  holdsPersonalised.checked = (await api.storage.local.get({ holdsPersonalised: false })).holdsPersonalised;
}

form.elements.kind.append(...Object.entries(KINDS).map(([kind, { title }]) => new Option(title, kind)));
form.elements.kind.value = "roundcube";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const host = form.elements.host.value.trim().toLowerCase();
  const own = form.elements.own.value.toLowerCase().split(/[\s,]+/).filter(Boolean);
  const wrong = [host, ...own].filter((name) => !HOST.test(name));
  const advice = "write it like mail.example.org, without http:// and path.";
  problem.textContent = wrong.length ? `${wrong[0] || "Nothing"} is not a host: ${advice}` : "";
  if (!wrong.length) turnOn({ host, kind: form.elements.kind.value, own }).then(() => form.reset());
});
holdsPersonalised.addEventListener("change", () => api.storage.local.set({ holdsPersonalised: holdsPersonalised.checked }));
api.storage.local.onChanged.addListener(show);
show();
