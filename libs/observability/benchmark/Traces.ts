import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { spansPerRequestMax } from "../src/otlp/TraceExport.ts"
import { otlpTraces } from "../src/otlp/Traces.ts"
import { Tracing } from "../src/index.ts"

// CPU of deciding whether a request is traced, with sampling off and at 1 %, and of a span until a receiver has it. An uplink that
// is traced has six spans. The receiver's own CPU is left out of each request's by measuring the main thread alone.

const requests = 4_000_000
const requestsOfSpans = 200
const device = { productKey: "meters", deviceKey: "meter-1" }

const microsOf = (usage: NodeJS.CpuUsage) => usage.user + usage.system

for (const share of [0, 0.01, 0, 0.01]) {
  const tracing = new Tracing()
  tracing.configure({ share, devices: new Set() })
  const begun = process.threadCpuUsage()
  for (let i = 0; i < requests; i++) tracing.begin(device)
  const nanos = (1e3 * microsOf(process.threadCpuUsage(begun))) / requests
  console.log(`${nanos.toFixed(0)} ns  a request, sampling ${share * 100} %`)
}

const receiver = new Worker(
  `const server = require("node:http").createServer((request, response) => request.resume().on("end", () => response.end("{}")))
  server.listen(0, "127.0.0.1", () => require("node:worker_threads").parentPort.postMessage(server.address().port))`,
  { eval: true }
)
const [port] = (await once(receiver, "message")) as [number]
const tracing = new Tracing()
for (let round = 0; round < 3; round++) {
  const begun = process.threadCpuUsage()
  for (let i = 0; i < requestsOfSpans; i++) {
    const parent = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" }
    for (let j = 0; j < spansPerRequestMax; j++) {
      tracing.record({
        context: tracing.child(parent),
        parentId: parent.spanId,
        name: "store",
        kind: "producer",
        startedAt: Date.now(),
        endedAt: Date.now(),
        attributes: { stream: "UPLINK", sequence: j, ...device }
      })
    }
    const body = otlpTraces({ service: "udp-edge", node: "a", version: "1.2.3" }, tracing.take(spansPerRequestMax))
    const response = await fetch(`http://127.0.0.1:${port}/v1/traces`, { method: "POST", body })
    await response.body?.cancel()
  }
  const micros = microsOf(process.threadCpuUsage(begun)) / (requestsOfSpans * spansPerRequestMax)
  console.log(`${micros.toFixed(1)} µs  a span, made, written and sent`)
}
await receiver.terminate()
