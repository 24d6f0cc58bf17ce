import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Code, defaultServerSettings, type Outputs, ServerExchanges } from "../src/index.ts"
import { bytesOf, only, text } from "./support/build.ts"

const { limits, tuning } = defaultServerSettings
const server = (): ServerExchanges => new ServerExchanges(defaultServerSettings, () => 0.5)
const next = (state: Uint8Array): ServerExchanges => {
  const exchanges = server()
  assert.isTrue(exchanges.restore(0, state))
  return exchanges
}
const changed = (payload: string) => ({ code: Code.Changed, options: [], payload: text(payload) })
const answered = (exchanges: ServerExchanges, messageId: number, payload: string): Uint8Array => {
  const { exchange } = only(exchanges.handleMessage(0, bytesOf({ messageId })), "Request")
  return only(exchanges.respond(0, exchange, changed(payload)), "Transmit").bytes.slice()
}
const tags = (outputs: Outputs) => outputs.map(({ _tag }) => _tag)

describe("ServerExchanges in another process", () => {
  it("a copy that reaches the next owner gets the bytes of the first answer, and is not executed (C7)", () => {
    const first = server()
    const answers = [1, 2, 3].map((messageId) => answered(first, messageId, `answer ${messageId}`))
    const second = next(first.serialize(1000, 64, 4096))
    for (const [index, answer] of answers.entries()) {
      const output = only(second.handleMessage(2000, bytesOf({ messageId: index + 1 })), "Transmit")
      assert.deepStrictEqual(output.bytes, answer)
      assert.strictEqual(output.cause, "Duplicate")
    }
    assert.deepStrictEqual(tags(second.handleMessage(2000, bytesOf({ messageId: 4 }))), ["Request"])
  })

  it("a request that had no answer yet is executed by whoever gets its copy (C7)", () => {
    const first = server()
    only(first.handleMessage(0, bytesOf({ messageId: 1 })), "Request")
    assert.deepStrictEqual(tags(next(first.serialize(0, 64, 4096)).handleMessage(1, bytesOf({ messageId: 1 }))), [
      "Request"
    ])
  })

  it("is forgotten after EXCHANGE_LIFETIME of the first copy, not of the takeover (C10)", () => {
    const first = server()
    answered(first, 1, "a")
    const second = next(first.serialize(200_000, 64, 4096))
    assert.deepStrictEqual(tags(second.handleMessage(tuning.exchangeLifetimeMillis - 1, bytesOf({ messageId: 1 }))), [
      "Transmit"
    ])
    assert.deepStrictEqual(tags(second.handleMessage(tuning.exchangeLifetimeMillis, bytesOf({ messageId: 1 }))), [
      "Request"
    ])
  })

  it("keeps the newest, and of replies as many bytes as it may; an id without its reply is still no second execution", () => {
    const first = server()
    for (let messageId = 1; messageId <= 10; messageId++) answered(first, messageId, "0123456789")
    const state = first.serialize(0, 4, 40)
    const second = next(state)
    assert.isAtMost(state.length, 1 + 4 * 19 + 40)
    assert.deepStrictEqual(tags(second.handleMessage(1, bytesOf({ messageId: 6 }))), ["Request"])
    assert.deepStrictEqual(tags(second.handleMessage(1, bytesOf({ messageId: 7 }))), ["Ignored"])
    assert.deepStrictEqual(tags(second.handleMessage(1, bytesOf({ messageId: 10 }))), ["Transmit"])
  })

  it("more entries than a session may have leave the newest (C20)", () => {
    const first = server()
    for (let messageId = 1; messageId <= limits.exchangesRememberedMax; messageId++) answered(first, messageId, "")
    const second = next(first.serialize(0, 255, 65_536))
    const more = server()
    for (let messageId = 101; messageId <= 110; messageId++) answered(more, messageId, "")
    assert.isTrue(second.restore(0, more.serialize(0, 255, 65_536)))
    assert.deepStrictEqual(tags(second.handleMessage(1, bytesOf({ messageId: 110 }))), ["Transmit"])
    assert.deepStrictEqual(tags(second.handleMessage(1, bytesOf({ messageId: 10 }))), ["Request"])
  })

  it("what was acknowledged empty is owed by the next owner: token, Block1 and the reply that was promised go along", () => {
    const server = () =>
      new ServerExchanges(defaultServerSettings, () => 0.5, { messageBytesMax: 1024, acksWait: true })
    const first = server()
    const token = Uint8Array.of(7, 8)
    const { exchange } = only(first.handleMessage(0, bytesOf({ messageId: 1, token })), "Request")
    first.promise(exchange, "name", text("reply"))
    assert.deepStrictEqual(first.handleTimeout(limits.ackDelayMillis), [{ _tag: "AckDue", exchange }])
    // Until the state is stored its copies are not acknowledged either.
    assert.deepStrictEqual(tags(first.handleMessage(1_600, bytesOf({ messageId: 1, token }))), ["Ignored"])
    const state = first.serialize(2_000, 4, 1024)
    assert.strictEqual(only(first.acknowledge(exchange), "Transmit").cause, "EmptyAck")
    assert.deepStrictEqual(first.acknowledge(exchange), [])

    for (let length = 1; length < state.length; length++) {
      assert.strictEqual(server().restore(0, state.subarray(0, length)), length === 1)
    }
    const second = server()
    assert.isTrue(second.restore(0, state))
    const [owed] = second.owed
    assert.deepStrictEqual([owed?.name, owed?.reply], ["name", text("reply")])
    assert.strictEqual(only(second.handleMessage(0, bytesOf({ messageId: 1, token })), "Transmit").bytes.length, 4)
    const answer = only(second.respond(0, owed!.exchange, changed("reply")), "Transmit")
    assert.strictEqual(answer.cause, "SeparateResponse")
    assert.deepStrictEqual(answer.bytes.subarray(4, 6), token)
    assert.deepStrictEqual(second.owed, [])
    // Until its client acknowledged it, it is still owed.
    assert.isAbove(second.serialize(0, 0, 0).length, 1)
  })

  it.prop("any bytes are taken over or refused, never thrown at (F1)", [Schema.Array(Schema.Int)], ([bytes]) => {
    const exchanges = server()
    if (!exchanges.restore(0, Uint8Array.from(bytes))) assert.isTrue(exchanges.isIdle)
    exchanges.handleTimeout(0)
  })

  it("refuses every prefix and every longer form of a state (F1)", () => {
    const first = server()
    for (let messageId = 1; messageId <= 3; messageId++) answered(first, messageId, "abc")
    const state = first.serialize(0, 64, 4096)
    for (let length = 0; length < state.length; length++) assert.isFalse(server().restore(0, state.subarray(0, length)))
    assert.isFalse(server().restore(0, Uint8Array.of(...state, 0)))
    assert.isTrue(server().restore(0, Uint8Array.of(0)))
    assert.deepStrictEqual(server().serialize(0, 64, 4096), Uint8Array.of(0))
  })
})
