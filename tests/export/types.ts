// Type-checked, never run: the module's types are usable as the README says.
import {
  classify,
  classifyDocument,
  classifyMessage,
  classifyUrl,
  contributions,
  margin,
  provider,
  schema,
  score,
} from "./tkit.js";
import type { Context, Question, Verdict } from "./tkit.js";

const context: Context = { message: { headers: { From: "a@a.example", Received: ["x", "y"] }, contentTypes: ["text/html"] } };
const all: Verdict[] = classifyDocument(document, context);
const own: Verdict[] = classify(document.body, { ...context, root: document.body });
const alone: Verdict | null = classifyUrl("https://a.example/o.gif");
const mail: Verdict[] = classifyMessage([document, document.body], context);
const question: Question = "individual";
for (const { verdict, element, features, resolvedUrl, individualMargin } of [...all, ...own, ...mail, ...(alone ? [alone] : [])]) {
  const certain: number = score(margin(features));
  if (verdict === "tracker" && certain > 0.5) element?.remove();
  if (verdict === "personalised") console.log(score(individualMargin, question), individualMargin >= schema.thresholds[question]);
  const [[name, units]] = contributions(features, verdict === "tracker" ? "tracker" : question);
  console.log(provider(resolvedUrl).length, name.length, units.toFixed(), schema.features.length, verdict === "clean");
}
