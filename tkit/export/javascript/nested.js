// Documents and style sheets in `data:` URLs, in the same steps as tkit/html/nested.py.

export const MAX_DOCUMENTS = 16; // inside one another
const BASE64 = /;[ ]*base64[ ]*$/i;
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]+)/i;
const XML = /^(?:text\/xml|application\/xml|[^/]+\/[^/]+\+xml)$/;
const CLOSED = /<([A-Za-z][^\s/<>]*)((?:[^<>"']|"[^"]*"|'[^']*')*)>/g;

/** The text of a `data:` URL, and whether it is a document of HTML or XML; null for another URL or a broken one. */
export function dataText(url) {
  if (url.slice(0, 5).toLowerCase() !== "data:") return null;
  const written = url.slice(5).split("#", 1)[0];
  const comma = written.indexOf(",");
  if (comma < 0) return null;
  let head = written.slice(0, comma).trim();
  let octets = percentDecoded(written.slice(comma + 1));
  if (BASE64.test(head)) {
    octets = base64Decoded(octets);
    if (!octets) return null;
    head = head.replace(BASE64, "");
  }
  const mediaType = head.split(";", 1)[0].trim().toLowerCase();
  const isXml = XML.test(mediaType);
  let text = decoded(octets, CHARSET.exec(head)?.[1]);
  // XML closes an element in its start tag. HTML does so for few of them, and not for a style.
  if (isXml) text = text.replace(CLOSED, (tag, name, rest) => (rest.endsWith("/") ? `<${name}${rest.slice(0, -1)}></${name}>` : tag));
  return { text, isDocument: isXml || mediaType === "text/html" };
}

function percentDecoded(text) {
  const octets = [];
  const written = new TextEncoder().encode(text);
  for (let at = 0; at < written.length; at++) {
    const digits = written[at] === 0x25 ? String.fromCharCode(...written.subarray(at + 1, at + 3)) : "";
    if (/^[0-9A-Fa-f]{2}$/.test(digits)) {
      octets.push(parseInt(digits, 16));
      at += 2;
    } else {
      octets.push(written[at]);
    }
  }
  return Uint8Array.from(octets);
}

function base64Decoded(octets) {
  const text = Array.from(octets, (octet) => String.fromCharCode(octet)).join("");
  try {
    return Uint8Array.from(atob(text.replace(/[ \t\n\f\r]+/g, "").replace(/=+$/, "")), (octet) => octet.charCodeAt(0));
  } catch {
    return null;
  }
}

function decoded(octets, charset = "utf-8") {
  try {
    return new TextDecoder(charset).decode(octets);
  } catch {
    return new TextDecoder().decode(octets);
  }
}
