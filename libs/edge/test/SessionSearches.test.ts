import { assert, describe, it } from "@effect/vitest"
import { defaultEdgeLimits } from "../src/EdgeLimits.ts"
import { SessionSearches } from "../src/SessionSearches.ts"
import { peerOf } from "./support/Peers.ts"

const now = 1_700_000_000_000
const searches = (limits: Partial<typeof defaultEdgeLimits> = {}) =>
  new SessionSearches(now, { ...defaultEdgeLimits, ...limits })

describe("SessionSearches", () => {
  it("ends by time, the oldest first, and stays overdue until it is ended", () => {
    const all = searches({ resumeWaitMillis: 900 })
    all.begin(now, peerOf(1))
    all.begin(now + 1, peerOf(2))
    assert.strictEqual(all.deadline, now + 900)
    assert.isUndefined(all.overdue(now + 899))
    assert.deepStrictEqual(all.overdue(now + 900), peerOf(1))
    assert.deepStrictEqual(all.overdue(now + 901), peerOf(1))
    assert.isTrue(all.end(peerOf(1).key))
    assert.deepStrictEqual(all.overdue(now + 901), peerOf(2))
  })

  it("ends once each of the nodes has said that it knows nothing, and a node that says so twice is one", () => {
    const all = searches()
    const { key } = peerOf(1)
    all.begin(now, peerOf(1))
    assert.isFalse(all.unknownTo("a", key, 2))
    assert.isFalse(all.unknownTo("a", key, 2))
    assert.isTrue(all.unknownTo("b", key, 2))
    assert.isTrue(all.end(key))
    assert.isFalse(all.end(key))
    assert.isFalse(all.unknownTo("c", key, 1))
  })

  it("gives way at the source with the most, which is told which peer goes on without", () => {
    const all = searches({ resumesMax: 3 })
    all.begin(now, peerOf(1, "198.51.100.1"))
    all.begin(now, peerOf(1))
    all.begin(now, peerOf(2))
    assert.deepStrictEqual(all.begin(now, peerOf(3)), peerOf(1))
    assert.strictEqual(all.size, 3)
    assert.isTrue(all.has(peerOf(1, "198.51.100.1").key))
  })

  it("charges the source before all, so that a source without a rate takes nothing from others", () => {
    const all = searches({ resumesPerSourceSecondMax: 1, resumesPerSourceBurstMax: 5, resumesPerSecondMax: 8 })
    const taken = (host: string) =>
      Array.from({ length: 100 }, (_, i) => all.takeRate(now, peerOf(i + 1, host).key)).filter(Boolean)
    assert.lengthOf(taken("192.0.2.1"), 5)
    assert.lengthOf(taken("198.51.100.1"), 3)
  })
})
