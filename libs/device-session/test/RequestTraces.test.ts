import { Code, OptionNumber, stringOption } from "@roost/coap"
import { formatTraceparent, frameStamp, frameTracesHeader, readFrameTraces } from "@roost/contracts"
import { Tracing } from "@roost/observability"
import { assert, describe, it } from "@effect/vitest"
import type { SimulatedDevice } from "./support/SimulatedDevice.ts"
import { issue } from "./support/Commands.ts"
import { World } from "./support/World.ts"
import { Store } from "./support/Store.ts"

const set = "thing/service/measurepoint/set"
const ask = (device: SimulatedDevice, code: number, path: string, payload = "") =>
  device.request({
    code,
    confirmable: true,
    options: `topic/sys/pk1/dev1/${path}`.split("/").map((segment) => stringOption(OptionNumber.UriPath, segment)),
    payload: new TextEncoder().encode(payload)
  })
const post = (device: SimulatedDevice, id: string) =>
  ask(
    device,
    Code.Post,
    "thing/measurepoint/post",
    `{"id":"${id}","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{}}}`
  )

const traced = (devices: ReadonlyArray<string>) => {
  const tracing = new Tracing(() => 0.5)
  tracing.configure({ share: 0, devices: new Set(devices) })
  const world = new World({}, new Store(), undefined, tracing)
  world.stamp = frameStamp(world.now)
  const device = world.device("dev1", 1000).connect()
  world.frameHeaders.length = 0
  /** The traces that the edge was told since the last call. */
  const told = () => {
    const headers = world.frameHeaders.splice(0).filter((text) => text !== "")
    return headers.flatMap((text) => readFrameTraces(text.slice(frameTracesHeader.length + 2).trim()))
  }
  return { device, told, tracing, world }
}

describe("a traced uplink", () => {
  it("has spans of the request and of the store, a context in its message, and the edge's span named in its answer", () => {
    const { device, told, tracing, world } = traced(["pk1/dev1"])
    world.storing = "later"
    post(device, "1")
    world.now += 12
    world.host.handleStored(world.now, world.storeToken, true)
    world.settle()
    const [store, request, ...others] = tracing.take(10)
    const [edge] = told()
    assert.deepStrictEqual(others, [])
    assert.deepInclude(store, { name: "store", kind: "producer", parentId: request!.context.spanId, error: undefined })
    assert.deepStrictEqual(world.uplinks[0]!.trace, store!.context, "the message's consumers go on from there")
    assert.deepInclude(request, { name: "uplink", parentId: edge!.span.spanId, endedAt: world.now })
    assert.strictEqual(request!.startedAt, world.now - 12)
    assert.deepInclude(request!.attributes, { productKey: "pk1", deviceKey: "dev1" })
    assert.deepInclude(edge, { name: "uplink", parentId: "", stamp: world.stamp })
    assert.strictEqual(edge!.span.traceId, request!.context.traceId)
  })

  it("says that the store did not take it", () => {
    const { device, tracing, world } = traced(["pk1/dev1"])
    world.storing = "no"
    post(device, "1")
    assert.strictEqual(tracing.take(1)[0]!.error, "the store did not take it")
  })

  it("is of the device that was named alone; nothing of others is recorded, sent or told", () => {
    const { device, told, tracing, world } = traced(["pk1/another"])
    post(device, "1")
    assert.strictEqual(tracing.waiting, 0)
    assert.deepStrictEqual(told(), [])
    assert.isUndefined(world.uplinks[0]!.trace)
  })
})

describe("a traced command", () => {
  it("has spans of its wait, its fetch and its reply in the trace of who issued it, whatever is sampled here", () => {
    const { device, told, tracing, world } = traced(["pk1/another"])
    const parent = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" }
    issue(world, "c1", { createdAt: world.now - 5_000, trace: formatTraceparent(parent) })
    ask(device, Code.Get, set)
    ask(device, Code.Post, `${set}_reply`, '{"id":"c1","code":200,"data":{}}')
    const spans = tracing.take(10)
    assert.deepStrictEqual(
      spans.map(({ name }) => name),
      ["wait for the device", "fetch", "store", "reply"]
    )
    for (const { context } of spans) assert.strictEqual(context.traceId, parent.traceId)
    assert.deepInclude(spans[0], { parentId: parent.spanId, startedAt: world.now - 5_000 })
    assert.deepStrictEqual(
      told().map(({ name, parentId }) => [name, parentId]),
      [
        ["fetch", parent.spanId],
        ["reply", parent.spanId]
      ]
    )
  })
})
