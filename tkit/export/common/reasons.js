// The reasons for a verdict, in the words of `tkit scan`.

const toOneDigit = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1, roundingMode: "halfEven" });
const toWhole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0, roundingMode: "halfEven", useGrouping: false });

/** A number as people write it: `{n}` 1,234 or 4.2; `{n:digit}` 2 digits; `{n:%}` a share. */
function worded(value, unit) {
  if (unit === "%") return value > 0 && value < 0.005 ? "under 1%" : `${toWhole.format(100 * value)}%`;
  const number = toOneDigit.format(value);
  if (!unit) return number;
  const [one, several] = unit.split("/");
  return `${number} ${number === "1" ? one : (several ?? `${one}s`)}`;
}

function reasonOf(name, value) {
  const { usual, zero, absent, one } = REASONS.words[name];
  const special = value < 0 ? absent : value === 0 ? zero : value === 1 ? one : undefined;
  return (special ?? usual).replace(/\{n(?::([^}]*))?\}/g, (_, unit) => worded(Math.abs(value), unit));
}

function sizeReason(width, height) {
  if (width >= 0 && height >= 0) return `declared ${worded(width)} x ${worded(height)} px`;
  if (width < 0 && height < 0) return reasonOf("sides_given", 0);
  return width >= 0 ? reasonOf("width", width) : reasonOf("height", height);
}

/**
 * Up to REASONS.most phrases, the heaviest first; the features of the declared size count as one.
 *
 * What made a reference a tracker explains that verdict. The other two are explained by what made it individual or not.
 */
function reasonsOf({ features, verdict }) {
  const valueOf = (name) => features[tkit.schema.features.indexOf(name)];
  const weights = new Map();
  for (const [name, units] of tkit.contributions(features, verdict === "tracker" ? "tracker" : "individual")) {
    const key = REASONS.size.includes(name) ? "" : name;
    weights.set(key, (weights.get(key) ?? 0) + (verdict === "clean" ? -units : units));
  }
  const phrases = new Set();
  for (const [name, weight] of Array.from(weights).sort((a, b) => b[1] - a[1])) {
    if (weight <= 0 || phrases.size === REASONS.most) break;
    phrases.add(name ? reasonOf(name, valueOf(name)) : sizeReason(valueOf("width"), valueOf("height")));
  }
  return Array.from(phrases);
}
