// A document tree to remote references, as they are written; nothing is loaded.
import { CARRIERS, COMMENT_ATTRIBUTES, COMMENT_HINTS, DOCUMENTS, PRELOADED, SHEETS } from "./data.js";
import { cssUrls, mayUseProperties, urlProperties } from "./css.js";
import { MAX_DOCUMENTS, dataText } from "./nested.js";
import { hides } from "./style.js";
import { SPACE, remembering, splitSpace, strip } from "./text.js";
import { clean, resolve } from "./url.js";

const CONDITIONAL_HEAD = new RegExp(`^[${SPACE}]*\\[if[^\\]]*\\]>`, "i");
const COMMENT_ATTRIBUTE = new RegExp(`(?:${COMMENT_ATTRIBUTES.join("|")})[${SPACE}]*=`);
const REFRESH = new RegExp(
  `^[${SPACE}\\p{Nd}.]*(?:[;,][${SPACE}]*|[${SPACE}](?![${SPACE}]))(?:url[${SPACE}]*=[${SPACE}]*)?["']?([^"'${SPACE}][^"']*)`,
  "iu",
);
const MAX_COMMENTS = 16; // conditional comments inside one another; ordinary mail has one level
const MAX_DEPTH = 512; // Chromium nests no deeper
const HTML_SPACE = " \t\n\f\r";
const SHOW_ELEMENTS_AND_COMMENTS = 1 | 128;
const [ELEMENT_NODE, TEXT_NODE, COMMENT_NODE] = [1, 3, 8];

// The attributes of these have names with a capital letter, which an element of SVG keeps.
const ANIMATIONS = new Set(["animate", "set"]);
const CAPITAL = { attributename: "attributeName" };
const SHEET_PREFIX = "sheet ";
const SHEET_CARRIERS = new Map(
  CARRIERS.filter(([, , , value]) => value.startsWith(SHEET_PREFIX)).map(([carrier, , , value]) => [value.slice(SHEET_PREFIX.length), carrier]),
);

const NOTHING_AROUND = { depth: 0, parent: "", isHidden: false, link: null, tables: 0 };
// What is around a message in the mail itself, for one that a page shows.
const BODY_AROUND = { depth: 2, parent: "body", isHidden: false, link: null, tables: 0 };

/**
 * Read a document, or an element as the body of a mail.
 *
 * Returns `references`, each with its carrier, url, resolvedUrl ("" if it needs no server), element, ancestry, order
 * (its number among links and references), hasTextBeside and isConditional; `links`, the resolved URLs of the links; and
 * `marks`, the number of both.
 */
export function readDocument(root, parseHtml = parseInert) {
  const reader = new Reader(parseHtml, new Set());
  reader.read(root, null);
  if (!reader.mayUseProperties) return reader.document();
  const again = new Reader(parseHtml, urlProperties(reader.sheets));
  again.read(root, null);
  return again.document();
}

