// The URLs in a style sheet or a style attribute, with what would load them.
//
// It scans for the few tokens that matter (CSS Syntax Level 3, section 4), in the same steps as tkit/html/css.py.

const LOOK_BACK = 80; // an at-rule or function name with every letter escaped is shorter
const HINTS = ["url(", "\\", "src(", "@import", "image-set("];
const BLANK = String.raw`(?:[ \t\n]+(?![ \t\n])|/\*(?:[^*]|\*(?!/)){0,80}\*/){0,8}`;
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
const AT_IMPORT = new RegExp(String.raw`(?<!\\)@${ident("import")}${BLANK}$`, "gi");
const AT_NAMESPACE = new RegExp(String.raw`(?<!\\)@${ident("namespace")}(?![\w\\-])[^;{}]*$`, "gi");
const AT_FONT_FACE = new RegExp(String.raw`(?<!\\)@${ident("font-face")}${BLANK}\{`, "gi");

/** Whether CSS may contain a URL: every form of one is a function, an escape or an `@import`. */
export function mayLoad(text) {
  const lowered = text.toLowerCase();
  return HINTS.some((hint) => lowered.includes(hint));
}

/** Every URL that a style sheet or declaration list may load, in order; its use is "value", "import" or "font". */
export function cssUrls(text) {
  if (!mayLoad(text)) return [];
  // CSS Syntax Level 3, section 3.3.
  return new Scanner(text.replace(/\r\n|[\r\f]/g, "\n").replaceAll("\0", "\ufffd")).scan();
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
  constructor(text) {
    this.text = text;
    this.found = [];
    this.read = 0; // the end of the last string or URL: the name of an at-rule or a function comes after it
    this.findFace(0);
  }

  /** The next `@font-face {` from `from` on. */
  findFace(from) {
    AT_FONT_FACE.lastIndex = from;
    const found = AT_FONT_FACE.exec(this.text);
    this.face = found && { start: found.index, end: AT_FONT_FACE.lastIndex, close: -1 };
  }

  scan() {
    const { text } = this;
    const trigger = /[/"'(\\]/g;
    const nested = /[/"'()[\]{}\\]/g;
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
        const { next, opened } = this.function(start);
        position = next;
        if (opened && (stack.length || opened.strings)) stack.push(opened);
      } else if (kind === "\\") {
        position = start + 2;
      } else if (kind === "/") {
        position = this.slash(start);
      } else if (kind === '"' || kind === "'") {
        const imported = searchUpTo(AT_IMPORT, text, this.windowOf(start), start);
        const string = this.string(start);
        position = string.next;
        this.add(string.inside, imported ? "import" : stack.at(-1)?.strings);
      } else {
        position = start + 1;
        if (kind === stack.at(-1).closer) stack.pop();
        else if (kind in CLOSERS) stack.push({ closer: CLOSERS[kind] });
      }
    }
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
    const { text } = this;
    const from = this.windowOf(start);
    if (text.slice(from, start).includes("@")) {
      if (searchUpTo(AT_IMPORT, text, from, start)) return "import";
      if (searchUpTo(AT_NAMESPACE, text, from, start)) return undefined;
    }
    while (this.face && this.face.end <= start) {
      if (this.face.close < 0) {
        const close = text.indexOf("}", this.face.end);
        this.face.close = close < 0 ? text.length : close;
      }
      if (start < this.face.close) return "font";
      this.findFace(this.face.close);
    }
    return "value";
  }

  /** Where to go on after a slash, past the comment that it may open. */
  slash(start) {
    const { text } = this;
    if (!text.startsWith("/*", start)) return start + 1;
    const close = text.indexOf("*/", start + 2);
    const end = close < 0 ? text.length : close + 2;
    if (this.face && start < this.face.start && this.face.start < end) this.findFace(end);
    return end;
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
