/** A detector of email read trackers, exported by tkit. It never loads anything that a mail refers to. */

/** What a blocking point can see; each includes the ones before. */
export type Vantage = "url" | "element" | "message";

/** The headers and parts of the mail; needed by a detector of the `message` vantage point. */
export interface Message {
  /** The header block as it stands (best, decoded as UTF-8 or Latin-1), or name -> value or values. */
  headers: string | Record<string, string | readonly string[]>;
  /** The content types of the mail's parts, lower case: `["text/plain", "text/html"]`. */
  contentTypes?: readonly string[];
  /** How many parts of the mail are HTML; 1 without it. */
  htmlParts?: number;
}

export interface Context {
  message?: Message;
  /** For `classify`: the document or the element that holds the message; the element's document without it. */
  root?: Document | Element;
  /** How the HTML inside conditional comments is read; `DOMParser`, without scripts, by default. */
  parseHtml?: (html: string) => Document;
}

/**
 * What a detector answers: is it an open tracker that nobody is meant to see; is it individual, so that loading it reveals who
 * opened the mail, whether it is seen or not.
 */
export type Question = "tracker" | "individual";

/** One reference of a mail and its verdict. */
export interface Verdict {
  /**
   * `tracker`: individual, and not there to be seen. `personalised`: individual, but there to be looked at. `clean`: neither.
   *
   * References of one mail with the same `resolvedUrl` have the same verdict: `tracker` if the margin of every one of them
   * reaches `schema.thresholds.tracker`; else `personalised` if any margin of any of them reaches its threshold.
   */
  verdict: "tracker" | "personalised" | "clean";
  /** The answer of the model to "is it a tracker", in units of 1/65536; of this reference by itself, as all numbers. */
  margin: number;
  /** The probability that it is a tracker. */
  score: number;
  /** The answer of the model to "is it individual", in units of 1/65536. */
  individualMargin: number;
  /** The probability that it is individual. */
  individualScore: number;
  /** The features, in the order of `schema.features`. */
  features: Float32Array;
  /** How the reference is written: `img-src`, `background-attr`, `style-attr`, ... */
  carrier: string;
  /** The URL as written. */
  url: string;
  /** The URL that a browser would ask for. */
  resolvedUrl: string;
  /** The element; one of a tree of its own where `isConditional`. Null for a URL by itself. */
  element: Element | null;
  /** Inside an MSO conditional comment, which browsers never load. */
  isConditional: boolean;
}

export interface Schema {
  readonly name: string;
  readonly vantage: Vantage;
  readonly featureVersion: number;
  readonly tkitVersion: string;
  readonly date: string;
  readonly trainingSha256: string;
  /** The lowest margin with the answer yes, of each question. */
  readonly thresholds: Readonly<Record<Question, number>>;
  /** The names of the features, in the order of the models' columns. */
  readonly features: readonly string[];
}

export const schema: Schema;

/** Judge every remote reference of a mail's HTML parts, each a document or an element that holds it; in document order. */
export function classifyMessage(roots: readonly (Document | Element)[], context?: Context): Verdict[];

/** Judge every remote reference of a mail with one HTML part: its document, or an element that holds it. */
export function classifyDocument(root: Document | Element, context?: Context): Verdict[];

/** Judge what one element loads (a `srcset` loads several), by its place among the others of `context.root`. */
export function classify(element: Element, context?: Context): Verdict[];

/**
 * Judge a URL by itself; null if it needs no server. Throws unless `schema.vantage` is `url`.
 *
 * `carrier` is how it is requested, by default as a picture (`img-src`); `link-stylesheet` and `font-face` differ from it.
 */
export function classifyUrl(url: string, carrier?: string): Verdict | null;

/** The mailing service behind a resolved URL, "" if none is known. */
export function provider(resolvedUrl: string): string;

/** The margin of the features, in units of 1/65536; of the question `tracker` without another. */
export function margin(features: ArrayLike<number>, question?: Question): number;

/** The probability of a margin; of the question `tracker` without another. */
export function score(margin: number, question?: Question): number;

/**
 * How much each feature moved the margin of a question (`tracker` without another), greatest first.
 *
 * Throws if the module was exported without reasons. The question `tracker` explains the verdict `tracker`, the question
 * `individual` the other two.
 */
export function contributions(features: ArrayLike<number>, question?: Question): [name: string, units: number][];
