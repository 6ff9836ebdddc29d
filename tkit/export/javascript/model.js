// The detector: whole numbers that add up to a margin, so that every language gets the same result.
import { FEATURES, MODEL } from "./data.js";

const UNIT = 65536; // units of a margin in 1
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const HALF = 32;

/** [position of the feature, threshold] of every split; MODEL.splits has the thresholds of each feature. */
const SPLITS = (MODEL.splits ?? []).flatMap((thresholds, feature) => thresholds.map((threshold) => [feature, threshold]));

/**
 * Every tree's nodes one behind the other, a node's left child right behind it; the feature of a leaf is -1.
 *
 * A tree is written from its root, left before right, in digits to the base of 64. A node whose first digit is below 32
 * has a split, by its number. If MODEL.meanDigits is 1, the next digit is the mean of its rows on the way from its left child
 * (0) to its right child (63). Any other node is a leaf; its value is the number of its digits above the least such number,
 * plus MODEL.least.
 */
function readTrees(trees) {
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
      const [asked, limit] = isLeaf ? [-1, 0] : SPLITS[number(MODEL.splitDigits)];
      feature.push(asked);
      threshold.push(limit);
      right.push(0);
      value.push(0);
      if (isLeaf) {
        value[node] = number(MODEL.leafDigits) - HALF * 64 ** (MODEL.leafDigits - 1) + MODEL.least;
        return node;
      }
      const place = number(MODEL.meanDigits) / 63;
      const left = readNode();
      right[node] = readNode();
      value[node] = value[left] + (value[right[node]] - value[left]) * place;
      return node;
    };
    return readNode();
  };
  const roots = trees.map(read);
  return {
    roots,
    feature: Int16Array.from(feature),
    threshold: Float32Array.from(threshold),
    right: Int32Array.from(right),
    value: Float64Array.from(value),
  };
}

const TREES = readTrees(MODEL.trees ?? []);

/** The margin of the features, float32 in the order of `schema.features`, in units of 1/65536. */
export function margin(features) {
  return MODEL.kind === "linear" ? linearMargin(features) : treeMargin(features);
}

function treeMargin(features) {
  const { roots, feature, threshold, right, value } = TREES;
  let total = MODEL.intercept;
  for (let node of roots) {
    while (feature[node] >= 0) node = features[feature[node]] <= threshold[node] ? node + 1 : right[node];
    total += value[node];
  }
  return total;
}

function linearTerm(value, number) {
  const transformed = Math.sign(value) * Math.log1p(Math.abs(value));
  return Math.floor(((MODEL.weight[number] * (transformed - MODEL.mean[number])) / MODEL.scale[number]) * UNIT + 0.5);
}

function linearMargin(features) {
  return FEATURES.reduce((total, _, number) => total + linearTerm(features[number], number), MODEL.intercept);
}

/** The probability of a margin. */
export function score(marginInUnits) {
  const value = marginInUnits / UNIT;
  return MODEL.link === "identity" ? Math.min(Math.max(value, 0), 1) : 1 / (1 + Math.exp(-value));
}

/**
 * How much each feature moved the margin, as [name, units] from the greatest to the least: for reasons.
 *
 * Only in a module that was exported with the means of its nodes. A step in a tree adds the difference of the means
 * before and behind it to the feature of its split (Saabas, "Interpreting random forests", 2014).
 */
export function contributions(features) {
  const units = new Float64Array(FEATURES.length);
  if (MODEL.kind === "linear") FEATURES.forEach((_, number) => (units[number] = linearTerm(features[number], number)));
  else if (!MODEL.meanDigits) throw new Error("This module was exported without the means of its nodes.");
  const { roots, feature, threshold, right, value } = TREES;
  for (let node of roots) {
    while (feature[node] >= 0) {
      const next = features[feature[node]] <= threshold[node] ? node + 1 : right[node];
      units[feature[node]] += value[next] - value[node];
      node = next;
    }
  }
  return FEATURES.map((name, number) => [name, units[number]]).sort((a, b) => b[1] - a[1]);
}