/** A tree of its own, without scripts, that loads nothing. */
function parseInert(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

// The elements of SVG and MathML that HTML may be in are HTML's to a parser, so that the name of the language is enough.
const SVG = "http://www.w3.org/2000/svg";
const HTML = "http://www.w3.org/1999/xhtml";

class Reader {
  constructor(parseHtml, properties) {
    this.parseHtml = parseHtml;
    this.properties = properties; // the custom properties in which a string is a URL
    this.references = [];
    this.links = [];
    this.inner = []; // documents inside the document: their references and links, from and up to, and their base
    this.base = null;
    this.baseAround = "";
    this.firstBase = null; // with the number of references before it
    this.marks = 0;
    this.comments = 0;
    this.documents = 0;
    this.shadows = 0;
    this.sheets = [];
    this.mayUseProperties = false;
  }

  document() {
    const urls = this.resolved(this.references.map(({ url }) => url), "references");
    const links = this.resolved(this.links, "links");
    this.references.forEach((reference, number) => (reference.resolvedUrl = urls[number]));
    return { references: this.withPreloaded(), links, marks: this.marks };
  }

  /** The URLs of the document, or of one inside it, resolved; a document ends before the one around it does. */
  resolved(urls, kind) {
    const resolved = urls.map((url) => resolve(url, this.base ?? ""));
    for (const { base, [kind]: [from, to] } of this.inner.toReversed()) {
      if (base !== null) for (let at = from; at < to; at++) resolved[at] = resolve(urls[at], base);
    }
    return resolved;
  }

  /** The references, and after each what Chromium asks for before it knows that a base does not count. */
  withPreloaded() {
    const first = this.firstBase;
    if (!first || first.base === (this.base ?? "")) return this.references;
    const isInner = (number) => this.inner.some(({ references: [from, to] }) => from <= number && number < to);
    return this.references.flatMap((reference, number) => {
      const preloads = number >= first.before && PRELOADED.has(reference.carrier) && !isInner(number) && !resolve(reference.url, "");
      const resolvedUrl = preloads ? resolve(reference.url, first.base) : "";
      return resolvedUrl && resolvedUrl !== reference.resolvedUrl ? [reference, { ...reference, resolvedUrl }] : [reference];
    });
  }

  /** Collect below a root; `around` is the ancestry of what it was in, null for the mail itself. */
  read(root, around) {
    const isDocument = root.nodeType !== ELEMENT_NODE;
    const known = new Map([[root, isDocument ? NOTHING_AROUND : BODY_AROUND]]);
    const walker = (root.ownerDocument ?? root).createTreeWalker(root, SHOW_ELEMENTS_AND_COMMENTS);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.nodeType === COMMENT_NODE) this.comment(node, known, around);
      else this.element(node, known, around);
    }
  }

  element(element, known, around) {
    const tag = element.localName.toLowerCase();
    this.shadow(element, tag, known, around);
    if (!element.hasAttributes() && tag !== "style") return;
    if (tag === "a" || tag === "area") {
      if (element.hasAttribute("href")) {
        this.links.push(clean(element.getAttribute("href")));
        this.marks++;
      }
    } else if (tag === "base") {
      if (element.hasAttribute("href")) this.setBase(clean(element.getAttribute("href")), element.namespaceURI === HTML);
      return;
    }
    const written = this.writtenBy(tag, element);
    if (written.length) this.add(element, written, known, around);
  }

  /** Collect from an element's shadow tree: of the parser's template, or of a page that shows it. */
  shadow(element, tag, known, around) {
    const isTemplate = tag === "template" && element.hasAttribute("shadowrootmode"); // Firefox takes any mode
    const tree = isTemplate ? element.content : element.shadowRoot;
    if (!tree) return;
    this.shadows++;
    this.read(tree, within(around, isTemplate ? ancestryOf(element, known) : insideOf(element, known)));
    this.shadows--;
  }

  setBase(url, isHtml) {
    if (this.comments) return;
    const base = resolve(url, this.baseAround);
    if (!this.firstBase && !this.documents && !this.shadows) this.firstBase = { base, before: this.references.length };
    // HTML Standard, section 4.2.3: the first base element with a href that is in the document, whatever its value.
    if (this.base === null && isHtml && !this.shadows) this.base = base;
  }

  comment(node, known, around) {
    const text = strip(node.data);
    const head = CONDITIONAL_HEAD.exec(text);
    if (!head || this.comments >= MAX_COMMENTS) return;
    const inner = text.slice(head[0].length);
    if (!mayLoadInComment(inner.toLowerCase())) return;
    this.comments++;
    // The closing <![endif] becomes an empty comment at the end of the inner tree.
    this.read(this.parseHtml(inner), within(around, ancestryOf(node, known)));
    this.comments--;
  }

  /** Collect from the document of a frame; its base is that of the document around it if `base` is null. */
  frame(html, around, base) {
    const outer = [this.base, this.baseAround, this.shadows];
    const from = [this.references.length, this.links.length];
    this.baseAround = base ?? (this.base || this.baseAround);
    [this.base, this.shadows] = [null, 0];
    this.documents++;
    this.read(this.parseHtml(html), around);
    this.documents--;
    const [references, links] = [this.references.length, this.links.length].map((to, kind) => [from[kind], to]);
    this.inner.push({ references, links, base: this.base ?? base });
    [this.base, this.baseAround, this.shadows] = outer;
  }

  add(element, written, known, around) {
    const ancestry = within(around, ancestryOf(element, known));
    const hasTextBeside = isText(element.previousSibling) || isText(element.nextSibling);
    const isConditional = this.comments > 0;
    for (const { carrier, url: text, isDocument } of written) {
      if (isDocument) {
        if (this.documents < MAX_DOCUMENTS) this.frame(text, within(around, insideOf(element, known)), null);
        continue;
      }
      const url = clean(text);
      if (!url) continue;
      this.references.push({ carrier, url, resolvedUrl: "", element, ancestry, order: this.marks, hasTextBeside, isConditional });
      this.marks++;
      this.data(element, carrier, url, known, around);
    }
  }

  /** Collect from the document or style sheet that a `data:` URL is. */
  data(element, carrier, url, known, around) {
    const isFrame = DOCUMENTS.has(carrier) || (carrier === "meta-refresh" && this.documents > 0);
    const data = (isFrame || SHEETS.has(carrier)) && this.documents < MAX_DOCUMENTS ? dataText(url) : null;
    if (data && SHEETS.has(carrier)) {
      this.documents++;
      this.add(element, this.sheetUrls(data.text), known, around);
      this.documents--;
    } else if (data?.isDocument) {
      this.frame(data.text, within(around, insideOf(element, known)), "");
    }
  }

  /** Carrier and URL of everything that an element loads, in the order of tkit's table of carriers. */
  writtenBy(tag, element) {
    const get = (name) => element.getAttribute(name) ?? (ANIMATIONS.has(tag) ? (element.getAttribute(CAPITAL[name]) ?? "") : "");
    return waysOf(tag, element.namespaceURI === SVG).flatMap((ways) => {
      const { attributes } = ways[0];
      const text = attributes.length ? get(attributes.find((name) => get(name)) ?? "") : element.textContent;
      const fits = ({ when }) => when.every(([name, words]) => hasWord(get(name).toLowerCase(), name, words));
      const way = text && ways.find(fits);
      return way ? this.loadedBy(way, text) : [];
    });
  }

  loadedBy({ carrier, value }, text) {
    const each = (urls) => urls.map((url) => ({ carrier, url }));
    if (value === "srcset") return each(srcsetUrls(text));
    if (value === "css") return each(this.cssUrls(text).map(({ url }) => url));
    if (value === "refresh") return each(REFRESH.exec(text)?.slice(1) ?? []);
    if (value === "list") return each(text.split(";").filter(isOutside));
    if (value === "document") return [{ carrier, url: text, isDocument: true }];
    if (value.startsWith("sheet ")) return this.sheetUrls(text);
    return value === "href" && !isOutside(text) ? [] : each([text]);
  }

  sheetUrls(text) {
    return this.cssUrls(text).map(({ url, use }) => ({ carrier: SHEET_CARRIERS.get(use), url }));
  }

  cssUrls(text) {
    this.sheets.push(text);
    this.mayUseProperties ||= mayUseProperties(text);
    return cssUrls(text, this.properties);
  }
}

