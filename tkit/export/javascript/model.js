// The detector: whole numbers that add up to a margin, so that every language gets the same result.
import { FEATURES, MODELS, SCHEMA } from "./data.js";

const UNIT = 65536; // units of a margin in 1
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const HALF = 32;

/** A sum of trees. */
class Trees {
  /**
   * Read every tree's nodes one behind the other, a node's left child right behind it; the feature of a leaf is -1.
   *
   * A tree is written from its root, left before right, in digits to the base of 64. A node whose first digit is below 32
   * has a split, by its number; `splits` has the thresholds of each feature. If `meanDigits` is 1, the next digit is the mean of
   * its rows on the way from its left child (0) to its right child (63). Any other node is a leaf; its value is the number of its
   * digits above the least such number, plus `least`.
   */
  constructor({ intercept, least, splitDigits, leafDigits, meanDigits, splits, trees }) {
    const numbered = splits.flatMap((thresholds, feature) => thresholds.map((threshold) => [feature, threshold]));
    const feature = [];
    const threshold = [];
    const right = [];
    const value = [];
    const read = (text) => {
      let at = 0;
      const number = (digits) => {
        let found = 0;
        for (const end = at + digits; at < end; at++) found = found * 64 + DIGITS.indexOf(text[at]);
        return found;
      };
      const readNode = () => {
        const node = feature.length;
        const isLeaf = DIGITS.indexOf(text[at]) >= HALF;
        const [asked, limit] = isLeaf ? [-1, 0] : numbered[number(splitDigits)];
        feature.push(asked);
        threshold.push(limit);
        right.push(0);
        value.push(0);
        if (isLeaf) {
          value[node] = number(leafDigits) - HALF * 64 ** (leafDigits - 1) + least;
          return node;
        }
        const place = number(meanDigits) / 63;
        const left = readNode();
        right[node] = readNode();
        value[node] = value[left] + (value[right[node]] - value[left]) * place;
        return node;
      };
      return readNode();
    };
    this.intercept = intercept;
    this.hasMeans = meanDigits > 0;
    this.roots = trees.map(read);
    this.feature = Int16Array.from(feature);
    this.threshold = Float32Array.from(threshold);
    this.right = Int32Array.from(right);
    this.value = Float64Array.from(value);
  }

  margin(features) {
    const { roots, feature, threshold, right, value } = this;
    let total = this.intercept;
    for (let node of roots) {
      while (feature[node] >= 0) node = features[feature[node]] <= threshold[node] ? node + 1 : right[node];
      total += value[node];
    }
    return total;
  }

  /** A step adds the difference of the means before and behind it to the feature of its split (Saabas, 2014). */
  contributions(features) {
    if (!this.hasMeans) throw new Error("This module was exported without the means of its nodes.");
    const units = new Float64Array(FEATURES.length);
    const { roots, feature, threshold, right, value } = this;
    for (let node of roots) {
      while (feature[node] >= 0) {
        const next = features[feature[node]] <= threshold[node] ? node + 1 : right[node];
        units[feature[node]] += value[next] - value[node];
        node = next;
      }
    }
    return units;
  }
}

/** A sum of one term a feature, each rounded to whole units. */
class Linear {
  constructor({ intercept, mean, scale, weight }) {
    Object.assign(this, { intercept, mean, scale, weight });
  }

  term(value, number) {
    const transformed = Math.sign(value) * Math.log1p(Math.abs(value));
    return Math.floor(((this.weight[number] * (transformed - this.mean[number])) / this.scale[number]) * UNIT + 0.5);
  }

  margin(features) {
    return FEATURES.reduce((total, _, number) => total + this.term(features[number], number), this.intercept);
  }

  contributions(features) {
    return FEATURES.map((_, number) => this.term(features[number], number));
  }
}

const modelOf = (written) => (written.kind === "linear" ? new Linear(written) : new Trees(written));

/** The model of each question. */
const READ = { tracker: modelOf(MODELS.tracker), individual: modelOf(MODELS.individual) };

/** The margin of the features, float32 in the order of `schema.features`, in units of 1/65536. */
export function margin(features, question = "tracker") {
  return READ[question].margin(features);
}

/** The probability of a margin. */
export function score(marginInUnits, question = "tracker") {
  const value = marginInUnits / UNIT;
  return MODELS[question].link === "identity" ? Math.min(Math.max(value, 0), 1) : 1 / (1 + Math.exp(-value));
}

/** Whether a margin reaches the threshold of a question. */
export function isYes(marginInUnits, question) {
  return marginInUnits >= SCHEMA.thresholds[question];
}

/**
 * How much each feature moved the margin, as [name, units] from the greatest to the least: for reasons.
 *
 * Only in a module that was exported with the means of its nodes.
 */
export function contributions(features, question = "tracker") {
  const units = READ[question].contributions(features);
  return FEATURES.map((name, number) => [name, units[number]]).sort((a, b) => b[1] - a[1]);
}
