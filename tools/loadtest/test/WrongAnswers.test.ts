import { Code } from "@roost/coap"
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import { configOf } from "../src/cli/configOf.ts"
import type { Flags } from "../src/cli/Flags.ts"
import type { Report } from "../src/Report.ts"
import { runLoad } from "../src/run/runLoad.ts"
import { givenFlags } from "./support/givenFlags.ts"
import { type Answer, WrongServer } from "./support/WrongServer.ts"

/** So that silence is soon known as that. */
const impatient: Partial<Flags> = { ackTimeout: 0.05, maxRetransmit: 1, responseTimeout: 0.1 }

/** A run of ten devices against a server that answers so. */
const runAgainst = async (answer: Answer, more: Partial<Flags> = {}): Promise<Report> => {
  using server = new WrongServer(answer)
  const flags = givenFlags({
    server: [`127.0.0.1:${server.port}`],
    suite: "plain",
    duration: 0.4,
    ...more
  })
  const report = await runLoad({
    config: Result.getOrThrow(configOf(flags, { openFilesMax: 1_024 })),
    source: { _tag: "Template", secret: "" },
    limits: { maxP99Millis: null, maxErrors: 0 },
    servers: [],
    onSample: () => undefined
  })
  assert.isAbove(report.totals.requests, 0)
  return report
}

const onlyKind = ({ limits, totals }: Report): string => {
  assert.isFalse(limits.kept)
  assert.strictEqual(totals.responses, 0)
  assert.strictEqual(
    totals.errors,
    Object.values(totals.errorsByKind).reduce((sum, count) => sum + count, 0)
  )
  return Object.keys(totals.errorsByKind).join()
}

describe("against a server that answers", () => {
  it("rightly, every request is a verified response", async () => {
    const { limits, totals } = await runAgainst(() => ({}))
    assert.strictEqual(totals.responses, totals.requests)
    assert.deepStrictEqual(totals.errorsByKind, {})
    assert.isTrue(limits.kept)
  })

  it("with another token, that is counted", async () => {
    const report = await runAgainst(() => ({ token: Uint8Array.of(9, 9, 9, 9) }))
    assert.strictEqual(onlyKind(report), "token")
    assert.strictEqual(report.totals.errors, report.totals.requests)
  })

  it("with another code, that is counted", async () => {
    const report = await runAgainst(() => ({ code: Code.BadRequest, payload: new Uint8Array(0) }))
    assert.strictEqual(onlyKind(report), "code")
    assert.strictEqual(report.totals.errors, report.totals.requests)
  })

  it("with another request's payload, that is counted", async () => {
    const report = await runAgainst(() => ({ payload: Buffer.from('{"id":"0000000000","code":200,"data":{}}') }))
    assert.strictEqual(onlyKind(report), "payload")
    assert.strictEqual(report.totals.errors, report.totals.requests)
  })

  it("not at all, each request is sent again and then counted as timed out", async () => {
    const report = await runAgainst(() => undefined, impatient)
    assert.strictEqual(onlyKind(report), "timeout")
    assert.strictEqual(report.totals.errors, report.totals.requests)
    assert.strictEqual(report.totals.retransmissions, report.totals.requests)
  })

  it("not at all to a NON, that times out without being sent again", async () => {
    const report = await runAgainst(() => undefined, { ...impatient, non: true })
    assert.strictEqual(onlyKind(report), "timeout")
    assert.strictEqual(report.totals.retransmissions, 0)
  })

  it("with RST, with bytes that are no message, with a request of its own: each is its kind", async () => {
    const reset = await runAgainst(({ messageId }) => Uint8Array.of(0x70, 0, messageId >> 8, messageId & 0xff))
    assert.strictEqual(onlyKind(reset), "reset")
    const malformed = await runAgainst(() => Uint8Array.of(0x64, 0x44), impatient)
    assert.deepStrictEqual(Object.keys(malformed.totals.errorsByKind), ["timeout", "malformed"])
    const unexpected = await runAgainst(() => ({ type: "NON", code: Code.Get, payload: new Uint8Array(0) }), impatient)
    assert.deepStrictEqual(Object.keys(unexpected.totals.errorsByKind), ["timeout", "unexpected"])
  })

  it("only the second transmission, nothing is lost and the retransmissions show", async () => {
    const seen = new Set<number>()
    const report = await runAgainst(({ messageId }) => (seen.has(messageId) ? {} : (seen.add(messageId), undefined)), {
      ackTimeout: 0.05
    })
    assert.strictEqual(report.totals.errors, 0)
    assert.strictEqual(report.totals.responses, report.totals.requests)
    assert.isAtLeast(report.totals.retransmissions, report.totals.requests)
  })

  it("rightly over a path that loses a tenth either way, the simulated loss is repaired by retransmissions", async () => {
    const report = await runAgainst(() => ({}), {
      loss: 0.1,
      reorder: 0.2,
      reorderDelay: 2,
      ackTimeout: 0.05,
      maxRetransmit: 6
    })
    const { totals } = report
    assert.strictEqual(totals.responses, totals.requests)
    assert.isAbove(totals.datagramsLostOnPurpose, 0)
    assert.isAbove(totals.datagramsReorderedOnPurpose, 0)
    assert.isAbove(totals.retransmissions, 0)
  })

  it("late, an open loop's latency counts from the intended time and not from the sending", async () => {
    // Two devices at 100 requests/s, each held up for the timeout: most requests wait for a device.
    let first = true
    const report = await runAgainst(
      () => {
        if (!first) return {}
        first = false
        return undefined
      },
      { devices: 1, rate: 200, ackTimeout: 0.2 }
    )
    const steady = report.phases.find(({ name }) => name === "steady")!
    // The one that was lost takes 0.2–0.3 s; half of the others were due while it did, and waited for the device.
    assert.isAbove(report.totals.requests, 2)
    assert.isAbove(steady.latency.p50!, 1)
    assert.isAbove(steady.latency.p90!, 100)
  })
})
