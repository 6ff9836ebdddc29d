// node answers.mjs FOLDER < questions.json: asks tkit's modules in FOLDER, for tests that hold them against Python.
import { readFileSync } from "node:fs";
import { join, resolve as absolute } from "node:path";
import { pathToFileURL } from "node:url";
import { parseHtml } from "./dom.js";

const load = (name) => import(pathToFileURL(join(absolute(process.argv[2]), `${name}.js`)));
const [css, document, hash, index, model, style, text, tokens, url] = await Promise.all(
  ["css", "document", "hash", "index", "model", "style", "text", "tokens", "url"].map(load),
);

const bytes = (value) => new TextEncoder().encode(value);
const row = ({ element, ...found }) => ({ ...found, features: Array.from(found.features) });
const functions = {
  message: ({ parts, message }) => index.classifyMessage(parts.map(parseHtml), { message, parseHtml }).map(row),
  contributions: ([features, question]) => model.contributions(features, question),
  css: (value) => css.cssUrls(value),
  resolve: ([value, base]) => url.resolve(url.clean(value), base),
  unwrap: (value) => url.unwrap(value),
  domain: (value) => url.registrableDomain(value),
  decoded: (value) => url.decodedForms(value),
  analyse: (value) => tokens.analyse(value).columns,
  style: (value) => style.parseStyle(value),
  dimension: (value) => style.dimension(value),
  srcset: (value) => document.srcsetUrls(value),
  digests: (value) => [hash.md5(bytes(value)), hash.sha1(bytes(value)), hash.sha256(bytes(value))],
  codePoints: (value) => text.countCodePoints(value),
  provider: ([host, tail]) => tokens.providerOf(host, tail),
};

const questions = JSON.parse(readFileSync(0, "utf-8"));
const answers = Object.entries(questions).map(([name, values]) => [name, values.map(functions[name])]);
process.stdout.write(JSON.stringify(Object.fromEntries(answers)));
