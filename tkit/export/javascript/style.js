// Size and visibility in a declaration list.
import { strip } from "./text.js";

/** The value of a length that is missing or not in absolute units. */
export const ABSENT = -1;

const LENGTH = /^\+?(\d+(?:\.\d+)?|\.\d+)(px|pt|in|cm|mm|pc|em|rem|ex|ch|)$/;
// CSS Values and Units Level 4, section 6.2; font-relative lengths at the usual 16 px.
const PIXELS = { "": 1, px: 1, pt: 4 / 3, in: 96, cm: 96 / 2.54, mm: 96 / 25.4, pc: 16, em: 16, rem: 16, ex: 8, ch: 8 };
const ATTRIBUTE = /^[ \t\n\f\r]*\+?(\d+(?:\.\d+)?)([ \t]*%)?/;
const MOST_PIXELS = 1e6;
// Every declaration that hides has one of these, or a comment inside it.
const HIDING_HINTS = ["none", "hidden", "collapse", "mso-hide", "opacity", "clip", "absolute", "fixed", "/*"];
const OFF_SCREEN = /^-\d{3,}/;

/** A `width` or `height` attribute in pixels; ABSENT if it is missing, a percentage or not a number. */
export function dimension(value) {
  const found = value ? ATTRIBUTE.exec(value) : null;
  return !found || found[2] !== undefined ? ABSENT : Math.min(Number(found[1]), MOST_PIXELS);
}

/** Read a `style` attribute: the last declaration of a property counts, unless an earlier is `!important`. */
export function parseStyle(text) {
  const declared = new Map();
  const important = new Set();
  for (const declaration of text.replace(/\/\*[\s\S]*?(?:\*\/|$)/g, "").split(";")) {
    const colon = declaration.indexOf(":");
    if (colon < 0) continue;
    const name = strip(declaration.slice(0, colon)).toLowerCase();
    let value = strip(declaration.slice(colon + 1)).toLowerCase();
    const mark = value.indexOf("!");
    if (mark >= 0) {
      if (strip(value.slice(mark + 1)) === "important") important.add(name);
      value = strip(value.slice(0, mark));
    } else if (important.has(name)) {
      continue;
    }
    declared.set(name, value);
  }
  return {
    width: lengthOf(declared.get("width")),
    height: lengthOf(declared.get("height")),
    maxWidth: lengthOf(declared.get("max-width")),
    maxHeight: lengthOf(declared.get("max-height")),
    hides: hiding(declared),
    properties: declared.size,
  };
}

/** Whether an element's own style or `hidden` attribute makes its content invisible. */
export function hides(style, hasHidden) {
  if (hasHidden) return true;
  if (!style) return false;
  const lowered = style.toLowerCase();
  return HIDING_HINTS.some((hint) => lowered.includes(hint)) && parseStyle(style).hides;
}

function lengthOf(value) {
  const found = value ? LENGTH.exec(value) : null;
  return found ? Math.min(Number(found[1]) * PIXELS[found[2]], MOST_PIXELS) : ABSENT;
}

function hiding(declared) {
  const is = (name, ...values) => values.includes(declared.get(name));
  const isFlat = (name) => {
    const length = lengthOf(declared.get(name));
    return length >= 0 && length <= 1;
  };
  return (
    is("display", "none") ||
    is("visibility", "hidden", "collapse") ||
    is("mso-hide", "all") ||
    lengthOf(declared.get("opacity")) === 0 ||
    (is("overflow", "hidden", "clip") && ["height", "max-height", "width", "max-width"].some(isFlat)) ||
    (is("position", "absolute", "fixed") &&
      ["left", "top", "right", "bottom"].some((side) => OFF_SCREEN.test(declared.get(side) ?? "")))
  );
}
