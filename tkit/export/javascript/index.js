// The public functions.
import { FEATURES, SCHEMA } from "./data.js";
import { readDocument } from "./document.js";
import { documentRows, urlGroups } from "./features.js";
import { messageColumns, readMessage } from "./message.js";
import { contributions, isYes, margin, score } from "./model.js";
import { providerOf } from "./tokens.js";
import { hostOf, resolve, unwrap } from "./url.js";

/** What the detector is: its features in order, its vantage point, thresholds and versions. */
export const schema = SCHEMA;

/** Judge every remote reference of a mail's HTML parts, each a document or an element that holds it; in document order. */
export function classifyMessage(roots, context = {}) {
  const message = SCHEMA.vantage === "message" ? messageOf(context) : null;
  return judged(roots.flatMap((root) => rowsOf(readDocument(root, context.parseHtml), message)));
}

/** Judge every remote reference of a mail with one HTML part: its document, or an element that holds it. */
export function classifyDocument(root, context = {}) {
  return classifyMessage([root], context);
}

/** Judge what one element loads, by its place among the others of `context.root` (its document without one). */
export function classify(element, context = {}) {
  return classifyDocument(context.root ?? element.ownerDocument, context).filter((found) => found.element === element);
}

/** Judge a URL by itself, requested by a carrier; only for a detector of the `url` vantage point. */
export function classifyUrl(url, carrier = "img-src") {
  if (SCHEMA.vantage !== "url") throw new TypeError(`This detector sees the ${SCHEMA.vantage}: use classifyDocument.`);
  const reference = { carrier, url, resolvedUrl: resolve(url), element: null, isConditional: false };
  return reference.resolvedUrl ? judged([rowOf(reference, urlGroups(reference))])[0] : null;
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

function rowsOf(document, message) {
  if (SCHEMA.vantage === "url") {
    const remote = document.references.filter((reference) => reference.resolvedUrl);
    return remote.map((reference) => rowOf(reference, urlGroups(reference)));
  }
  return documentRows(document).map(({ reference, picture, groups }) => {
    if (message) Object.assign(groups, { mail: message.columns, message: messageColumns(message, picture) });
    return rowOf(reference, groups);
  });
}

/** What the models say of one reference. */
function rowOf({ carrier, url, resolvedUrl, element, isConditional }, groups) {
  const features = vector(groups);
  const margins = { margin: margin(features), individualMargin: margin(features, "individual") };
  const scores = { score: score(margins.margin), individualScore: score(margins.individualMargin, "individual") };
  return { ...margins, ...scores, features, carrier, url, resolvedUrl, element, isConditional };
}

/**
 * The references of a mail with their verdicts; one URL gets one verdict, since one request is one receipt.
 *
 * It is individual if one of its places says so, a tracker only if every place says so: where it is there to be looked at, a
 * person would miss it.
 */
function judged(rows) {
  const answers = new Map(); // URL -> what its places say together
  for (const row of rows) {
    const isTracker = isYes(row.margin, "tracker");
    const isIndividual = isTracker || isYes(row.individualMargin, "individual");
    const before = answers.get(row.resolvedUrl) ?? { isTracker: true, isIndividual: false };
    answers.set(row.resolvedUrl, {
      isTracker: before.isTracker && isTracker,
      isIndividual: before.isIndividual || isIndividual,
    });
  }
  return rows.map((row) => {
    const { isTracker, isIndividual } = answers.get(row.resolvedUrl);
    return { verdict: isTracker ? "tracker" : isIndividual ? "personalised" : "clean", ...row };
  });
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
