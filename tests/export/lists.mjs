// node lists.mjs LIST < requests.json: what two engines make of a filter list. A request is [type, URL]; the answer has a
// list of booleans an engine, and how many rules each took.
import { readFileSync } from "node:fs";
import { FiltersEngine, Request } from "@ghostery/adblocker";
import { StaticNetFilteringEngine } from "@gorhill/ubo-core";

const SOURCE = "https://message.invalid/";
const raw = readFileSync(process.argv[2], "utf-8");
const requests = JSON.parse(readFileSync(0, "utf-8"));

// uBlock Origin tells its progress on standard output, where the answer goes.
console.info = console.log = () => {};
const ublock = await StaticNetFilteringEngine.create();
await ublock.useLists([{ name: "tkit", raw }]);
const ghostery = FiltersEngine.parse(raw);

const answer = {
  ublock: requests.map(([type, url]) => ublock.matchRequest({ originURL: SOURCE, url, type }) === 1),
  ghostery: requests.map(([type, url]) => ghostery.match(Request.fromRawDetails({ sourceUrl: SOURCE, url, type })).match),
  rules: { ublock: ublock.getFilterCount?.() ?? null, ghostery: ghostery.getFilters().networkFilters.length },
};
process.stdout.write(JSON.stringify(answer));
