import { assert, describe, it } from "@effect/vitest"
import { Code, defaultTuning } from "../src/index.ts"
import { bytesOf, changed, empty, hex, only, sent, server, toHex } from "./support/build.ts"

describe("ServerExchanges: slow applications", () => {
  it("sends an empty ACK when the application takes longer, then the response as a CON of its own, RFC 7252 §5.2.2", () => {
    const exchanges = server()
    const bytes = bytesOf({ messageId: 7 })
    const { exchange } = only(exchanges.handleMessage(0, bytes), "Request")
    assert.strictEqual(exchanges.deadline, 1_500)
    assert.deepStrictEqual(exchanges.handleTimeout(1_499), [])
    assert.strictEqual(toHex(only(exchanges.handleTimeout(1_500), "Transmit").bytes), "60000007")
    assert.strictEqual(toHex(only(exchanges.handleMessage(2_000, bytes), "Transmit").bytes), "60000007")

    const answer = sent(exchanges.respond(5_000, exchange, changed))
    assert.deepStrictEqual([answer.type, answer.code, toHex(answer.token)], ["CON", Code.Changed, "0102"])
    assert.notStrictEqual(answer.messageId, 7)
    assert.strictEqual(
      only(exchanges.handleMessage(5_100, empty("60", answer.messageId)), "Concluded").outcome,
      "Acknowledged"
    )
    assert.strictEqual(toHex(only(exchanges.handleMessage(6_000, bytes), "Transmit").bytes), "60000007")
  })

  it("retransmits a separate response four times with doubled timeouts and gives up, RFC 7252 §4.2", () => {
    const exchanges = server()
    const { exchange } = only(exchanges.handleMessage(0, bytesOf({})), "Request")
    exchanges.handleTimeout(1_500)
    const first = toHex(only(exchanges.respond(2_000, exchange, changed), "Transmit").bytes)
    const times: Array<number> = []
    let now = exchanges.deadline!
    for (; times.length < 4; now = exchanges.deadline!) {
      const again = only(exchanges.handleTimeout(now), "Transmit")
      assert.deepStrictEqual([toHex(again.bytes), again.cause], [first, "Retransmission"])
      times.push(now)
    }
    // Half of the jitter: 2.5 s, and then twice as long each time.
    assert.deepStrictEqual(times, [4_500, 9_500, 19_500, 39_500])
    assert.strictEqual(now, 79_500)
    assert.strictEqual(only(exchanges.handleTimeout(now), "Concluded").outcome, "TimedOut")
  })

  it("drops a separate response that the client resets, RFC 7252 §4.2", () => {
    const exchanges = server()
    const { exchange } = only(exchanges.handleMessage(0, bytesOf({})), "Request")
    exchanges.handleTimeout(1_500)
    const { messageId } = sent(exchanges.respond(2_000, exchange, changed))
    assert.strictEqual(only(exchanges.handleMessage(2_100, empty("70", messageId)), "Concluded").outcome, "Reset")
    assert.strictEqual(only(exchanges.handleMessage(2_200, empty("60", messageId)), "Ignored").reason, "AckUnexpected")
  })

  it("keeps one separate response outstanding at a time, RFC 7252 §4.7", () => {
    const exchanges = server()
    const a = only(exchanges.handleMessage(0, bytesOf({ messageId: 1, token: hex("0a") })), "Request")
    const b = only(exchanges.handleMessage(0, bytesOf({ messageId: 2, token: hex("0b") })), "Request")
    exchanges.handleTimeout(1_500)
    const first = sent(exchanges.respond(2_000, a.exchange, changed))
    assert.deepStrictEqual(exchanges.respond(2_000, b.exchange, changed), [])
    const outputs = exchanges.handleMessage(2_100, empty("60", first.messageId))
    assert.deepStrictEqual([outputs[0]!._tag, toHex(sent(outputs.slice(1)).token)], ["Concluded", "0b"])
  })

  it("does not acknowledge a NON, however long the answer takes", () => {
    const exchanges = server()
    const { exchange } = only(exchanges.handleMessage(0, bytesOf({ type: "NON" })), "Request")
    assert.deepStrictEqual(exchanges.handleTimeout(60_000), [])
    assert.strictEqual(sent(exchanges.respond(60_000, exchange, changed)).type, "NON")
  })

  it("gives up on an application that never answers, at EXCHANGE_LIFETIME", () => {
    const exchanges = server()
    const { exchange } = only(exchanges.handleMessage(0, bytesOf({})), "Request")
    exchanges.handleTimeout(1_500)
    assert.strictEqual(exchanges.deadline, defaultTuning.exchangeLifetimeMillis)
    exchanges.handleTimeout(exchanges.deadline!)
    assert.isTrue(exchanges.isIdle)
    assert.strictEqual(only(exchanges.respond(250_000, exchange, changed), "Ignored").reason, "ExchangeUnknown")
  })
})
