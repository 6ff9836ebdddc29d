// node onnx.mjs MODEL ROWS: onnxruntime-web's margins of both questions (float32), then its verdicts (int64), of rows of float32
// features.
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web";

const session = await ort.InferenceSession.create(readFileSync(process.argv[2]), { executionProviders: ["wasm"] });
const width = session.inputMetadata[0].shape[1];
const bytes = readFileSync(process.argv[3]);
const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const features = new ort.Tensor("float32", numbers, [numbers.length / width, width]);
const names = ["tracker_margin", "individual_margin", "verdict"];
const found = await session.run({ features }, names);
const bytesOf = ({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
process.stdout.write(Buffer.concat(names.map((name) => bytesOf(found[name]))), () => process.exit(0)); // the runtime's threads would keep Node waiting
