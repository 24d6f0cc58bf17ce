import { assert, describe, it } from "@effect/vitest"
import { type WaitingRequest, WaitingRequests } from "../src/WaitingRequests.ts"

/** Nothing but the partition is looked at. */
const waiting = (exchange: number, partition = 1): WaitingRequest => ({
  actor: { partition } as WaitingRequest["actor"],
  session: {} as WaitingRequest["session"],
  exchange,
  request: {} as WaitingRequest["request"],
  payload: new Uint8Array(0),
  kind: "uplink",
  asked: undefined,
  replied: undefined
})

describe("WaitingRequests", () => {
  it("gives each request once, in any order, and a late answer nothing", () => {
    const requests = new WaitingRequests()
    const tokens = [0, 1, 2].map((exchange) => requests.add(waiting(exchange)))
    assert.strictEqual(new Set(tokens).size, 3)
    assert.strictEqual(requests.take(tokens[1]!)?.exchange, 1)
    assert.isUndefined(requests.take(tokens[1]!))
    const again = requests.add(waiting(3))
    assert.notInclude(tokens, again)
    assert.isUndefined(requests.take(tokens[1]!), "its slot is another request's by now")
    assert.strictEqual(requests.take(again)?.exchange, 3)
    assert.strictEqual(requests.take(tokens[2]!)?.exchange, 2)
    assert.strictEqual(requests.take(tokens[0]!)?.exchange, 0)
    assert.strictEqual(requests.size, 0)
  })

  it("knows nothing of tokens that it did not give", () => {
    const requests = new WaitingRequests()
    const token = requests.add(waiting(0))
    for (const wrong of [0, -1, 1, token + 1, token + 2 ** 24, Number.NaN]) assert.isUndefined(requests.take(wrong))
    assert.strictEqual(requests.size, 1)
  })

  it("counts those of a partition", () => {
    const requests = new WaitingRequests()
    const first = requests.add(waiting(0, 7))
    requests.add(waiting(1, 8))
    requests.add(waiting(2, 7))
    requests.take(first)
    assert.strictEqual(requests.countOf(7), 1)
    assert.strictEqual(requests.countOf(8), 1)
    assert.strictEqual(requests.countOf(9), 0)
  })
})
