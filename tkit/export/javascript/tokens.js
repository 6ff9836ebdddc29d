// Numbers of one URL: its parts, its words, its tokens.
//
// A word is a longest run of [A-Za-z0-9] behind the host, a token a longest run of [A-Za-z0-9_-].
import { EXTENSIONS, HOST_WORDS, MOST_WORDS, REGIONAL_STORE, SERVICES, SIZE_NAMES, STORES, WORDS } from "./data.js";
import { countOf, partition, remembering } from "./text.js";
import { holdsAddress, originOf } from "./url.js";

const MIN_TOKEN = 6; // a shorter token with a digit is a size or a number as often as an identifier
const MIN_TEXT = 8;

const whole = (pattern) => new RegExp(`^(?:${pattern})$`);

/** Everything about a resolved URL that does not depend on its place in the mail. */
export function analyse(url) {
  const start = url.indexOf("/", 8);
  const tail = url.slice(start);
  const { host, domain } = originOf(url);
  const tokens = runsOf(tail, /[A-Za-z0-9_-]+/g);
  const words = runsOf(tail, /[A-Za-z0-9]+/g);
  const parts = partColumns(url, tail);
  const columns = {
    ...parts,
    ...hostColumns(url.slice(url.indexOf("//") + 2, start)),
    ...characterColumns(tail),
    ...segmentColumns(tail.slice(0, parts.path_length)),
    ...wordColumns(words),
    size_in_url: Number(namesSize(words, tail)),
    ...tokenColumns(tokens),
    ...identifierColumns(tokens, parts, tail.length),
    ...providerColumns(host, tail),
    store_known: Number(isStore(host)),
  };
  const decodes = columns.base64_text > 0 || columns.hex_text > 0;
  columns.address_in_url = Number((decodes || url.includes("@") || url.includes("%40")) && holdsAddress(url));
  return { columns, tokens: useful(tokens) };
}

/** The tokens of a URL that may be identifiers: of six characters or more, with a digit. */
export function usefulTokens(url) {
  return useful(runsOf(url.slice(url.indexOf("/", 8)), /[A-Za-z0-9_-]+/g));
}

function useful(runs) {
  return runs.filter(mayIdentify).map(({ text, length, shape }) => ({ text, length, shape }));
}

const mayIdentify = (run) => run.digits > 0 && run.length >= MIN_TOKEN;

// -- parts ---------------------------------------------------------------------------------------------------------

const SCRIPT = whole(EXTENSIONS.scripts);
const SCRIPT_INSIDE = new RegExp(`\\.(?:${EXTENSIONS.scripts})/`);

function partColumns(url, tail) {
  const lowered = tail.toLowerCase();
  const [rest, fragment] = partition(lowered, "#");
  const [path, query] = partition(rest, "?");
  const slash = path.lastIndexOf("/");
  const dot = path.lastIndexOf(".");
  const extension = dot > slash ? path.slice(dot + 1) : "";
  const firstDot = path.indexOf(".");
  const inside = firstDot >= 0 && firstDot < slash && SCRIPT_INSIDE.test(path);
  return {
    url_length: url.length,
    path_length: path.length,
    query_length: query.length,
    fragment_length: fragment.length,
    filename_length: path.length - slash - 1,
    https: Number(url.startsWith("https:")),
    path_segments: countOf(path, "/"),
    path_dots: countOf(path, "."),
    query_parameters: query ? countOf(query, "&") + 1 : 0,
    path_open_track: Number(["/open", "=open", "/trace", "/track"].some((word) => lowered.includes(word))),
    extension_gif: Number(extension === "gif"),
    extension_photo: Number(EXTENSIONS.photos.has(extension)),
    extension_picture: Number(EXTENSIONS.pictures.has(extension)),
    extension_sheet: Number(EXTENSIONS.sheets.has(extension)),
    extension_none: Number(dot <= slash),
    extension_script: Number(SCRIPT.test(extension) || inside),
  };
}

const HOST_TRACK = whole(HOST_WORDS.track);
const HOST_PICTURE = whole(HOST_WORDS.picture);

