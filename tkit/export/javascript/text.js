// Strings as tkit's Python reads them, where JavaScript's own methods differ.

/** White space of Python's `\s` and `str.strip`, as the inside of a character class. */
export const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const IS_SPACE = new RegExp(`[${SPACE}]`);
const SPACES = new RegExp(`[${SPACE}]+`);

/**
 * Without the characters at the ends that match a pattern.
 *
 * By index: a pattern for the last run would be tried from each character of every run.
 */
export function trimmed(text, pattern) {
  let start = 0;
  let end = text.length;
  while (start < end && pattern.test(text[start])) start++;
  while (end > start && pattern.test(text[end - 1])) end--;
  return text.slice(start, end);
}

/** Without white space at the ends. */
export function strip(text) {
  return trimmed(text, IS_SPACE);
}

/** The parts between white space. */
export function splitSpace(text) {
  return text.split(SPACES).filter(Boolean);
}

/** Number of code points. */
export function countCodePoints(text) {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // The second half of a surrogate pair is not a code point of its own.
    if (unit < 0xdc00 || unit > 0xdfff || i === 0 || (text.charCodeAt(i - 1) & 0xfc00) !== 0xd800) count++;
  }
  return count;
}

/** The text before and behind the first `mark`; the whole text and "" without one. */
export function partition(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)];
}

/** How often one character occurs in a text. */
export function countOf(text, character) {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++;
  return count;
}

/** A function with a cache of its results; the cache is emptied when it is full. */
export function remembering(compute, most = 4096) {
  const known = new Map();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) {
      if (known.size >= most) known.clear();
      value = compute(key);
      known.set(key, value);
    }
    return value;
  };
}
