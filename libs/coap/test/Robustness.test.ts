import { assert, describe, it } from "@effect/vitest"
import { seededRandom } from "@roost/random"
import {
  blockBytes,
  blockOption,
  ClientExchanges,
  Code,
  defaultClientSettings,
  defaultServerSettings,
  encode,
  type Message,
  type Option,
  OptionNumber,
  type Outputs,
  ServerExchanges,
  uintOption
} from "../src/index.ts"
import { decoded, message, pathOptions, toHex } from "./support/build.ts"

const { limits, tuning } = defaultServerSettings

const bytesHeldBound =
  limits.cachedResponseBytesMax +
  limits.uploadsMax * limits.requestBodyBytesMax +
  limits.downloadsMax * limits.responseBodyBytesMax +
  limits.exchangesInFlightMax * 2 * blockBytes(limits.blockSzx)

/** Messages from a small alphabet, so that ids, operations and blocks meet each other often. */
class Adversary {
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  below(bound: number): number {
    return Math.floor(this.#random() * bound)
  }

  pick<A>(choices: ReadonlyArray<A>): A {
    return choices[this.below(choices.length)]!
  }

  bytes(): Uint8Array {
    const bytes = encode(this.#message()).slice()
    if (this.below(4) === 0) bytes[this.below(bytes.length)] = this.below(256)
    return this.below(10) === 0 ? bytes.subarray(0, this.below(bytes.length)) : bytes
  }

  #message(): Message {
    const szx = this.pick([0, 0, 6])
    const more = this.below(3) > 0
    const blocked = this.below(2) === 0
    const options: Array<Option> = [...pathOptions(this.pick(["/a", "/b", "/c"]))]
    if (blocked) options.push(blockOption(OptionNumber.Block1, { num: this.below(4), more, szx }))
    if (this.below(3) === 0) options.push(blockOption(OptionNumber.Block2, { num: this.below(4), more: false, szx }))
    if (this.below(20) === 0) options.push({ number: this.below(3_000), value: new Uint8Array(this.below(20)) })
    if (this.below(20) === 0) options.push(uintOption(OptionNumber.NoResponse, this.below(32)))
    return message({
      type: this.pick(["CON", "CON", "CON", "NON", "ACK", "RST"]),
      code: this.pick([Code.Get, Code.Post, Code.Post, Code.Post, Code.Empty, Code.Changed, 0x20]),
      messageId: this.below(this.pick([20, 0x10000])),
      token: new Uint8Array(this.below(9)),
      options,
      payload: new Uint8Array(blocked && more ? blockBytes(szx) : this.below(2_000))
    })
  }
}

/** The promises of RFC 7252 §4, whatever comes. */
class Checker {
  /** Message to the end of its lifetime, of all requests that have reached the application. */
  readonly #delivered = new Map<string, number>()

  check(now: number, input: Uint8Array | undefined, outputs: Outputs): void {
    for (const output of outputs) {
      if (output._tag === "Transmit") {
        const { type, code } = decoded(output.bytes)
        // ACK and RST are never answered, except that they may release what NSTART has kept back (RFC 7252 §4.2).
        if (input !== undefined && ((input[0]! >> 4) & 3) > 1) assert.strictEqual(output.cause, "SeparateResponse")
        // No error has a payload, and none but CON and NON responses leave outside an ACK.
        if (code >= Code.BadRequest) assert.strictEqual(decoded(output.bytes).payload.length, 0)
        assert.isTrue(type !== "RST" || code === Code.Empty)
      }
      if (output._tag === "Request") {
        const { messageId, confirmable, path } = output.request
        // All but its type: what is repeated has the same bytes.
        const message = toHex(input!).slice(1)
        assert.isFalse((this.#delivered.get(message) ?? 0) > now, `message id ${messageId} executed twice`)
        this.#delivered.set(message, now + (confirmable ? tuning.exchangeLifetimeMillis : tuning.nonLifetimeMillis))
        assert.isFalse(path.includes("."))
      }
    }
  }
}

describe("ServerExchanges against an adversary", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    it(`neither throws, nor executes twice, nor holds more than its limits, seed ${seed} (C1–C13)`, () => {
      const random = seededRandom(seed)
      const adversary = new Adversary(random)
      const exchanges = new ServerExchanges(defaultServerSettings, random)
      const checker = new Checker()
      const working: Array<number> = []
      let now = 1_000_000
      // Fewer new message ids than the server remembers: forgetting for want of room has its own test.
      const steps = 60
      for (let step = 0; step < steps; step += 1) {
        now += adversary.pick([0, 1, 100, 5_000])
        const input = adversary.bytes()
        const outputs = exchanges.handleMessage(now, input)
        checker.check(now, input, outputs)
        for (const output of outputs) if (output._tag === "Request") working.push(output.exchange)
        if (adversary.below(3) > 0 && working.length > 0) {
          const exchange = working.splice(adversary.below(working.length), 1)[0]!
          const code = adversary.pick([Code.Changed, Code.Changed, Code.NotFound])
          const payload = new Uint8Array(code === Code.Changed ? adversary.pick([0, 20, 3_000, 70_000]) : 0)
          checker.check(now, undefined, exchanges.respond(now, exchange, { code, options: [], payload }))
        }
        const { deadline } = exchanges
        if (deadline !== undefined && deadline <= now) {
          checker.check(now, undefined, exchanges.handleTimeout(now))
          assert.isAbove(exchanges.deadline ?? Infinity, now)
        }
        assert.isAtMost(exchanges.bytesHeld, bytesHeldBound)
      }
      while (exchanges.deadline !== undefined) exchanges.handleTimeout(exchanges.deadline)
      assert.strictEqual(exchanges.bytesHeld, 0)
    })
  }

  it("keeps its bounds under 20 000 hostile messages of one device", () => {
    const random = seededRandom(99)
    const adversary = new Adversary(random)
    const exchanges = new ServerExchanges(defaultServerSettings, random)
    let requests = 0
    for (let now = 0; now < 20_000; now += 1) {
      for (const output of exchanges.handleMessage(now, adversary.bytes())) {
        if (output._tag !== "Request") continue
        requests += 1
        exchanges.respond(now, output.exchange, { code: Code.Changed, options: [], payload: new Uint8Array(60_000) })
      }
      assert.isAtMost(exchanges.bytesHeld, bytesHeldBound)
    }
    assert.isAbove(requests, 1_000)
  })
})

describe("ClientExchanges against an adversary", () => {
  it("neither throws nor leaves an exchange without an end", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = seededRandom(seed)
      const adversary = new Adversary(random)
      const exchanges = new ClientExchanges(defaultClientSettings, random)
      let open = 0
      const count = (outputs: ReturnType<ClientExchanges["handleTimeout"]>): void => {
        for (const { _tag } of outputs) if (_tag === "Response" || _tag === "Failed") open -= 1
      }
      for (let now = 0; now < 2_000; now += 1) {
        if (now % 20 === 0) {
          open += 1
          const confirmable = adversary.below(2) === 0
          const payload = new Uint8Array(adversary.pick([0, 3_000]))
          count(exchanges.request(now, { code: Code.Post, options: [], payload, confirmable }).outputs)
        }
        count(exchanges.handleMessage(now, adversary.bytes()))
      }
      while (exchanges.deadline !== undefined) count(exchanges.handleTimeout(exchanges.deadline))
      assert.strictEqual(open, 0)
    }
  })
})