const hostColumns = remembering((authority) => {
  const behindUser = authority.slice(authority.lastIndexOf("@") + 1);
  const colon = behindUser.lastIndexOf(":");
  const hasPort = colon >= 0 && /^\d+$/.test(behindUser.slice(colon + 1)); // otherwise no port, or inside an IPv6 address
  const host = hasPort ? behindUser.slice(0, colon) : behindUser;
  const labels = host.match(/[^.-]+/g) ?? [];
  return {
    host_length: host.length,
    host_labels: countOf(host, ".") + 1,
    host_digits: (host.match(/\d/g) ?? []).length,
    host_hyphens: countOf(host, "-"),
    host_is_number: Number(host.startsWith("[") || !/[A-Za-z]/.test(host)),
    host_port: Number(hasPort),
    host_name_track: labels.filter((label) => HOST_TRACK.test(label)).length,
    host_name_picture: labels.filter((label) => HOST_PICTURE.test(label)).length,
  };
});

function characterColumns(tail) {
  const count = (pattern) => (tail.match(pattern) ?? []).length;
  return {
    digits: count(/\d/g),
    uppercase: count(/[A-Z]/g),
    percent_escapes: countOf(tail, "%"),
    separators: count(/[&=;,|~!*$:]/g),
  };
}

// -- runs ----------------------------------------------------------------------------------------------------------

const [OTHER, DIGIT, LOWER, UPPER] = [0, 1, 2, 3];
const KIND = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  return /\d/.test(character) ? DIGIT : /[a-z]/.test(character) ? LOWER : /[A-Z]/.test(character) ? UPPER : OTHER;
});
const IS_CONSONANT = Uint8Array.from({ length: 128 }, (_, code) => Number(/[b-df-hj-np-tv-xz]/i.test(String.fromCharCode(code))));
const IS_HEX = Uint8Array.from({ length: 128 }, (_, code) => Number(/[0-9a-f]/i.test(String.fromCharCode(code))));

/** The runs of a text that a pattern finds, measured. */
function runsOf(text, pattern) {
  return Array.from(text.matchAll(pattern), (found) => measured(found[0], found.index));
}

/** The characters of a run, and its position. */
function measured(text, at) {
  const run = { text, at, length: text.length, digits: 0, lower: 0, upper: 0, other: 0, notHex: 0, changes: 0, caseChanges: 0 };
  let before = -1;
  let consonants = 0;
  run.consonants = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const kind = KIND[code];
    if (kind === DIGIT) run.digits++;
    else if (kind === LOWER) run.lower++;
    else if (kind === UPPER) run.upper++;
    else run.other++;
    if (!IS_HEX[code]) run.notHex++;
    if (i > 0 && kind !== before) {
      run.changes++;
      if (kind >= LOWER && before >= LOWER) run.caseChanges++;
    }
    before = kind;
    consonants = IS_CONSONANT[code] ? consonants + 1 : 0;
    if (consonants > run.consonants) run.consonants = consonants;
  }
  const alphabet = (run.digits > 0) + 2 * (run.upper > 0) + 4 * (run.lower > 0) + 8 * (run.other > 0);
  run.shape = run.length * 16 + alphabet; // equal for the same length and the same alphabet
  return run;
}

function longest(runs, has) {
  let most = 0;
  for (const run of runs) if (run.length > most && has(run)) most = run.length;
  return most;
}

function number(runs, has) {
  let count = 0;
  for (const run of runs) if (has(run)) count++;
  return count;
}

const WORD_FEATURES = Object.keys(WORDS);
const FEATURES_OF_WORD = new Map();
for (const [feature, words] of Object.entries(WORDS)) {
  for (const word of words.split(" ")) FEATURES_OF_WORD.set(word, [...(FEATURES_OF_WORD.get(word) ?? []), feature]);
}

