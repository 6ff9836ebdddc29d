// node onnx.mjs MODEL ROWS: onnxruntime-web's margins (float32), then its verdicts (bytes), of rows of float32 features.
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web";

const session = await ort.InferenceSession.create(readFileSync(process.argv[2]), { executionProviders: ["wasm"] });
const width = session.inputMetadata[0].shape[1];
const bytes = readFileSync(process.argv[3]);
const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const features = new ort.Tensor("float32", numbers, [numbers.length / width, width]);
const { margin, tracker } = await session.run({ features }, ["margin", "tracker"]);
const answer = [Buffer.from(margin.data.buffer, margin.data.byteOffset, margin.data.byteLength), Buffer.from(tracker.data)];
process.stdout.write(Buffer.concat(answer), () => process.exit(0)); // the runtime's threads would keep Node waiting
