import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Bench } from "tinybench"
import { classifyTopic, decodeRequest, encodeReply, parseIdentity, RequestEnvelope } from "../src/index.ts"

/** The cost of one uplink of 150 bytes in this library; the Schema decodes the same and shows why it is not used there. */
const payload = new TextEncoder().encode(
  `{"id":"4711","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{"volume":1234.567,"temperature":21.5,"battery":3.61},"time":1795476031270}}`
)
const segments = "topic/sys/MuGsF6W4/866123045678901/thing/measurepoint/post".split("/")
const identity = new TextEncoder().encode("MuGsF6W4,866123045678901,2,3600")
const decodeSchema = Schema.decodeUnknownResult(Schema.fromJsonString(RequestEnvelope))
const utf8 = new TextDecoder()

if (Result.isFailure(decodeRequest(payload)) || Result.isFailure(decodeSchema(utf8.decode(payload)))) {
  throw new Error("the sample is refused")
}
if (classifyTopic(segments)._tag !== "Uplink") throw new Error("the sample's topic is refused")

const bench = new Bench({ time: 1000 })
  .add(`decodeRequest, ${payload.length} bytes`, () => decodeRequest(payload))
  .add("the same by Schema", () => decodeSchema(utf8.decode(payload)))
  .add("classifyTopic", () => classifyTopic(segments))
  .add("encodeReply", () => encodeReply("4711", 200))
  .add("parseIdentity", () => parseIdentity(identity))
await bench.run()
for (const { name, result } of bench.tasks) {
  if (result.state !== "completed") throw new Error(`${name}: ${result.state}`)
  console.log(`${(result.latency.p50 * 1_000_000).toFixed(0)} ns  ${name}`)
}
