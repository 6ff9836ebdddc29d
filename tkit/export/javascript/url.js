// URLs as a browser reads them: resolved, unwrapped, and searched for addresses.
import { QUERY_WRAPPERS, SUFFIXES, WRAPPING_DOMAINS } from "./data.js";
import { partition, remembering, trimmed } from "./text.js";

const REMOTE_SCHEMES = new Set(["http:", "https:", "ftp:"]);
const PROTOCOL_RELATIVE = /^[/\\]{2}/;
const EDGE = /[\0- ]/;
const INNER = /[\t\n\r]/g;
const HOST = /^[a-z]+:\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)/;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const MAX_LAYERS = 3;

/** An attribute's value as the URL Standard reads it: edges stripped, inner tabs and line ends removed. */
export function clean(value) {
  return trimmed(value, EDGE).replace(INNER, "");
}

/** The URL that a browser would request; "" if it needs no server or cannot be parsed. */
export function resolve(url, base = "") {
  if (!base && PROTOCOL_RELATIVE.test(url)) url = `https:${url}`;
  // Most local references are not URLs without a base: this avoids an exception for each.
  if (!base && !/^[a-z][a-z0-9+.-]*:/i.test(url)) return "";
  try {
    return /[|^]/.test(url) || /[|^]/.test(base) ? resolveMarked(url, base) : asStandard(base ? new URL(url, base) : new URL(url));
  } catch {
    return "";
  }
}

/**
 * Parsers differ in whether they escape | and ^ in a path, so both are replaced by words. tkit keeps the bar, and escapes the
 * caret if there is a base.
 */