/** Whether the text of a comment, in lower case, may have a reference. */
function mayLoadInComment(text) {
  return COMMENT_HINTS.some((hint) => text.includes(hint)) || COMMENT_ATTRIBUTE.test(text);
}

function isText(node) {
  if (!node || node.nodeType !== TEXT_NODE) return false;
  for (const character of node.data) if (!HTML_SPACE.includes(character)) return true;
  return false;
}

/** What is known from the ancestors: depth, the parent's tag, whether one hides, the nearest link, the tables. */
function ancestryOf(node, known) {
  return insideOf(node.parentNode, known);
}

/** What is known of everything in an element. */
function insideOf(parentNode, known) {
  const ancestry = known.get(parentNode);
  if (ancestry) return ancestry;
  const { depth, isHidden, link, tables } = ancestryOf(parentNode, known);
  const tag = parentNode.localName.toLowerCase();
  const below = {
    depth: Math.min(depth + 1, MAX_DEPTH),
    parent: tag,
    isHidden: isHidden || hides(parentNode.getAttribute("style"), parentNode.hasAttribute("hidden")),
    link: tag === "a" && parentNode.hasAttribute("href") ? clean(parentNode.getAttribute("href")) : link,
    tables: tables + Number(tag === "table"),
  };
  known.set(parentNode, below);
  return below;
}

/** Join the ancestry of an element in a conditional comment with the ancestry of the comment. */
function within(around, inner) {
  if (!around) return inner;
  return {
    depth: Math.min(around.depth + inner.depth, MAX_DEPTH),
    parent: inner.parent,
    isHidden: inner.isHidden || around.isHidden,
    link: inner.link ?? around.link,
    tables: around.tables + inner.tables,
  };
}

// -- carriers ------------------------------------------------------------------------------------------------------

/** The ways in which the elements of a tag load, in order, those of one attribute together. */
function waysOf(tag, isSvg) {
  return isSvg ? svgWaysOf(tag) : htmlWaysOf(tag);
}

const htmlWaysOf = remembering((tag) => waysIn(tag, "html"));
const svgWaysOf = remembering((tag) => waysIn(tag, "svg"));

function waysIn(tag, languageOfTag) {
  const ways = new Map();
  for (const [carrier, tags, attributes, value, when, language] of CARRIERS) {
    if (language && language !== languageOfTag) continue;
    const fits = (own) => (own.endsWith("*") ? tag.startsWith(own.slice(0, -1)) : own === tag);
    if (tags.length && !tags.some(fits)) continue;
    const key = attributes.join();
    ways.set(key, [...(ways.get(key) ?? []), { carrier, attributes, value, when }]);
  }
  return [...ways.values()];
}

function hasWord(value, name, words) {
  const own = name === "rel" ? splitSpace(value) : [strip(value)];
  return own.some((word) => words.includes(word));
}

/** Whether a reference points out of the document. */
function isOutside(text) {
  return !strip(text).startsWith("#");
}

/** By index: a pattern for the last commas would be tried from each comma of every run. */
function withoutCommas(text) {
  let end = text.length;
  while (text[end - 1] === ",") end--;
  return text.slice(0, end);
}

/** The candidates of a `srcset` attribute (HTML Standard, "parse a srcset attribute"). */
export function srcsetUrls(text) {
  const candidate = /[ \t\n\f\r,]*([^ \t\n\f\r]+)/y;
  const descriptor = /(?:\([^)]*\)?|[^,(]+)*,?/y;
  const urls = [];
  for (let match = candidate.exec(text); match; match = candidate.exec(text)) {
    const url = withoutCommas(match[1]);
    if (url) urls.push(url);
    if (!match[1].endsWith(",")) {
      descriptor.lastIndex = candidate.lastIndex;
      descriptor.exec(text);
      candidate.lastIndex = descriptor.lastIndex;
    }
  }
  return urls;
}
