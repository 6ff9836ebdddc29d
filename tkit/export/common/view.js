// Parts of the extension's pages. Everything is written as text, because URLs come from the sender.

export function element(tag, text, ...children) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.append(...children);
  return made;
}

export function button(text, act) {
  const made = element("button", text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

export const countOf = (number, what) => (number === 1 ? `1 ${what}` : `${number || "No"} ${what}s`);

/** Fill the popup: the number of trackers and of personalised pictures, and an item for each. */
export function showFound(trackers, personalised) {
  document.getElementById("told").textContent = `${countOf(trackers.length, "read tracker")} in this mail`;
  document.getElementById("trackers").replaceChildren(...trackers);
  const section = document.getElementById("personalised");
  section.hidden = !personalised.length;
  section.querySelector("h1").textContent = countOf(personalised.length, "personalised picture");
  section.querySelector("ul").replaceChildren(...personalised);
}

/** A tracker or personalised picture with its reasons, its state, and controls: [text, what a click does]. */
export function foundItem({ url, provider, reasons }, state, ...controls) {
  return element(
    "li",
    "",
    element("h2", provider || new URL(url).hostname),
    element("ul", "", ...reasons.map((reason) => element("li", reason))),
    element("details", "", element("summary", "URL"), element("code", url)),
    element("p", state),
    ...controls.map(([text, act]) => button(text, act)),
  );
}
