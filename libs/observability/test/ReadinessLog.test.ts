import { assert, describe, it } from "@effect/vitest"
import { againMillis, ReadinessNarrator, settleMillis, startMillis } from "../src/ReadinessLog.ts"

const nothing = {}
const well = { ready: true, checks: { nats: "ok" }, degraded: nothing }
const lacking = (checks: Readonly<Record<string, string>>) => ({ ready: false, checks, degraded: nothing })

describe("the readiness of a process is told", () => {
  it("once at a start that takes its time, again each minute, and when it is there", () => {
    const narrator = new ReadinessNarrator(0)
    const away = lacking({ nats: "nothing listens", streams: "unknown", api: "ok" })
    assert.isUndefined(narrator.look(startMillis - 1, away))
    assert.deepStrictEqual(narrator.look(startMillis, away), {
      level: "Warn",
      text: "not ready: nats: nothing listens"
    })
    assert.isUndefined(narrator.look(startMillis + againMillis - 1, away))
    assert.strictEqual(narrator.look(startMillis + againMillis, away)?.text, "not ready still: nats: nothing listens")
    assert.strictEqual(narrator.look(70_000, well)?.text, "ready after 70.0 s")
    assert.isUndefined(narrator.look(200_000, well))
  })

  it("as one line where the start is quick, and not for what is over at once", () => {
    const narrator = new ReadinessNarrator(0)
    assert.isUndefined(narrator.look(500, lacking({ api: "is built" })))
    assert.strictEqual(narrator.look(1_000, well)?.text, "ready after 1.0 s")
    assert.isUndefined(narrator.look(5_000, lacking({ partitions: "3 move" })))
    assert.isUndefined(narrator.look(5_000 + settleMillis - 1, lacking({ partitions: "2 move" })))
    assert.isUndefined(narrator.look(8_000, well))
  })

  it("when it ends, when other things are missing, and when it is back", () => {
    const narrator = new ReadinessNarrator(0)
    narrator.look(0, well)
    narrator.look(10_000, lacking({ streams: "no answer", database: "ok" }))
    assert.strictEqual(narrator.look(12_000, lacking({ streams: "no answer", database: "ok" }))?.level, "Warn")
    narrator.look(13_000, lacking({ streams: "no answer", database: "down" }))
    const both = narrator.look(15_000, lacking({ streams: "no answer", database: "down" }))
    assert.strictEqual(both?.text, "not ready: streams: no answer; database: down")
    assert.strictEqual(narrator.look(16_000, well)?.text, "ready again, and nothing is missing")
  })

  it("with what is missing for others", () => {
    const narrator = new ReadinessNarrator(0)
    const degraded = { ready: true, checks: { nats: "ok" }, degraded: { registry: "does not answer" } }
    assert.isUndefined(narrator.look(0, degraded))
    assert.strictEqual(narrator.look(startMillis, degraded)?.text, "ready, but degraded: registry: does not answer")
    assert.isUndefined(narrator.look(startMillis + 1, degraded))
  })
})
