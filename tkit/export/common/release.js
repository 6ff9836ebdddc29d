// Replaces the URLs of an element, so that it loads others.

// Not frames and objects: a document can read its own URL, and with it the mark.
const ATTRIBUTES = {
  "img-src": ["src"],
  "input-image": ["src"],
  "img-srcset": ["srcset"],
  "source-srcset": ["srcset"],
  "background-attr": ["background"],
  "style-attr": ["style"],
  "style-element": ["sheet"],
  "css-import": ["sheet"],
  "font-face": ["sheet"],
  "link-stylesheet": ["href"],
  "link-icon": ["href"],
  "link-preload": ["href"],
  "video-poster": ["poster"],
  "media-src": ["src"],
  "svg-image": ["href", "xlink:href"],
};
const EDGE = /[\0- ]/; // as browsers read a URL
const INNER = /[\t\n\r]/g;
const CSS_URL = /url\("((?:[^"\\]|\\[^])*)"\)/g; // how browsers write every URL of a parsed style
const CSS_ESCAPE = /\\(?:([0-9a-fA-F]{1,6})[ \t\n]?|([^]))/g;
const CANDIDATE = /[ \t\n\f\r,]*([^ \t\n\f\r]+)/y;
const DESCRIPTOR = /(?:\([^)]*\)?|[^,(]+)*,?/y;

// Loops instead of patterns: a pattern for the end would try every run in the middle from each of its characters.
const withoutEdges = (text) => {
  let start = 0;
  let end = text.length;
  while (start < end && EDGE.test(text[start])) start++;
  while (end > start && EDGE.test(text[end - 1])) end--;
  return text.slice(start, end);
};
const withoutCommas = (text) => {
  let end = text.length;
  while (text[end - 1] === ",") end--;
  return text.slice(0, end);
};

const isReleasable = (carrier) => carrier in ATTRIBUTES;

class Releaser {
  constructor() {
    this.written = new WeakMap(); // element -> attribute -> [the mail's value, the written one]
  }

  /** Replace the URLs in an element's references of a carrier by what `rewrite` returns for them. */
  release(element, carrier, rewrite) {
    for (const name of ATTRIBUTES[carrier] ?? []) {
      if (name === "sheet") {
        if (element.sheet) this.releaseRules(element.sheet, rewrite);
      } else if (name === "style") {
        this.write(element, name, () => this.releaseDeclarations(element.style, rewrite));
      } else if (element.hasAttribute(name)) {
        const value = element.getAttribute(name);
        const changed = name === "srcset" ? this.changedSrcset(value, rewrite) : this.changed(value, rewrite);
        if (changed !== value) this.write(element, name, () => element.setAttribute(name, changed));
      }
    }
  }

  write(element, name, change) {
    const before = element.getAttribute(name);
    change();
    const after = element.getAttribute(name);
    if (after === before) return;
    if (!this.written.has(element)) this.written.set(element, new Map());
    this.written.get(element).set(name, [this.original(element, name, before), after]);
  }

  /** The mail's own value of an attribute with its present value. */
  original(element, name, value) {
    const [original, written] = this.written.get(element)?.get(name) ?? [];
    return written === value ? original : value;
  }

  changed(text, rewrite) {
    const url = withoutEdges(text).replace(INNER, "");
    const changed = rewrite(url);
    return changed === url ? text : changed;
  }

  /** The HTML Standard's "parse a srcset attribute", with the URLs changed. */
  changedSrcset(text, rewrite) {
    let done = "";
    let at = 0;
    for (CANDIDATE.lastIndex = 0; ; CANDIDATE.lastIndex = at) {
      const found = CANDIDATE.exec(text);
      if (!found) return done + text.slice(at);
      const [whole, written] = found;
      const url = withoutCommas(written);
      done += whole.slice(0, whole.length - written.length) + this.changed(url, rewrite) + written.slice(url.length);
      at = CANDIDATE.lastIndex;
      if (url !== written) continue;
      DESCRIPTOR.lastIndex = at;
      const descriptor = DESCRIPTOR.exec(text)[0];
      done += descriptor;
      at += descriptor.length;
    }
  }

  changedCss(text, rewrite) {
    return text.replace(CSS_URL, (whole, escaped) => {
      const url = escaped.replace(CSS_ESCAPE, (_, code, character) => (code ? String.fromCodePoint(parseInt(code, 16)) : character));
      const changed = this.changed(url, rewrite);
      return changed === url ? whole : `url(${JSON.stringify(changed)})`;
    });
  }

  releaseDeclarations(style, rewrite) {
    for (const name of Array.from(style)) {
      const value = style.getPropertyValue(name);
      const changed = this.changedCss(value, rewrite);
      if (changed !== value) style.setProperty(name, changed, style.getPropertyPriority(name));
    }
  }

  /** Replace the rules of a sheet whose URLs change; its text, which is judged, stays. */
  releaseRules(group, rewrite) {
    Array.from(group.cssRules).forEach((rule, place) => {
      const isGroup = rule.cssRules && !rule.style;
      if (isGroup) {
        this.releaseRules(rule, rewrite);
        return;
      }
      const changed = this.changedCss(rule.cssText, rewrite);
      if (changed === rule.cssText || rule.namespaceURI !== undefined) return; // the URL of a namespace is never requested
      if (rule.keyText !== undefined) {
        this.releaseDeclarations(rule.style, rewrite); // in @keyframes a rule cannot be replaced
        return;
      }
      group.deleteRule(place);
      group.insertRule(changed, place);
    });
  }
}
