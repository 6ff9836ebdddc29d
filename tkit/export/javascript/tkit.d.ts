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

export interface Verdict {
  /** Whether the reference is called an open tracker: `margin >= schema.threshold`. */
  tracker: boolean;
  /** The probability that it is one. */
  score: number;
  /** The sum of the model, in units of 1/65536. */
  margin: number;
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
  /** Least margin that is called a tracker. */
  readonly threshold: number;
  /** The names of the features, in the order of the model's columns. */
  readonly features: readonly string[];
}

export const schema: Schema;

/** Judge every remote reference of a document, or of an element that holds a message; in document order. */
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

/** The margin of the features, in units of 1/65536. */
export function margin(features: ArrayLike<number>): number;

/** The probability of a margin. */
export function score(margin: number): number;

/** How much each feature moved the margin, greatest first; throws if the module was exported without reasons. */
export function contributions(features: ArrayLike<number>): [name: string, units: number][];
