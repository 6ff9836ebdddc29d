// The public functions.
import { FEATURES, SCHEMA } from "./data.js";
import { readDocument } from "./document.js";
import { documentRows, urlGroups } from "./features.js";
import { messageColumns, readMessage } from "./message.js";
import { contributions, margin, score } from "./model.js";
import { providerOf } from "./tokens.js";
import { hostOf, resolve, unwrap } from "./url.js";

/** What the detector is: its features in order, its vantage point, threshold and versions. */
export const schema = SCHEMA;

/** Judge every remote reference of a document, or of an element that holds a message; in document order. */
export function classifyDocument(root, context = {}) {
  const document = readDocument(root, context.parseHtml);
  if (SCHEMA.vantage === "url") {
    const remote = document.references.filter((reference) => reference.resolvedUrl);
    return remote.map((reference) => verdict(reference, urlGroups(reference)));
  }
  const message = SCHEMA.vantage === "message" ? messageOf(context) : null;
  return documentRows(document).map(({ reference, picture, groups }) => {
    if (message) Object.assign(groups, { mail: message.columns, message: messageColumns(message, picture) });
    return verdict(reference, groups);
  });
}

/** Judge what one element loads, by its place among the others of `context.root` (its document without one). */
export function classify(element, context = {}) {
  return classifyDocument(context.root ?? element.ownerDocument, context).filter((found) => found.element === element);
}

/** Judge a URL by itself, requested by a carrier; only for a detector of the `url` vantage point. */
export function classifyUrl(url, carrier = "img-src") {
  if (SCHEMA.vantage !== "url") throw new TypeError(`This detector sees the ${SCHEMA.vantage}: use classifyDocument.`);
  const reference = { carrier, url, resolvedUrl: resolve(url), element: null, isConditional: false };
  return reference.resolvedUrl ? verdict(reference, urlGroups(reference)) : null;
}

/** The mailing service behind a resolved URL, "" if none is known. */
export function provider(resolvedUrl) {
  const url = unwrap(resolvedUrl);
  return providerOf(hostOf(url), url.slice(url.indexOf("/", 8))).name;
}

function messageOf(context) {
  if (!context.message) throw new TypeError("This detector sees the whole message: give context.message with its headers.");
  return readMessage(context.message);
}

function verdict({ carrier, url, resolvedUrl, element, isConditional }, groups) {
  const features = vector(groups);
  const sum = margin(features);
  const tracker = sum >= SCHEMA.threshold;
  return { tracker, score: score(sum), margin: sum, features, carrier, url, resolvedUrl, element, isConditional };
}

const placesOf = new Map(); // for each group, the positions of its columns among the features

/** The features in the schema's order; each group always has the same columns in the same order. */
function vector(groups) {
  const features = new Float32Array(FEATURES.length);
  for (const group in groups) {
    if (!placesOf.has(group)) placesOf.set(group, Object.keys(groups[group]).map((name) => FEATURES.indexOf(name)));
    const places = placesOf.get(group);
    const values = Object.values(groups[group]);
    // A column that the vantage point does not see has no position.
    for (let i = 0; i < values.length; i++) if (places[i] >= 0) features[places[i]] = values[i];
  }
  if (!isComplete) checkComplete();
  return features;
}

let isComplete = false;

function checkComplete() {
  const computed = new Set(Array.from(placesOf.values()).flat());
  const missing = FEATURES.filter((_, place) => !computed.has(place));
  if (missing.length) throw new Error(`tkit's JavaScript does not compute: ${missing.join(", ")}`);
  isComplete = true;
}

export { contributions, margin, score };