function wordColumns(words) {
  const isMixed = (run) => run.digits > 0 && run.digits < run.length;
  const isDecimal = (run) => run.digits === run.length;
  let mixedLength = 0;
  let consonants = 0;
  const counts = Object.fromEntries(WORD_FEATURES.map((feature) => [feature, 0]));
  for (const run of words) {
    if (isMixed(run)) mixedLength += run.length;
    if (run.consonants > consonants) consonants = run.consonants;
    for (const feature of FEATURES_OF_WORD.get(run.text.toLowerCase()) ?? []) {
      if (counts[feature] < MOST_WORDS) counts[feature]++;
    }
  }
  return {
    words: words.length,
    longest_word: longest(words, (run) => run.digits === 0),
    longest_mixed_word: longest(words, isMixed),
    mixed_words: number(words, (run) => isMixed(run) && run.length >= 5),
    mixed_length: mixedLength,
    decimal_words: number(words, isDecimal),
    longest_decimal: longest(words, isDecimal),
    longest_hex: longest(words, (run) => run.notHex === 0 && run.length >= 8 && run.digits > 0),
    longest_case_mixed: longest(words, (run) => run.upper > 0 && run.lower > 0 && (run.digits > 0 || run.caseChanges >= 3)),
    consonant_run: consonants,
    ...counts,
  };
}

const NO_RUN = measured("", 0);

function tokenColumns(tokens) {
  let first = NO_RUN; // the first of the longest
  for (const run of tokens) if (run.length > first.length) first = run;
  const length = Math.max(first.length, 1);
  return {
    longest_token: first.length,
    token_digit_share: first.digits / length,
    token_upper_share: first.upper / length,
    token_separators: first.other,
    token_changes: first.changes / length,
    token_entropy: entropy(first.text),
    long_tokens: number(tokens, (run) => run.length >= 16 && run.digits > 0),
    base64_text: longest(tokens, isBase64Text),
    hex_text: longest(tokens, isHexText),
    uuid: number(tokens, (run) => run.length === 36 && run.other === 4 && run.notHex === 4),
  };
}

const DIGITS64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const SEXTET = new Uint8Array(128);
for (let value = 0; value < 64; value++) SEXTET[DIGITS64.charCodeAt(value)] = value;

/** Shannon entropy in bits per character, rounded to 1/256 so that every logarithm gives the same number. */
function entropy(text) {
  if (!text) return 0;
  const counts = new Uint32Array(64);
  for (let i = 0; i < text.length; i++) counts[SEXTET[text.charCodeAt(i)]]++;
  let weighted = 0;
  for (const count of counts) if (count > 1) weighted += count * Math.log2(count);
  return Math.floor(Math.abs(Math.log2(text.length) - weighted / text.length) * 256 + 0.5) / 256;
}

const isPrintable = (byte) => byte >= 32 && byte <= 126;

function isBase64Text({ text, length, digits, upper, lower }) {
  // A single left-over digit is not base64. Text of only one kind of character is a word or a number.
  if (length < MIN_TEXT || length % 4 === 1 || (digits > 0) + (upper > 0) + (lower > 0) < 2) return false;
  let bits = 0;
  for (let i = 0; i < length; i++) {
    bits = (bits << 6) | SEXTET[text.charCodeAt(i)];
    const left = (6 * (i + 1)) % 8; // bits that are not a whole byte yet
    if (i % 4 !== 0 && !isPrintable((bits >> left) & 255)) return false;
    bits &= (1 << left) - 1;
  }
  return true;
}

function isHexText({ text, length, notHex }) {
  if (length < MIN_TEXT || length % 2 !== 0 || notHex > 0) return false;
  for (let i = 0; i < length; i += 2) if (!isPrintable(parseInt(text.slice(i, i + 2), 16))) return false;
  return true;
}

// -- places --------------------------------------------------------------------------------------------------------

/** The segments of a path. */
function segmentColumns(path) {
  const name = path.lastIndexOf("/") + 1;
  const segments = runsOf(path, /[^/]+/g);
  return {
    first_segment: segments.find((run) => run.at === 1)?.length ?? 0,
    longest_segment: longest(segments, () => true),
    short_directories: number(segments, (run) => run.length <= 2 && run.at < name),
    number_segments: number(segments, (run) => run.digits === run.length),
  };
}

