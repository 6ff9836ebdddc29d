// The URLs in a style sheet or a style attribute, with what would load them.
//
// It scans for the few tokens that matter (CSS Syntax Level 3, section 4), in the same steps as tkit/html/css.py.

const LOOK_BACK = 80; // a function name with every letter escaped is shorter
const HINTS = ["url(", "\\", "src(", "@import", "image-set("];
const NO_NAMES = new Set();
const CLOSERS = { "[": "]", "{": "}" };

/** A pattern for an identifier in which any letter may be escaped (`\75rl`, `u\rl`). */
function ident(word) {
  return Array.from(word, (letter) => {
    const codes = [letter, letter.toUpperCase()].map((form) => form.charCodeAt(0).toString(16)).join("|");
    const plain = /[a-f]/.test(letter) ? letter : String.raw`\\?${letter}`;
    return String.raw`(?:${plain}|\\(?:0000(?:${codes})|0{0,3}(?:${codes})(?![0-9a-f]))[ \t\n]?)`;
  }).join("");
}

// The character before a function's name must end a token: "@url(" is an at-keyword, "1url(" a dimension.
const FUNCTION = new RegExp(
  String.raw`(?:(?<![\w\\@#\x80-\uffff-])|(?<=<!--)(?<!\\<!--))` +
    `(?:(?<url>${ident("url")})|(?<src>${ident("src")})|(?<set>(?:${ident("-webkit-")})?${ident("image-set")}))$`,
  "gi",
);
const ESCAPE_BEFORE = /(?<!\\)(?:\\\\)*\\(?:[0-9a-f]{1,6}[ \t\n]?|[^\n])$/gi;
const AT_RULE = new RegExp(
  `@(?:(?<imports>${ident("import")})|(?<face>${ident("font-face")})|(?<namespace>${ident("namespace")}))(?![\\w\\\\-])`,
  "iy",
);
const DASH = String.raw`(?:-|\\0{0,4}2d[ \t\n]?)`;
const HEX = String.raw`[0-9A-Fa-f]{1,6}[ \t\n]?`;
const CUSTOM_NAME = String.raw`(?<![\w\\-])${DASH}${DASH}(?:[\w\x80-\uffff-]|\\(?:${HEX}|[^\n]))*`;
const CUSTOM = new RegExp(CUSTOM_NAME, "gi");
const CUSTOM_HERE = new RegExp(CUSTOM_NAME, "iy");
// Functions that another value is put in for, with or without quotes (CSS Values Level 5).
const SUBSTITUTION = new RegExp(
  String.raw`(?:(?<![\w\\-])(?:${ident("var")}|${ident("env")}|${ident("if")})|${CUSTOM_NAME})$`,
  "gi",
);
const AT_DEFINITION = new RegExp(`@(?:${ident("property")}|${ident("function")})$`, "gi");
const DESCRIPTOR = new RegExp(`(?:${ident("initial-value")}|${ident("result")})`, "iy");

/** Whether CSS may contain a URL: every form of one is a function, an escape or an `@import`. */
export function mayLoad(text) {
  const lowered = text.toLowerCase();
  return HINTS.some((hint) => lowered.includes(hint));
}

/** Whether CSS may have `image-set()` with the value of a custom property. */
export function mayUseProperties(text) {
  const escaped = text.includes("\\");
  return text.includes("(") && (escaped || (text.includes("--") && text.toLowerCase().includes("set(")));
}

/**
 * Every URL that a style sheet or declaration list may load, in order; its use is "value", "import" or "font".
 *
 * `properties` are the custom properties in which a string is a URL.
 */
export function cssUrls(text, properties = NO_NAMES) {
  if (!properties.size && !mayLoad(text)) return [];
  return new Scanner(filtered(text), properties).scan();
}

/** CSS Syntax Level 3, section 3.3. */
function filtered(text) {
  return text.replace(/\r\n|[\r\f]/g, "\n").replaceAll("\0", "\ufffd");
}