function resolveMarked(url, base) {
  const [bar, caret] = ["bar", "caret"].map((name) => {
    let word = `_${name}`; // an underscore because no scheme has one
    while (url.includes(word) || base.includes(word)) word += "x";
    return word;
  });
  const hide = (text) => {
    // Not in the authority, where both mean what the browser makes of them.
    const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(text)?.[0] ?? "";
    const isRelative = !scheme || (base && base.startsWith(scheme.toLowerCase()));
    const authority = (isRelative ? /^[/\\]{2,}[^/\\?#]*/ : /^[/\\]*[^/\\?#]*/).exec(text.slice(scheme.length))?.[0] ?? "";
    const start = scheme.length + authority.length;
    return text.slice(0, start) + text.slice(start).replaceAll("|", bar).replaceAll("^", caret);
  };
  const href = asStandard(base ? new URL(hide(url), hide(base)) : new URL(hide(url))).replaceAll(bar, "|");
  const path = /^[^?#]*/.exec(href)[0];
  return path.replaceAll(caret, base ? "%5E" : "^") + href.slice(path.length).replaceAll(caret, "^");
}

function asStandard(parsed) {
  if (!REMOTE_SCHEMES.has(parsed.protocol)) return "";
  if (!parsed.host.includes("%")) return parsed.href;
  // Chromium escapes an asterisk in a host and accepts a space; the standard keeps the asterisk and refuses the space.
  const host = parsed.host.replaceAll("%2A", "*");
  return host.includes("%") ? "" : parsed.href.replace(parsed.host, host);
}

/** Host of a resolved URL. */
export function hostOf(url) {
  return HOST.exec(url)?.[1] ?? "";
}

/** Host, registrable domain, and whether webmail or a gateway may wrap other URLs there. */
export const originOf = (url) => {
  const start = url.indexOf("//") + 2;
  const end = url.indexOf("/", start);
  return originOfAuthority(end < 0 ? url.slice(start) : url.slice(start, end));
};

const originOfAuthority = remembering((authority) => {
  const host = hostOf(`http://${authority}/`);
  const domain = registrableDomain(host);
  return { host, domain, mayWrap: WRAPPING_DOMAINS.has(domain) || host.startsWith("camo.") };
});

/** The rules of the public suffix list; tkit/export/javascript/data.py says how they are packed. */
function unpackedRules([pairs, packed]) {
  const text = pairs.reduceRight((read, pair) => read.replaceAll(pair[0], pair.slice(1)), packed);
  const rules = new Set();
  for (const line of text.split("\n")) {
    const parent = /^[^A-Z]*/.exec(line)[0];
    let label = "";
    for (const [, shared, rest] of line.matchAll(/([A-Z])([^A-Z]*)/g)) {
      label = label.slice(0, shared.charCodeAt(0) - 65) + rest;
      rules.add(`${label}.${parent}`);
    }
  }
  return rules;
}

const RULES = unpackedRules(SUFFIXES);
const MAX_RULE_LABELS = Math.max(...Array.from(RULES, (rule) => rule.split(".").length));

/** The public suffix and one label (ICANN section of the public suffix list); an IP address is its own. */
export const registrableDomain = remembering((host) => {
  host = trimmed(host, /\./).toLowerCase();
  if (!host || host[0] === "[" || IPV4.test(host)) return host;
  const labels = host.split(".");
  if (labels.includes("")) return host;
  const publicLabels = countPublic(labels.map(asciiLabel));
  return labels.length > publicLabels ? labels.slice(-publicLabels - 1).join(".") : host;
});

/** How many labels of a host are its public suffix: the longest rule counts, any last label is one. */
function countPublic(labels) {
  for (let start = Math.max(0, labels.length - MAX_RULE_LABELS - 1); start < labels.length; start++) {
    const depth = labels.length - start;
    const name = labels.slice(start).join(".");
    if (RULES.has(`!${name}`)) return depth - 1;
    if (RULES.has(`*.${name}`)) return start > 0 ? depth + 1 : depth;
    if (RULES.has(name)) return depth;
  }
  return 1;
}

function asciiLabel(label) {
  if (/^[\0-\x7f]*$/.test(label)) return label;
  try {
    return new URL(`http://${label}/`).hostname;
  } catch {
    return label;
  }
}

const V3 = /^https?:\/\/urldefense\.(?:us|com)\/v3\/__(.+?)__;([A-Za-z0-9_=-]*)!/;
const V3_RUNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"; // the first stands for two
const HEX_PATH = /\/(?:[0-9a-f]{16,}\/)((?:[0-9a-f]{2}){8,})(?:[/?.]|$)/i;

/** The original URL inside a webmail's picture proxy or a gateway's rewriting. */
export function unwrap(url) {
  for (let layer = 0; layer < MAX_LAYERS && originOf(url).mayWrap; layer++) {
    const inner = unwrapOnce(url);
    const resolved = inner ? resolve(clean(inner)) : "";
    if (!resolved || resolved === url) break;
    url = resolved;
  }
  return url;
}

function unwrapOnce(url) {
  const host = hostOf(url);
  const rest = url.slice(url.indexOf(host) + host.length);
  if (host.endsWith(".googleusercontent.com") && rest.includes("#http")) return partition(rest, "#")[1];
  if (host === "urldefense.com" || host === "urldefense.us") return unwrapProofpointV3(url);
  if (host === "urldefense.proofpoint.com" && rest.startsWith("/v2/")) {
    const value = parameter(rest, "u").replaceAll("_", "/");
    return value.replace(/(?:-[0-9A-Fa-f]{2})+/g, (escapes) => utf8(bytesOfHex(escapes.replaceAll("-", ""))));
  }
  if (host === "secure-web.cisco.com") return unquote(rest.slice(rest.lastIndexOf("/") + 1));
  if (host.startsWith("camo.") || host.endsWith("fastmailusercontent.com")) {
    const found = HEX_PATH.exec(rest);
    return found ? utf8(bytesOfHex(found[1])) : "";
  }
  return unwrapQuery(host, rest);
}

function unwrapQuery(host, rest) {
  for (const [suffix, path, name] of QUERY_WRAPPERS) {
    if ((host === suffix || host.endsWith(`.${suffix}`)) && rest.startsWith(path)) {
      const value = unquote(parameter(rest, name));
      return value.includes("://") || value.startsWith("//") ? value : unquote(value);
    }
  }
  return "";
}

function parameter(rest, name) {
  const query = partition(partition(rest, "#")[0], "?")[1];
  for (const pair of query.split("&")) {
    const [key, value] = partition(pair, "=");
    if (key === name) return value;
  }
  return "";
}

/** URL Defense version 3: characters behind `*` (one) and `**X` (a run) are in base64 after `__;`. */
function unwrapProofpointV3(url) {
  const found = V3.exec(url);
  if (!found) return "";
  const characters = Array.from(utf8(bytesOfBase64(found[2].replaceAll("=", ""))));
  let at = 0;
  return unquote(found[1]).replace(/\*(?:\*([A-Za-z0-9_-]))?/g, (token, run) => {
    const count = run ? V3_RUNS.indexOf(run) + 2 : 1;
    const taken = characters.slice(at, at + count).join("");
    at += count;
    return taken || token;
  });
}

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

function utf8(bytes) {
  return UTF8.decode(Uint8Array.from(bytes));
}

/** Percent-decoded, as UTF-8. */
export function unquote(text) {
  if (!text.includes("%")) return text;
  return text.replace(/[\0-\x7f]+/g, (chunk) => {
    const bytes = [];
    for (let i = 0; i < chunk.length; i++) {
      const escaped = chunk[i] === "%" && /^[0-9A-Fa-f]{2}/.test(chunk.slice(i + 1, i + 3));
      bytes.push(escaped ? parseInt(chunk.slice(i + 1, i + 3), 16) : chunk.charCodeAt(i));
      if (escaped) i += 2;
    }
    return utf8(bytes);
  });
}

function bytesOfHex(digits) {
  return digits.match(/../g).map((pair) => parseInt(pair, 16));
}

/** The leading digits of either base64 alphabet, without padding. */
function bytesOfBase64(token) {
  const digits = token.replaceAll("-", "+").replaceAll("_", "/");
  const whole = digits.length % 4 === 1 ? digits.slice(0, -1) : digits;
  return Array.from(atob(whole), (character) => character.charCodeAt(0));
}

/** The text of bytes that are printable ASCII, "" for others. */
function printable(bytes) {
  return bytes.every((byte) => byte >= 32 && byte < 127) ? utf8(bytes) : "";
}

const HEX_DIGITS = /(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2}){6,}(?![0-9A-Za-z])/g;
const BASE64_DIGITS = /[A-Za-z0-9+_-]{8,}/g;
const ANY_ADDRESS = /[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*/;

/** The URL, and its percent-encoded, hex and base64 tokens decoded, two layers deep. */
export function decodedForms(url) {
  let forms = [url];
  let layer = [url];
  for (let depth = 0; depth < 2 && layer.length; depth++) {
    const found = layer.flatMap((text) => [
      ...(text.includes("%") ? [unquote(text)] : []),
      ...(text.match(HEX_DIGITS) ?? []).map((digits) => printable(bytesOfHex(digits))),
      ...(text.match(BASE64_DIGITS) ?? []).map((digits) => printable(bytesOfBase64(digits))),
    ]);
    const known = new Set(forms);
    layer = found.filter((text) => text && !known.has(text));
    forms = forms.concat(layer);
  }
  return forms;
}

/** Whether a URL contains anything in the form of an email address, plain or encoded. */
export function holdsAddress(url) {
  return decodedForms(url).some((form) => form.includes("@") && ANY_ADDRESS.test(afterHost(form)));
}

/** Without scheme, user name and host, in which an @ is not an address. */
function afterHost(text) {
  if (!text.slice(0, 10).includes("://")) return text;
  const slash = text.indexOf("/", text.indexOf("://") + 3);
  return slash < 0 ? "" : text.slice(slash);
}