/** The positions of the tokens that may be identifiers. */
function identifierColumns(tokens, parts, end) {
  const identifiers = tokens.filter(mayIdentify);
  const name = parts.path_length - parts.filename_length;
  const query = end - parts.fragment_length - Number(parts.fragment_length > 0);
  let first = null; // the first of the longest
  let sum = 0;
  for (const run of identifiers) {
    if (!first || run.length > first.length) first = run;
    sum += run.length;
  }
  const within = (from, to) => longest(identifiers, (run) => run.at >= from && run.at < to);
  return {
    identifier_share: sum / Math.max(end, 1),
    identifier_end: first ? (first.at + first.length) / Math.max(end, 1) : -1,
    identifier_in_directory: within(0, name),
    identifier_in_name: within(name, parts.path_length),
    identifier_in_query: within(parts.path_length, query),
    identifier_in_fragment: within(query, Infinity),
  };
}

const SIDES = /(?:^|[^0-9])[1-9][0-9]{1,3}[xX][1-9][0-9]{1,3}(?:[^0-9]|$)/;

/** Whether a URL names a picture's size: 468x60, w=300, size=48. */
function namesSize(words, tail) {
  return words.some((run, i) => {
    const before = words[i - 1];
    if (run.digits === run.length && run.length >= 2 && run.length <= 4 && run.text[0] !== "0") {
      return (
        before !== undefined &&
        before.at + before.length + 1 === run.at &&
        tail[run.at - 1] === "=" &&
        SIZE_NAMES.has(before.text.toLowerCase())
      );
    }
    return run.length >= 5 && run.length <= 12 && run.digits < run.length && run.digits >= 4 && SIDES.test(run.text);
  });
}

// -- mailing services ----------------------------------------------------------------------------------------------

const SERVICE_HOSTS = new Map(Object.entries(SERVICES.hosts));
const BRANDED = compiled(SERVICES.branded, "^");
const FLOATING = compiled(SERVICES.floating, "");
const ANY_BRANDED = new RegExp(`^(?:${SERVICES.branded.map(([, pattern]) => pattern).join("|")})`);
const ANY_FLOATING = new RegExp(SERVICES.floating.map(([, pattern]) => pattern).join("|"));

function compiled(patterns, start) {
  return patterns.map(([service, pattern]) => [service, new RegExp(start + pattern)]);
}

/** The service with the longest end of a host that fits, and its open trackers there; -1 where there is none. */
const ownerOf = remembering((host) => {
  let [rest, marked] = [host, host.replace(/[0-9]+/g, "#")];
  for (; rest; [rest, marked] = [partition(rest, ".")[1], partition(marked, ".")[1]]) {
    const [service, opens] = SERVICE_HOSTS.get(rest) ?? SERVICE_HOSTS.get(marked) ?? [-1, ""];
    if (service >= 0) return { service, opens: opens && new RegExp(`^(?:${opens})`) };
  }
  return { service: -1, opens: "" };
});

/** The service whose pattern fits a path on any host, -1 where none does. */
function brandedService(tail) {
  const patterns = ANY_BRANDED.test(tail) ? BRANDED : ANY_FLOATING.test(tail) ? FLOATING : [];
  return patterns.find(([, pattern]) => pattern.test(tail))?.[0] ?? -1;
}

/** The mailing service of a URL, "" where none is known, and whether it is a known open tracker. */
export function providerOf(host, tail) {
  const { service, opens } = ownerOf(host);
  if (opens && opens.test(tail)) return { name: SERVICES.names[service], isOpen: true };
  const branded = brandedService(tail);
  return { name: SERVICES.names[service >= 0 ? service : branded] ?? "", isOpen: branded >= 0 };
}

function providerColumns(host, tail) {
  const { name, isOpen } = providerOf(host, tail);
  return { provider_known: Number(name !== ""), provider_open: Number(isOpen) };
}

/** Whether a host belongs to a known store of pictures, fonts or files. */
const isStore = remembering((host) => {
  for (let rest = host; rest; rest = partition(rest, ".")[1]) if (STORES.has(rest)) return true;
  return REGIONAL_STORE.test(host);
});