/** The custom properties in which a string is a URL: those that `image-set()` has, directly or through others. */
export function urlProperties(sheets) {
  const found = new Set();
  const named = new Map();
  for (const sheet of sheets) {
    const text = filtered(sheet);
    const scanner = new Scanner(text, NO_NAMES);
    scanner.scan();
    for (const name of scanner.used) found.add(name);
    for (const { name, start, end } of declarations(text)) {
      const names = Array.from(text.slice(start, end).matchAll(CUSTOM), ([other]) => unescape(other));
      named.set(name, [...(named.get(name) ?? []), ...names]);
    }
  }
  for (const name of found) for (const other of named.get(name) ?? []) found.add(other);
  return found;
}

/** Where the white space and comments that begin at `at` end. */
function skipBlanks(text, at) {
  for (;;) {
    at = skipSpace(text, at);
    const close = text.startsWith("/*", at) ? text.indexOf("*/", at + 2) : -1;
    if (close < 0) return at;
    at = close + 2;
  }
}

/** Each custom property that a text declares, and where its value starts and ends. */
function* declarations(text) {
  const name = new RegExp(CUSTOM);
  let defined = 0;
  for (let found = name.exec(text); found; found = name.exec(text)) {
    let at = skipBlanks(text, name.lastIndex);
    if (text[at] === ":") {
      const end = valueEnd(text, at + 1);
      yield { name: unescape(found[0]), start: at + 1, end };
      at = end;
    } else if (at >= defined && isDefinition(text, found.index)) {
      // The block of @property or @function: one of its descriptors is the value.
      while (at < text.length && !";{}".includes(text[at])) at++;
      let end = at;
      while (text[end] === "{" || text[end] === ";") {
        const start = descriptorEnd(text, end + 1);
        end = valueEnd(text, end + 1);
        if (start) yield { name: unescape(found[0]), start, end };
      }
      defined = end;
    }
    name.lastIndex = at;
  }
}

/** Whether the name at `at` is that of an @property or @function. */
function isDefinition(text, at) {
  let end = at;
  for (;;) {
    while (end > 0 && " \t\n".includes(text[end - 1])) end--;
    if (!text.startsWith("*/", end - 2)) break;
    end = text.lastIndexOf("/*", end - 3);
    if (end < at - LOOK_BACK) return false;
  }
  return searchUpTo(AT_DEFINITION, text, Math.max(0, at - LOOK_BACK), end) !== null;
}

/** Where the value of an `initial-value` or `result` that begins at `at` starts; 0 for another descriptor. */
function descriptorEnd(text, at) {
  DESCRIPTOR.lastIndex = skipBlanks(text, at);
  if (!DESCRIPTOR.test(text)) return 0;
  const colon = skipBlanks(text, DESCRIPTOR.lastIndex);
  return text[colon] === ":" ? colon + 1 : 0;
}

