// Shows the messages of the kernel as text: nothing of a mail ever becomes an element, an attribute or a URL to load.

const LABELS = [
  ["T", "open tracker"],
  ["P", "personalised"],
  ["C", "content"],
  ["S", "spacer"],
  ["U", "undecided"],
];
const SURE = [
  ["1", "guess"],
  ["2", "likely"],
  ["3", "sure"],
];
const ANSWER_MS = 5000;

function make(tag, name, text) {
  const made = document.createElement(tag);
  made.className = `tkit-${name}`;
  if (text !== undefined) made.textContent = text;
  return made;
}

function keyButton(key, text, press) {
  const button = make("button", "key");
  button.type = "button";
  button.append(make("kbd", "cap", key), make("span", "word", text));
  button.addEventListener("click", press);
  return button;
}

function urlLine(url, host) {
  const line = make("div", "url");
  const lowered = url.toLowerCase(); // the length changes if the lower case of a letter has two characters
  const at = host && lowered.length === url.length ? lowered.indexOf(host.toLowerCase()) : -1;
  if (at < 0) {
    line.textContent = url;
  } else {
    line.append(url.slice(0, at), make("b", "host", url.slice(at, at + host.length)), url.slice(at + host.length));
  }
  return line;
}

function list(heading, lines) {
  const box = make("section", "facts");
  const items = make("ul", "list");
  items.append(...lines.map((line) => make("li", "fact", line)));
  box.append(make("h4", "heading", heading), items);
  return box;
}

function questionView(question) {
  const view = make("div", "question");
  const from = [question.sender && `from ${question.sender}`, question.date].filter(Boolean).join(" · ");
  const mail = make("div", "mail");
  mail.append(make("span", "subject", question.subject || "(no subject)"), make("span", "from", from));
  const reference = make("div", "reference");
  reference.append(make("span", "carrier", question.carrier), urlLine(question.url, question.original ? "" : question.host));
  view.append(mail, reference);
  if (question.original) {
    const original = make("div", "reference");
    original.append(make("span", "carrier", "original"), urlLine(question.original, question.host));
    view.append(original);
  }
  const source = make("pre", "source");
  source.append(question.around.before, make("mark", "mark", question.around.element), question.around.after);
  const facts = make("div", "columns");
  facts.append(...question.facts.map(([heading, lines]) => list(heading, lines)));
  if (question.copies.length) facts.append(list("Other copies of the campaign", question.copies));
  view.append(source, facts);
  return view;
}

function lastView(last) {
  const view = make("div", "last");
  view.classList.toggle("tkit-differs", last.differs);
  const label = LABELS.find(([key]) => key === last.label)[1];
  const percent = `${(100 * last.score).toFixed(last.score > 0.001 && last.score < 0.999 ? 1 : 2)}%`;
  const says = `${last.verdict}, ${percent}${last.verdict === "tracker" ? "" : " individual"}`;
  const why = last.reasons.length ? `: ${last.reasons.join("; ")}` : "";
  const text = make("div", "opinion");
  text.append("You said ", make("b", "said", `${last.label} ${label}`), ` (${SURE[last.confidence - 1][1]}), the model says `);
  text.append(make("b", "says", says), why);
  view.append(text, make("div", "lasturl", last.url));
  return view;
}

function render({ model, el }) {
  let state = null;
  let confidence = 3;
  let waiting = false;
  let timer = 0;

  const root = make("div", "label");
  root.tabIndex = 0;
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Label references");
  root.dataset.lmSuppressShortcuts = "true"; // or C, S, Z would be JupyterLab's own

  const bar = make("div", "bar");
  const filled = make("div", "filled");
  bar.append(filled);
  const progress = make("div", "progress");
  progress.setAttribute("aria-live", "polite");
  const hint = make("div", "hint", "Click here, then use the keys");
  const error = make("div", "error");
  error.setAttribute("role", "alert");
  const question = make("div", "place");
  const last = make("div", "place");
  const labelKeys = make("div", "keys");
  const sureKeys = make("div", "keys");
  const buttons = new Map();
  for (const [key, text] of LABELS) buttons.set(key, keyButton(key, text, () => label(key)));
  for (const [key, text] of SURE) buttons.set(key, keyButton(key, text, () => setConfidence(Number(key))));
  buttons.set("Z", keyButton("Z", "undo", undo));
  labelKeys.append(...LABELS.map(([key]) => buttons.get(key)));
  sureKeys.append(...SURE.map(([key]) => buttons.get(key)), buttons.get("Z"));
  const controls = make("div", "controls");
  controls.append(labelKeys, sureKeys);
  const head = make("div", "head");
  head.append(progress, hint);
  root.append(bar, head, error, controls, last, question);
  el.append(root);

  function setConfidence(value) {
    confidence = value;
    for (const [key] of SURE) buttons.get(key).setAttribute("aria-pressed", String(Number(key) === value));
  }

  function ask(content) {
    waiting = true;
    root.classList.add("tkit-waiting");
    timer = setTimeout(() => {
      error.textContent = "The kernel has not answered: the last key may not be saved. If it was restarted, run the cell again.";
    }, ANSWER_MS);
    model.send(content);
  }

  function label(key) {
    if (!waiting && state?.question) ask({ do: "label", label: key, confidence, key: state.key });
  }

  function undo() {
    if (!waiting && state?.last) ask({ do: "undo", key: state.key });
  }

  function received(content) {
    clearTimeout(timer);
    waiting = false;
    root.classList.remove("tkit-waiting");
    const moved = state?.key !== content.key;
    state = content;
    const counts = LABELS.map(([key]) => `${key} ${state.counts[key]}`).join("  ");
    progress.textContent = `${state.done} of ${state.total} labelled · ${state.file}: ${counts}`;
    filled.style.width = `${state.total ? (100 * state.done) / state.total : 100}%`;
    error.textContent = state.error;
    buttons.get("Z").disabled = !state.last;
    for (const [key] of LABELS) buttons.get(key).disabled = !state.question;
    if (moved || !question.hasChildNodes()) {
      setConfidence(3);
      question.replaceChildren(state.question ? questionView(state.question) : make("div", "finished", "All are labelled."));
      const source = question.querySelector("pre");
      if (source) source.scrollTop = source.querySelector("mark").offsetTop - source.clientHeight / 3;
    }
    last.replaceChildren(...(state.last ? [lastView(state.last)] : []));
  }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toUpperCase();
    const button = buttons.get(key);
    if (button) {
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat && !button.disabled) button.click();
    }
  }

  root.addEventListener("keydown", pressed);
  model.on("msg:custom", received);
  ask({ do: "show" });
  return () => {
    clearTimeout(timer);
    model.off("msg:custom", received);
  };
}

export default { render };
