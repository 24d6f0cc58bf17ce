import { assert, describe, it } from "@effect/vitest"
import type { RequestContext } from "../src/requests/RequestContext.ts"
import { WaitingRequests } from "../src/requests/WaitingRequests.ts"

/** Nothing but the partition is looked at. */
const context = (exchange: number, partition = 1): RequestContext => ({
  device: { partition } as RequestContext["device"],
  session: {} as RequestContext["session"],
  exchange,
  request: {} as RequestContext["request"],
  original: undefined,
  mayRepeat: false
})
const uplink = { kind: "uplink" } as const

describe("WaitingRequests", () => {
  it("gives each request once, in any order, and a late answer nothing", () => {
    const requests = new WaitingRequests()
    const tokens = [0, 1, 2].map((exchange) => requests.add(context(exchange), uplink))
    assert.strictEqual(new Set(tokens).size, 3)
    assert.strictEqual(requests.take(tokens[1]!)?.exchange, 1)
    assert.isUndefined(requests.take(tokens[1]!))
    const again = requests.add(context(3), uplink)
    assert.notInclude(tokens, again)
    assert.isUndefined(requests.take(tokens[1]!), "its slot is another request's by now")
    assert.strictEqual(requests.take(again)?.exchange, 3)
    assert.strictEqual(requests.take(tokens[2]!)?.exchange, 2)
    assert.strictEqual(requests.take(tokens[0]!)?.exchange, 0)
    assert.strictEqual(requests.size, 0)
  })

  it("knows nothing of tokens that it did not give", () => {
    const requests = new WaitingRequests()
    const token = requests.add(context(0), uplink)
    for (const wrong of [0, -1, 1, token + 1, token + 2 ** 24, Number.NaN]) assert.isUndefined(requests.take(wrong))
    assert.strictEqual(requests.size, 1)
  })

  it("counts those of a partition", () => {
    const requests = new WaitingRequests()
    const first = requests.add(context(0, 7), uplink)
    requests.add(context(1, 8), uplink)
    requests.add(context(2, 7), uplink)
    requests.take(first)
    assert.strictEqual(requests.countOf(7), 1)
    assert.strictEqual(requests.countOf(8), 1)
    assert.strictEqual(requests.countOf(9), 0)
  })
})