/** Where the value of a declaration ends. */
function valueEnd(text, at) {
  const token = /[/"'()[\]{};\\]/g;
  let open = 0;
  for (;;) {
    token.lastIndex = at;
    const found = token.exec(text);
    if (!found) return text.length;
    const [kind] = found;
    const start = found.index;
    at = start + 1;
    if (kind === '"' || kind === "'") at = stringEnd(text, kind, at) + 1;
    else if (kind === "\\") at++;
    else if (kind === "/") at = Math.max(at, skipBlanks(text, start));
    else if ("([{".includes(kind)) open++;
    else if (!open) return start;
    else if (kind !== ";") open--;
  }
}

/** Search `text` from `from` up to `end` as if it ended there; look-behinds see the text before `from`. */
function searchUpTo(pattern, text, from, end) {
  const cut = Math.max(0, from - 8);
  pattern.lastIndex = from - cut;
  const found = pattern.exec(text.slice(cut, end));
  return found && { start: found.index + cut, groups: found.groups };
}

/** Where the white space that begins at `at` ends. */
function skipSpace(text, at) {
  while (at < text.length && " \t\n".includes(text[at])) at++;
  return at;
}

const isHexDigit = (character) => /^[0-9A-Fa-f]$/.test(character);

/** Where the escape whose backslash is at `at` ends. */
function escapeEnd(text, at) {
  let end = at + 1;
  while (end < at + 7 && end < text.length && isHexDigit(text[end])) end++;
  if (end === at + 1) return end + (text.codePointAt(end) > 0xffff ? 2 : 1);
  return end < text.length && " \t\n".includes(text[end]) ? end + 1 : end;
}

/** Where the inside of the string that begins at `at` ends: its quote, a line end, a last backslash or the end. */
function stringEnd(text, quote, at) {
  while (at < text.length && text[at] !== quote && text[at] !== "\n") {
    if (text[at] !== "\\") at++;
    else if (at + 1 === text.length) break;
    else at = escapeEnd(text, at);
  }
  return at;
}

const NOT_BARE = /[ "'()\\\0-\x1f\x7f]/g;
const NOT_BAD = /[)\\]/g;

/** The unquoted URL that begins at `at`, and the end of its function; null if it is not one. */
function bareUrl(text, at) {
  let end = at;
  for (;;) {
    NOT_BARE.lastIndex = end;
    end = NOT_BARE.exec(text)?.index ?? text.length;
    if (text[end] !== "\\" || text[end + 1] === "\n") break;
    end = end + 1 === text.length ? text.length : escapeEnd(text, end);
  }
  const close = skipSpace(text, end);
  return close === text.length || text[close] === ")" ? { url: text.slice(at, end), end: Math.min(close + 1, text.length) } : null;
}

/** Where the remnants of a bad URL end (CSS Syntax, section 4.3.14). */
function badUrlEnd(text, at) {
  for (;;) {
    NOT_BAD.lastIndex = at;
    const found = NOT_BAD.exec(text);
    if (!found) return text.length;
    if (found[0] === ")") return found.index + 1;
    at = Math.min(found.index + 2, text.length);
  }
}

function unescape(text) {
  if (!text.includes("\\")) return text;
  return text.replace(/\\(?:([0-9A-Fa-f]{1,6})[ \t\n]?|(\n)|([\s\S])|$)/g, (_, digits, lineEnd, other) => {
    if (lineEnd || other) return other ?? "";
    const code = parseInt(digits ?? "0", 16);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : "\ufffd";
  });
}

/** One pass over one filtered text. */
class Scanner {
  constructor(text, properties) {
    this.text = text;
    this.found = [];
    this.used = new Set(); // custom properties and functions in `image-set()`
    this.importEnd = -1; // behind the name of the last @import and the blanks that follow
    this.faceEnd = -1; // of the last @font-face
    this.namespaceEnd = -1;
    this.read = 0; // the end of the last string, URL or at-rule's name: a function's name comes after it
    // Where a string is a URL; the last comes first.
    this.values = properties.size ? Array.from(declarations(text)).filter(({ name }) => properties.has(name)).reverse() : [];
  }

  scan() {
    const { text } = this;
    const trigger = /[/"'(\\@]/g;
    const nested = /[/"'()[\]{}\\@]/g;
    const stack = []; // brackets that are open inside `image-set(`
    let position = 0;
    for (;;) {
      const pattern = stack.length ? nested : trigger;
      pattern.lastIndex = position;
      const token = pattern.exec(text);
      if (!token) return this.found;
      const start = token.index;
      const kind = token[0];
      if (kind === "(") {
        const { next, opened: own } = this.function(start);
        position = next;
        const strings = stack.at(-1)?.strings;
        const opened = own && strings && !own.strings ? this.substitution(start, strings) : own;
        if (opened && (stack.length || opened.strings)) stack.push(opened);
      } else if (kind === "\\") {
        position = start + 2;
      } else if (kind === "/") {
        position = this.slash(start);
      } else if (kind === "@") {
        position = this.atRule(start);
      } else if (kind === '"' || kind === "'") {
        const string = this.string(start);
        position = string.next;
        this.add(string.inside, start === this.importEnd ? "import" : (stack.at(-1)?.strings ?? this.inProperty(start)));
      } else {
        position = start + 1;
        if (kind === stack.at(-1).closer) stack.pop();
        else if (kind in CLOSERS) stack.push({ closer: CLOSERS[kind] });
      }
    }
  }

  /** Read the name of an at-rule; give where to go on. */
  atRule(start) {
    const { text } = this;
    AT_RULE.lastIndex = start;
    const rule = AT_RULE.exec(text);
    if (!rule) return start + 1;
    const end = (this.read = skipBlanks(text, AT_RULE.lastIndex));
    if (rule.groups.imports) {
      this.importEnd = end;
    } else if (rule.groups.namespace) {
      if (end > this.namespaceEnd) {
        this.namespaceEnd = end;
        while (this.namespaceEnd < text.length && !";{}".includes(text[this.namespaceEnd])) this.namespaceEnd++;
      }
    } else if (text[end] === "{" && end > this.faceEnd) {
      const close = text.indexOf("}", end);
      this.faceEnd = close < 0 ? text.length : close;
    }
    return end;
  }

  /** The bracket that opens at `start` inside `image-set()`; the custom property that it stands for is noted. */
  substitution(start, strings) {
    const { text } = this;
    const from = this.windowOf(start);
    const name = searchUpTo(SUBSTITUTION, text, from, start);
    if (!name) return { closer: ")" };
    for (const at of [skipBlanks(text, start + 1), name.start]) {
      CUSTOM_HERE.lastIndex = at;
      const custom = CUSTOM_HERE.exec(text);
      if (custom) this.used.add(unescape(custom[0]));
    }
    return { closer: ")", strings };
  }

  /** What a string is for in the value of a custom property. */
  inProperty(start) {
    while (this.values.length && this.values.at(-1).end <= start) this.values.pop();
    return this.values.length && this.values.at(-1).start <= start ? "value" : undefined;
  }

  /** Read the function that opens at `start`; give where to go on, and what is open there. */
  function(start) {
    const { text } = this;
    const name = this.name(start);
    if (!name) return { next: start + 1, opened: { closer: ")" } };
    const use = this.use(name.start);
    if (name.groups.set) return { next: start + 1, opened: { closer: ")", strings: use ?? "value" } };
    let inner = skipSpace(text, start + 1);
    if (text[inner] === '"' || text[inner] === "'") {
      const string = this.string(inner);
      inner = string.next;
      this.add(string.inside, use);
    } else if (name.groups.url) {
      const bare = bareUrl(text, inner);
      if (bare) this.add(bare.url, use);
      this.read = bare ? bare.end : badUrlEnd(text, inner);
      return { next: this.read, opened: null };
    }
    return { next: inner, opened: { closer: ")" } };
  }

  /** The name of the function that opens at `start`, null for one that takes no URL. */
  name(start) {
    const { text } = this;
    const from = this.windowOf(start);
    if (start > 0 && !"lLcCtT".includes(text[start - 1]) && !text.slice(from, start).includes("\\")) return null;
    const name = searchUpTo(FUNCTION, text, from, start);
    return name && !searchUpTo(ESCAPE_BEFORE, text, from, name.start) ? name : null;
  }

  windowOf(start) {
    return Math.max(this.read, start - LOOK_BACK);
  }

  /** What a URL function that begins at `start` is for; undefined for one that loads nothing. */
  use(start) {
    if (start === this.importEnd) return "import";
    if (start < this.namespaceEnd) return undefined;
    return start < this.faceEnd ? "font" : "value";
  }

  /** Where to go on after a slash, past the comment that it may open. */
  slash(start) {
    const { text } = this;
    if (!text.startsWith("/*", start)) return start + 1;
    const close = text.indexOf("*/", start + 2);
    return close < 0 ? text.length : close + 2;
  }

  /** The inside of the string that opens at `start` ("" for a bad one) and where to go on. */
  string(start) {
    const { text } = this;
    const end = stringEnd(text, text[start], start + 1);
    if (text[end] === "\n") {
      this.read = end;
      return { inside: "", next: end };
    }
    this.read = end + 1;
    return { inside: text.slice(start + 1, end), next: this.read };
  }

  add(text, use) {
    const url = use ? unescape(text) : "";
    if (url && !url.startsWith("#")) this.found.push({ url, use });
  }
}
