// Writes the mark behind URLs, so that the rules let them pass.

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
  "object-data": ["data"],
  "embed-src": ["src"],
  "iframe-src": ["src"],
  "frame-src": ["src"],
  "svg-image": ["href", "xlink:href"],
};
const EDGES = /^[\0- ]+|[\0- ]+$/g; // as browsers read a URL
const INNER = /[\t\n\r]/g;
const CSS_URL = /url\("((?:[^"\\]|\\[^])*)"\)/g; // how browsers write every URL of a parsed style
const CSS_ESCAPE = /\\(?:([0-9a-fA-F]{1,6})[ \t\n]?|([^]))/g;
const CANDIDATE = /[ \t\n\f\r,]*([^ \t\n\f\r]+)/y;
const DESCRIPTOR = /(?:\([^)]*\)?|[^,(]+)*,?/y;

class Releaser {
  constructor(mark) {
    this.mark = mark;
    this.written = new WeakMap(); // element -> attribute -> [the mail's value, the marked one]
  }

  /** Mark what `mayPass` says of the URLs that an element's reference of a carrier holds. */
  release(element, carrier, mayPass) {
    for (const name of ATTRIBUTES[carrier] ?? []) {
      if (name === "sheet") {
        if (element.sheet) this.releaseRules(element.sheet, mayPass);
      } else if (name === "style") {
        this.write(element, name, () => this.releaseDeclarations(element.style, mayPass));
      } else if (element.hasAttribute(name)) {
        const value = element.getAttribute(name);
        const marked = name === "srcset" ? this.markedSrcset(value, mayPass) : this.marked(value, mayPass);
        if (marked !== value) this.write(element, name, () => element.setAttribute(name, marked));
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

  /** The mail's own value of an attribute. */
  original(element, name, value) {
    const [original, marked] = this.written.get(element)?.get(name) ?? [];
    return marked === value ? original : value.replaceAll(this.mark, "");
  }

  marked(text, mayPass) {
    const url = text.replace(EDGES, "").replace(INNER, "");
    return url.endsWith(this.mark) || !mayPass(url) ? text : url + this.mark;
  }

  /** The HTML Standard's "parse a srcset attribute", with the URLs changed. */
  markedSrcset(text, mayPass) {
    let done = "";
    let at = 0;
    for (CANDIDATE.lastIndex = 0; ; CANDIDATE.lastIndex = at) {
      const found = CANDIDATE.exec(text);
      if (!found) return done + text.slice(at);
      const [whole, written] = found;
      const url = written.replace(/,+$/, "");
      done += whole.slice(0, whole.length - written.length) + this.marked(url, mayPass) + written.slice(url.length);
      at = CANDIDATE.lastIndex;
      if (url !== written) continue;
      DESCRIPTOR.lastIndex = at;
      const descriptor = DESCRIPTOR.exec(text)[0];
      done += descriptor;
      at += descriptor.length;
    }
  }

  markedCss(text, mayPass) {
    return text.replace(CSS_URL, (whole, escaped) => {
      const url = escaped.replace(CSS_ESCAPE, (_, code, character) => (code ? String.fromCodePoint(parseInt(code, 16)) : character));
      const marked = this.marked(url, mayPass);
      return marked === url ? whole : `url(${JSON.stringify(marked)})`;
    });
  }

  releaseDeclarations(style, mayPass) {
    for (const name of Array.from(style)) {
      const value = style.getPropertyValue(name);
      const marked = this.markedCss(value, mayPass);
      if (marked !== value) style.setProperty(name, marked, style.getPropertyPriority(name));
    }
  }

  /** Put marked rules in the place of those of a sheet; its text, which is judged, stays. */
  releaseRules(group, mayPass) {
    Array.from(group.cssRules).forEach((rule, place) => {
      const isGroup = rule.cssRules && !rule.style;
      if (isGroup) {
        this.releaseRules(rule, mayPass);
        return;
      }
      const marked = this.markedCss(rule.cssText, mayPass);
      if (marked === rule.cssText) return;
      group.deleteRule(place);
      group.insertRule(marked, place);
    });
  }
}
