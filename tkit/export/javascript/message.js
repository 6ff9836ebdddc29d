// Headers and the whole mail to numbers: what only the `message` vantage point sees.
import { HEADERS } from "./data.js";
import { md5, sha1, sha256 } from "./hash.js";
import { SPACE, remembering, trimmed } from "./text.js";
import { decodedForms, registrableDomain } from "./url.js";

// A field with its folded lines (RFC 5322, section 2.2).
const FIELD = new RegExp(`\\n([^${SPACE}:]+)[ \\t]*:([^\\n]*(?:\\n[ \\t][^\\n]*)*)`, "g");
const ADDRESS = /[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}/g;
const RECEIVED_FOR = new RegExp(`\\bfor[${SPACE}]+<?(${ADDRESS.source})>?`, "gi");
const FROM_ANGLE = new RegExp(`<[^<>]*@([^<>@${SPACE}]+)>`, "g");
const FROM_BARE = new RegExp(`@([^${SPACE}<>@"',;()]+)`, "g");
const DIGEST = /(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Fa-f])/g;
const HEADER_TOKEN = /[A-Za-z0-9]{6,}/g;
const SERVICE_HEADER = new RegExp(`^${HEADERS.service}`);

/**
 * Read the headers and the parts of a mail.
 *
 * `headers` is the header block as written, or an object of name -> value or values; `contentTypes` are those of the
 * mail's parts, `htmlParts` is how many of them are HTML.
 */
export function readMessage({ headers, contentTypes = [], htmlParts = 1 }) {
  const text = typeof headers === "string" ? headers : headerBlock(headers);
  const fields = new Map();
  for (const [, name, value] of `\n${text}`.matchAll(FIELD)) {
    const lowered = name.toLowerCase();
    if (!fields.has(lowered)) fields.set(lowered, []);
    fields.get(lowered).push(value);
  }
  const first = (name) => (fields.has(name) ? unfolded(fields.get(name)[0]) : "");
  return {
    text,
    sender: registrableDomain(fromDomain(first("from"))),
    unsubscribe: first("list-unsubscribe").toLowerCase(),
    identities: identityDomains(first),
    recipients: recipientsIn(fields),
    columns: {
      list_unsubscribe: Number(fields.has("list-unsubscribe")),
      bulk_headers: HEADERS.bulk.filter((name) => fields.has(name)).length,
      service_headers: Array.from(fields.keys()).filter((name) => SERVICE_HEADER.test(name)).length,
      received: fields.get("received")?.length ?? 0,
      plain_alternative: Number(contentTypes.includes("text/plain")),
      html_parts: htmlParts,
    },
  };
}

function headerBlock(headers) {
  const lines = Object.entries(headers).flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}\n`));
  return lines.join("");
}

/** A field's value in one line. */
function unfolded(value) {
  return trimmed(value.replace(/\r?\n[ \t]+/g, " "), /[ \t\r]/);
}

function fromDomain(from) {
  const angle = Array.from(from.matchAll(FROM_ANGLE));
  const found = angle.length ? angle : Array.from(from.matchAll(FROM_BARE));
  return found.length ? trimmed(found.at(-1)[1], /\./).toLowerCase() : "";
}

function identityDomains(first) {
  const found = new Set();
  for (const name of ["message-id", "return-path", "sender"]) {
    const value = first(name);
    const at = value.lastIndexOf("@");
    if (at >= 0) found.add(registrableDomain(trimmed(value.slice(at + 1), /[<> \t]/).toLowerCase()));
  }
  return found;
}

function recipientsIn(fields) {
  const found = new Set();
  const collect = (names, addressesIn) => {
    for (const name of names) {
      for (const value of fields.get(name) ?? []) {
        for (const address of addressesIn(unfolded(value))) found.add(address.toLowerCase().replace(/\.+$/, ""));
      }
    }
  };
  collect(HEADERS.recipients, (value) => value.match(ADDRESS) ?? []);
  collect(["received"], (value) => Array.from(value.matchAll(RECEIVED_FOR), (match) => match[1]));
  return Array.from(found);
}

/** The columns of one picture (see features.js) in one mail. */
export function messageColumns(message, { url, domain, columns }) {
  const [label] = message.sender.split(".");
  const encoded = columns.base64_text > 0 || columns.hex_text > 0 || columns.longest_hex >= 32;
  const mayName = encoded || url.includes("@") || url.includes("%40");
  return {
    sender_same_domain: Number(message.sender !== "" && message.sender === domain),
    sender_in_url: Number(label.length > 2 && url.toLowerCase().includes(label)),
    recipient_in_url: Number(mayName && namesRecipient(url, message.recipients)),
    token_in_headers: longestTokenIn(message.text, url),
    unsubscribe_same_domain: Number(domain !== "" && message.unsubscribe.includes(domain)),
    identity_same_domain: Number(message.identities.has(domain)),
  };
}

function longestTokenIn(headers, url) {
  const tokens = url.slice(Math.max(url.indexOf("/", 8), 0)).match(HEADER_TOKEN) ?? [];
  return tokens.reduce(
    (most, token) => (token.length > most && /\d/.test(token) && headers.includes(token) ? token.length : most),
    0,
  );
}

/** Whether a URL contains a recipient's address: plain, percent-encoded, hex, base64, or its digest. */
function namesRecipient(url, recipients) {
  if (!recipients.length) return false;
  const forms = decodedForms(url).map((form) => form.toLowerCase());
  if (forms.some((form) => form.includes("@") && recipients.some((address) => form.includes(address)))) return true;
  const digests = forms.flatMap((form) => form.match(DIGEST) ?? []);
  return digests.length > 0 && recipients.some((address) => digests.some((digest) => addressDigests(address).has(digest)));
}

/** MD5, SHA-1 and SHA-256 of an address in one or two layers of encoding (Englehardt et al., PETS 2018, section 4.3). */
const addressDigests = remembering((address) => {
  const layer = new Set();
  for (const text of [address, address.toLowerCase(), address.toUpperCase()]) {
    const bytes = Array.from(new TextEncoder().encode(text));
    const base64 = btoa(String.fromCharCode(...bytes));
    layer.add(text);
    layer.add(bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(""));
    layer.add(base64);
    layer.add(base64.replace(/=+$/, ""));
    layer.add(base64.replaceAll("+", "-").replaceAll("/", "_"));
  }
  const digestsOf = (texts) => {
    const encoded = Array.from(texts, (text) => new TextEncoder().encode(text));
    return encoded.flatMap((bytes) => [md5(bytes), sha1(bytes), sha256(bytes)]);
  };
  const digests = digestsOf(layer);
  return new Set([...digests, ...digestsOf(digests)]);
}, 256);
