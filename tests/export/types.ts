// Type-checked, never run: the module's types are usable as the README says.
import { classify, classifyDocument, classifyUrl, contributions, margin, provider, schema, score } from "./tkit.js";
import type { Context, Verdict } from "./tkit.js";

const context: Context = { message: { headers: { From: "a@a.example", Received: ["x", "y"] }, contentTypes: ["text/html"] } };
const all: Verdict[] = classifyDocument(document, context);
const own: Verdict[] = classify(document.body, { ...context, root: document.body });
const alone: Verdict | null = classifyUrl("https://a.example/o.gif");
for (const { tracker, element, features, resolvedUrl } of [...all, ...own, ...(alone ? [alone] : [])]) {
  const certain: number = score(margin(features));
  if (tracker && certain > 0.5) element?.remove();
  const [[name, units]] = contributions(features);
  console.log(provider(resolvedUrl).length, name.length, units.toFixed(), schema.features.length);
}
