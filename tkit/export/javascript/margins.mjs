// node margins.mjs MODULE ROWS: for each row of float32 features, its margins of both questions, as float64.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { margin, schema } = await import(pathToFileURL(process.argv[2]));
const bytes = readFileSync(process.argv[3]);
const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const width = schema.features.length;
const margins = Float64Array.from({ length: 2 * (numbers.length / width) }, (_, place) => {
  const row = numbers.subarray((place >> 1) * width, ((place >> 1) + 1) * width);
  return margin(row, place % 2 ? "individual" : "tracker");
});
process.stdout.write(Buffer.from(margins.buffer));
