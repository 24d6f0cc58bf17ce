import { assert, describe, it } from "@effect/vitest"
import { seededRandom } from "@roost/random"
import {
  type ClientRequest,
  Code,
  defaultClientSettings,
  defaultServerSettings,
  noBytes,
  type Response
} from "../src/index.ts"
import { pathOptions } from "./support/build.ts"
import { Pair, type PairOptions } from "./support/Pair.ts"

const body = (bytes: number, seed: number): Uint8Array => {
  const random = seededRandom(seed)
  return Uint8Array.from({ length: bytes }, () => Math.floor(random() * 256))
}

const post = (payload: Uint8Array, path = "/topic/a"): ClientRequest => ({
  code: Code.Post,
  options: pathOptions(path),
  payload,
  confirmable: true
})

const echo: PairOptions["application"] = ({ payload }): Response => ({
  code: Code.Changed,
  options: [],
  payload: payload.toReversed()
})

const responses = (pair: Pair): ReadonlyArray<Uint8Array> =>
  pair.results.map((result) => {
    if (result._tag !== "Response") throw new Error(`exchange ${result.exchange} failed: ${result.reason}`)
    return result.response.payload
  })

describe("a client and a server", () => {
  it("exchange a request and a response in two datagrams", () => {
    const pair = new Pair({ application: echo })
    pair.request(post(body(100, 1)))
    pair.run()
    assert.deepStrictEqual(responses(pair), [body(100, 1).toReversed()])
    assert.strictEqual(pair.datagrams, 2)
  })

  it("carry 20 kB in both directions, block by block, and the application sees one request, RFC 7959 §2.7", () => {
    const pair = new Pair({ application: echo })
    pair.request(post(body(20_000, 2)))
    pair.run()
    assert.deepStrictEqual(responses(pair), [body(20_000, 2).toReversed()])
    assert.deepStrictEqual(
      pair.requests.map(({ payload }) => payload),
      [body(20_000, 2)]
    )
    assert.strictEqual(pair.datagrams, 2 * 20 + 2 * 19)
  })

  it("agree on the smaller of their block sizes, RFC 7959 §2.4, §2.5", () => {
    for (const [clientSzx, serverSzx, blocks] of [
      [6, 2, 1 + (4_096 - 1_024) / 64 + 63],
      [2, 6, 64 + 63],
      [0, 0, 256 + 255]
    ] as const) {
      const pair = new Pair({
        application: echo,
        clientSettings: { ...defaultClientSettings, limits: { ...defaultClientSettings.limits, blockSzx: clientSzx } },
        serverSettings: { ...defaultServerSettings, limits: { ...defaultServerSettings.limits, blockSzx: serverSzx } }
      })
      pair.request(post(body(4_096, 3)))
      pair.run()
      assert.deepStrictEqual(responses(pair), [body(4_096, 3).toReversed()])
      assert.strictEqual(pair.datagrams, 2 * blocks)
    }
  })

  it("negotiate the block size of a response early, RFC 7959 §2.4", () => {
    const limits = { ...defaultClientSettings.limits, blockSzx: 3 }
    const pair = new Pair({
      application: () => ({ code: Code.Changed, options: [], payload: body(1_000, 4) }),
      clientSettings: { ...defaultClientSettings, limits }
    })
    pair.request({ ...post(noBytes), code: Code.Get })
    pair.run()
    assert.deepStrictEqual(responses(pair), [body(1_000, 4)])
    assert.strictEqual(pair.datagrams, 2 * Math.ceil(1_000 / 128))
  })

  it("finish with a separate response when the application is slow, RFC 7252 §5.2.2", () => {
    const pair = new Pair({ application: echo, workMillis: () => 20_000 })
    pair.request(post(body(10, 5)))
    pair.run()
    assert.deepStrictEqual(responses(pair), [body(10, 5).toReversed()])
    assert.strictEqual(pair.datagrams, 4)
  })

  it("keep two bodies for one path apart, RFC 9175 §3", () => {
    const pair = new Pair({ application: echo })
    pair.request(post(body(5_000, 6)))
    pair.request(post(body(4_000, 7)))
    pair.run()
    assert.deepStrictEqual(new Set(responses(pair).map(({ length }) => length)), new Set([5_000, 4_000]))
    const byLength = new Map(pair.requests.map(({ payload }) => [payload.length, payload]))
    assert.deepStrictEqual(byLength.get(5_000), body(5_000, 6))
    assert.deepStrictEqual(byLength.get(4_000), body(4_000, 7))
  })

  it("hold nothing any more once all timers have run", () => {
    const pair = new Pair({ application: echo })
    pair.request(post(body(20_000, 8)))
    pair.run()
    assert.isTrue(pair.server.isIdle)
    assert.strictEqual(pair.server.bytesHeld, 0)
    assert.strictEqual(pair.client.deadline, undefined)
  })
})

describe("a client and a server on a bad network", () => {
  const bad = { loss: 0.2, duplication: 0.2, latencyMillisMin: 10, latencyMillisMax: 1_500 }

  for (let seed = 1; seed <= 25; seed += 1) {
    it(`execute each request at most once, and answer it, with loss, duplicates and reordering, seed ${seed}`, () => {
      const pair = new Pair({
        seed,
        network: bad,
        application: echo,
        workMillis: ({ payload }) => (payload[0] ?? 0) * 12
      })
      const bodies = Array.from({ length: 12 }, (_, index) => body(40 + index, seed * 100 + index))
      for (const payload of bodies) pair.request(post(payload))
      pair.run()
      assert.strictEqual(pair.results.length, bodies.length)
      assert.strictEqual(new Set(pair.requests.map(({ payload }) => payload.length)).size, pair.requests.length)
      for (const result of pair.results) {
        if (result._tag === "Response") {
          assert.deepStrictEqual(result.response.payload, bodies[result.exchange]!.toReversed())
        } else {
          // Five copies lost in a row, here or on the way back: rare, permitted, and said.
          assert.include(["TimedOut", "ResponseMissing"], result.reason)
        }
      }
      assert.isAtLeast(pair.results.filter(({ _tag }) => _tag === "Response").length, bodies.length - 2)
    })

    it(`carry 20 kB both ways, seed ${seed}`, () => {
      const pair = new Pair({ seed, network: { ...bad, loss: 0.1 }, application: echo })
      pair.request(post(body(20_000, seed)))
      pair.run()
      assert.deepStrictEqual(
        pair.requests.map(({ payload }) => payload),
        [body(20_000, seed)]
      )
      assert.deepStrictEqual(responses(pair), [body(20_000, seed).toReversed()])
      const { requestBodyBytesMax, responseBodyBytesMax, cachedResponseBytesMax } = defaultServerSettings.limits
      assert.isAtMost(pair.bytesHeldMax, requestBodyBytesMax + responseBodyBytesMax + cachedResponseBytesMax)
    })
  }

  it("report a request that never gets through after MAX_TRANSMIT_WAIT at the latest, RFC 7252 §4.8.2", () => {
    const pair = new Pair({ network: { ...bad, loss: 1 }, application: echo })
    pair.request(post(body(10, 1)))
    pair.run()
    assert.deepStrictEqual(pair.results, [{ _tag: "Failed", exchange: 0, reason: "TimedOut" }])
    assert.strictEqual(pair.datagrams, 5)
    assert.isAtMost(pair.now, defaultClientSettings.tuning.maxTransmitWaitMillis)
  })
})
