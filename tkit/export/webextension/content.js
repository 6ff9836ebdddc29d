// Judges the messages that a page shows and releases everything except trackers, and personalised pictures where the reader
// wants that. Until then the rules hold it.

const page = globalThis.browser ?? chrome;
const SETTLE_MS = 60; // without a change, so that a message that is built node by node is judged whole
const MOST_MS = 600;
const ATTRIBUTES_OF_INTEREST = ["src", "srcset", "style", "background", "poster", "href", "data", "class", "id"];

class Judge {
  constructor({ message, body, mark, allowed, holdsPersonalised }) {
    this.message = message;
    this.body = body;
    this.mark = mark;
    this.allowed = new Set(allowed);
    this.holdsPersonalised = holdsPersonalised;
    this.releaser = new Releaser();
    this.released = new WeakMap(); // element -> the URLs that it may load
    this.retried = new WeakSet();
    this.due = 0;
    this.timer = 0;
    this.observer = new MutationObserver((records) => {
      if (records.some((record) => this.concerns(record))) this.schedule();
    });
  }

  start() {
    this.observer.observe(document, {
      subtree: true,
      childList: true,
      characterData: true,
      attributeFilter: ATTRIBUTES_OF_INTEREST,
    });
    document.addEventListener("DOMContentLoaded", () => this.schedule());
    document.addEventListener("error", ({ target }) => this.retry(target), true);
    page.storage.local.onChanged.addListener(({ allowed, holdsPersonalised }) => {
      if (allowed) this.allowed = new Set(allowed.newValue);
      if (holdsPersonalised) this.holdsPersonalised = holdsPersonalised.newValue;
      if (allowed || holdsPersonalised) this.schedule();
    });
    this.schedule();
  }

  /**
   * Request a released picture once more if it failed. Chromium ignores the fragment when it looks for a request of the same URL
   * that is under way, so a released picture may have joined one from before, which the rules block.
   */
  retry(element) {
    if (!(element instanceof HTMLImageElement) || this.retried.has(element)) return;
    for (const name of ["src", "srcset"]) {
      const value = element.getAttribute(name);
      if (!value?.includes(this.mark)) continue;
      this.retried.add(element);
      element.setAttribute(name, value);
    }
  }

  /** Whether a change is inside a message, or adds or removes one. */
  concerns({ target, addedNodes, removedNodes }) {
    if (!this.message) return true;
    const isElement = (node) => node.nodeType === Node.ELEMENT_NODE;
    if ((isElement(target) ? target : target.parentElement)?.closest(this.message)) return true;
    const holds = (node) => isElement(node) && (node.matches(this.message) || node.querySelector(this.message));
    return [...addedNodes, ...removedNodes].some(holds);
  }

  schedule() {
    const now = performance.now();
    if (!this.timer) this.due = now + MOST_MS;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.judge(), Math.max(0, Math.min(SETTLE_MS, this.due - now)));
  }

  judge() {
    this.timer = 0;
    if (document.readyState === "loading") return; // DOMContentLoaded will call again
    const roots = this.message ? Array.from(document.querySelectorAll(this.message)) : [document];
    const found = roots.filter((root) => !root.parentElement?.closest(this.message)).flatMap((root) => this.verdicts(root));
    const individual = Map.groupBy(
      found.filter(({ verdict }) => verdict !== "clean"),
      ({ resolvedUrl }) => resolvedUrl,
    );
    const isHeld = (url) => this.isUnwanted(individual.get(url) ?? []) && !this.allowed.has(url);
    for (const reference of found) if (reference.element && !isHeld(reference.resolvedUrl)) this.release(reference);
    this.observer.takeRecords(); // its own changes
    page.runtime.sendMessage({
      type: "judged",
      found: Array.from(individual, ([url, references]) => {
        const worst = references.find(({ verdict }) => verdict === "tracker") ?? references[0];
        return {
          url,
          verdict: worst.verdict,
          carriers: references.map(({ carrier }) => carrier),
          provider: tkit.provider(url),
          reasons: reasonsOf(worst),
          isAllowed: this.allowed.has(url),
          isShown: references.some(({ element }) => this.released.get(element)?.has(url)),
        };
      }),
    });
  }

  /** Whether references of one URL are to be held. It is requested once: if one mail has it as a tracker, all hold it. */
  isUnwanted(references) {
    return references.some(({ verdict }) => verdict === "tracker" || (verdict === "personalised" && this.holdsPersonalised));
  }

  release({ element, carrier, url, resolvedUrl }) {
    if (!isReleasable(carrier)) return;
    this.releaser.release(element, carrier, (text) => (text === url ? url + this.mark : text));
    this.released.set(element, (this.released.get(element) ?? new Set()).add(resolvedUrl));
  }

  /** The verdicts of a message, each with the element of the page; null if no browser loads it. */
  verdicts(root) {
    const { copy, originals } = this.copyOf(root);
    return tkit.classifyDocument(copy).map((verdict) => ({ ...verdict, element: originals.get(verdict.element) ?? null }));
  }

  /** A copy of a message as in the mail, without marks, in a document that loads nothing. */
  copyOf(root) {
    const inert = document.implementation.createHTMLDocument("");
    const top = root === document ? document.documentElement : root;
    const copy = inert.importNode(top, true);
    if (root === document) inert.replaceChild(copy, inert.documentElement);
    const own = [top, ...top.querySelectorAll("*")];
    const copied = [copy, ...copy.querySelectorAll("*")];
    const originals = new Map(copied.map((element, place) => [element, own[place]]));
    for (const [element, original] of originals) {
      for (const { name, value } of Array.from(element.attributes)) {
        if (!value.includes(this.mark)) continue;
        element.setAttribute(name, this.releaser.original(original, name, value).replaceAll(this.mark, ""));
      }
    }
    if (this.body) copy.querySelector(this.body)?.replaceWith(...copy.querySelector(this.body).childNodes);
    return { copy: root === document ? inert : copy, originals };
  }
}

page.runtime.sendMessage({ type: "start" }).then((settings) => {
  if (settings) new Judge(settings).start();
});
