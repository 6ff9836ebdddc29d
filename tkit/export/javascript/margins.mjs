// node margins.mjs MODULE ROWS: the margins, as float64, of rows of float32 features.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { margin, schema } = await import(pathToFileURL(process.argv[2]));
const bytes = readFileSync(process.argv[3]);
const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const width = schema.features.length;
const margins = Float64Array.from({ length: numbers.length / width }, (_, row) =>
  margin(numbers.subarray(row * width, (row + 1) * width)),
);
process.stdout.write(Buffer.from(margins.buffer));
