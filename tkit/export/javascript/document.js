// A document tree to remote references, as they are written; nothing is loaded.
import { CARRIERS, COMMENT_ATTRIBUTES, COMMENT_HINTS } from "./data.js";
import { cssUrls, mayLoad } from "./css.js";
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
  const reader = new Reader(parseHtml);
  reader.read(root, null);
  return reader.document();
}

/** A tree of its own, without scripts, that loads nothing. */
function parseInert(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

class Reader {
  constructor(parseHtml) {
    this.parseHtml = parseHtml;
    this.references = [];
    this.links = [];
    this.base = null;
    this.marks = 0;
    this.comments = 0;
  }

  document() {
    const base = this.base ?? "";
    for (const reference of this.references) reference.resolvedUrl = resolve(reference.url, base);
    return { references: this.references, links: this.links.map((link) => resolve(link, base)), marks: this.marks };
  }

  /** Collect below a root; `around` is the ancestry of a conditional comment, null for the mail itself. */
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
    if (!element.hasAttributes() && tag !== "style") return;
    if (tag === "a" || tag === "area") {
      if (element.hasAttribute("href")) {
        this.links.push(clean(element.getAttribute("href")));
        this.marks++;
      }
    } else if (tag === "base") {
      // HTML Standard, section 4.2.3: the first base element with a href, whatever its value.
      if (this.base === null && element.hasAttribute("href")) this.base = resolve(clean(element.getAttribute("href")));
      return;
    }
    const written = writtenBy(tag, element);
    if (written.length) this.add(element, written, within(around, ancestryOf(element, known)), around !== null);
  }

  comment(node, known, around) {
    const text = strip(node.data);
    const head = CONDITIONAL_HEAD.exec(text);
    if (!head || this.comments >= MAX_COMMENTS) return;
    const inner = text.slice(head[0].length);
    if (!mayLoadInComment(inner.toLowerCase())) return;
    this.comments++;
    // The closing <![endif] becomes an empty comment at the end of the inner tree.
    this.read(this.parseHtml(inner), ancestryOf(node, known));
    this.comments--;
  }

  add(element, written, ancestry, isConditional) {
    const hasTextBeside = isText(element.previousSibling) || isText(element.nextSibling);
    for (const [carrier, text] of written) {
      const url = clean(text);
      if (!url) continue;
      this.references.push({ carrier, url, resolvedUrl: "", element, ancestry, order: this.marks, hasTextBeside, isConditional });
      this.marks++;
    }
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
  const { parentNode } = node;
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

/** [carrier, URL] of everything that an element loads, in the order of tkit's table of carriers. */
function writtenBy(tag, element) {
  const written = [];
  const get = (name) => element.getAttribute(name) ?? "";
  for (const ways of waysOf(tag)) {
    const { attributes } = ways[0];
    const text = attributes.length ? get(attributes.find((name) => get(name)) ?? "") : element.textContent;
    if (!text) continue;
    const way = ways.find(({ when }) => when.every(([name, words]) => hasWord(get(name).toLowerCase(), name, words)));
    if (way) written.push(...loadedBy(way, text, ways));
  }
  return written;
}

/** The ways in which the elements of a tag load, in order, those of one attribute together. */
const waysOf = remembering((tag) => {
  const ways = new Map();
  for (const [carrier, tags, attributes, value, when] of CARRIERS) {
    const fits = (own) => (own.endsWith("*") ? tag.startsWith(own.slice(0, -1)) : own === tag);
    if (tags.length && !tags.some(fits)) continue;
    const key = attributes.join();
    ways.set(key, [...(ways.get(key) ?? []), { carrier, attributes, value, when }]);
  }
  return [...ways.values()];
});

function hasWord(value, name, words) {
  const own = name === "rel" ? splitSpace(value) : [strip(value)];
  return own.some((word) => words.includes(word));
}

function loadedBy({ carrier, value }, text, ways) {
  const each = (urls) => urls.map((url) => [carrier, url]);
  if (value === "srcset") return each(srcsetUrls(text));
  if (value === "css") return each(mayLoad(text) ? cssUrls(text).map(({ url }) => url) : []);
  if (value === "refresh") return each(REFRESH.exec(text)?.slice(1) ?? []);
  if (value.startsWith("sheet ")) {
    const carriers = new Map(ways.map((way) => [way.value.slice("sheet ".length), way.carrier]));
    return cssUrls(text).map(({ url, use }) => [carriers.get(use), url]);
  }
  return value === "href" && strip(text).startsWith("#") ? [] : [[carrier, text]];
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
