import { assert, describe, it } from "@effect/vitest"
import { keyRequestsPerSecondDefault } from "@roost/contracts"
import { natsServer } from "@roost/testkit"
import { Effect } from "effect"
import { developer, instance, token } from "./support/Served.ts"

/** Asks until the answer is this status: what one instance writes, the other hears a moment later. */
const until = <E>(status: number, ask: Effect.Effect<{ readonly status: number }, E>) =>
  Effect.repeat(Effect.delay(ask, "10 millis"), { until: (answer) => answer.status === status })

describe("API keys", () => {
  it.live("are good at every instance for what they are granted, rotated with two secrets at once, and revoked", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const one = yield* instance(server)
      const other = yield* instance(server)
      const made = yield* one.call("POST", "/v1/access/keys", { name: "billing", grants: [developer("pk1")] })
      assert.strictEqual(made.status, 201)
      const { keyId, secret, secrets } = made.body
      assert.match(secret, /^roost_[0-9a-f]{12}_[\w-]{43}$/)
      assert.isTrue(secret.startsWith(secrets[0].prefix))
      assert.strictEqual(made.body.requestsPerSecond, keyRequestsPerSecondDefault)

      yield* until(200, other.call("GET", "/v1/products/pk1/devices", undefined, secret))
      const foreign = yield* other.call("GET", "/v1/products/pk2/devices", undefined, secret)
      assert.deepStrictEqual([foreign.status, foreign.body.had], [403, ["developer"]])
      const me = yield* other.call("GET", "/v1/access/me", undefined, secret)
      assert.deepStrictEqual(me.body, { kind: "key", id: keyId, name: "billing", grants: [developer("pk1")] })
      // The holder of a key makes no other one.
      assert.strictEqual((yield* one.call("POST", "/v1/access/keys", { name: "x", grants: [] }, secret)).status, 403)

      const listed = yield* one.call("GET", "/v1/access/keys")
      assert.notInclude(JSON.stringify(listed.body), secret)
      assert.notInclude(JSON.stringify(listed.body), "digest")

      const rotated = yield* other.call("POST", `/v1/access/keys/${keyId}:rotate`, { graceSeconds: 60 })
      yield* until(200, one.call("GET", "/v1/access/me", undefined, rotated.body.secret))
      assert.strictEqual((yield* one.call("GET", "/v1/access/me", undefined, secret)).status, 200)
      const again = yield* one.call("POST", `/v1/access/keys/${keyId}:rotate`, { graceSeconds: 0 })
      yield* until(401, other.call("GET", "/v1/access/me", undefined, rotated.body.secret))
      assert.strictEqual((yield* one.call("GET", "/v1/access/me", undefined, secret)).status, 401)

      assert.strictEqual((yield* one.call("DELETE", `/v1/access/keys/${keyId}`)).status, 204)
      assert.strictEqual((yield* one.call("GET", "/v1/access/me", undefined, again.body.secret)).status, 401)
      yield* until(401, other.call("GET", "/v1/access/me", undefined, again.body.secret))
      assert.strictEqual((yield* one.call("DELETE", `/v1/access/keys/${keyId}`)).status, 404)
    })
  )

  it.live("that several rotate at once are rotated by each of them, and keep two secrets", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const one = yield* instance(server)
      const other = yield* instance(server)
      const made = yield* one.call("POST", "/v1/access/keys", { name: "busy", grants: [{ role: "viewer" }] })
      const rotations = yield* Effect.forEach(
        Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? one : other)),
        ({ call }) => call("POST", `/v1/access/keys/${made.body.keyId}:rotate`, { graceSeconds: 60 }),
        { concurrency: 8 }
      )
      assert.deepStrictEqual([...new Set(rotations.map(({ status }) => status))], [200])
      const prefixes = new Set(rotations.map(({ body }) => body.secrets[0].prefix))
      const left = yield* one.call("GET", `/v1/access/keys/${made.body.keyId}`)
      assert.lengthOf(left.body.secrets, 2)
      for (const { prefix } of left.body.secrets) assert.isTrue(prefixes.has(prefix))
    })
  )

  it.live("that expired say since when; those over their rate hear when to come again", () =>
    Effect.gen(function* () {
      const { call } = yield* instance(yield* natsServer())
      const grants = [{ role: "viewer" }]
      const expired = yield* call("POST", "/v1/access/keys", { name: "old", grants, expiresAt: 1_000 })
      const refused = yield* call("GET", "/v1/access/me", undefined, expired.body.secret)
      assert.strictEqual(refused.status, 401)
      assert.include(refused.body.detail, "expired at 1970-01-01T00:00:01.000Z")

      const slow = yield* call("POST", "/v1/access/keys", { name: "slow", grants, requestsPerSecond: 1 })
      const answers = yield* Effect.forEach(Array(6), () => call("GET", "/v1/access/me", undefined, slow.body.secret), {
        concurrency: 6
      })
      const limited = answers.filter(({ status }) => status === 429)
      assert.isAtLeast(limited.length, 1)
      assert.strictEqual(limited[0]!.headers["retry-after"], "1")
      assert.include(limited[0]!.body.detail, "slow may make 1 requests a second")
      assert.strictEqual((yield* call("GET", "/v1/access/me")).status, 200)
    })
  )

  it.live("have one rate over all instances, which tell each other once a second", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const one = yield* instance(server)
      const other = yield* instance(server)
      const made = yield* one.call("POST", "/v1/access/keys", {
        name: "slow",
        grants: [{ role: "viewer" }],
        requestsPerSecond: 1
      })
      const { secret } = made.body
      yield* until(200, other.call("GET", "/v1/access/me", undefined, secret))
      // Each lets its burst through, and hears of the other's within a second: it then owes more than its own burst.
      const drained = ({ call }: typeof one) => until(429, call("GET", "/v1/access/me", undefined, secret))
      yield* Effect.all([drained(one), drained(other)], { concurrency: 2 })
      const ask = ({ call }: typeof one) => call("GET", "/v1/access/me", undefined, secret)
      yield* Effect.repeat(Effect.delay(Effect.andThen(ask(one), ask(other)), "50 millis"), {
        until: ({ headers, status }) => status === 429 && Number(headers["retry-after"]) > 1
      })
    })
  )

  it.live("are stored as digests, sealed; their use is told with address and time", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { call, store } = yield* instance(server)
      const made = yield* call("POST", "/v1/access/keys", { name: "k", grants: [{ role: "viewer" }] })
      const { keyId, secret } = made.body
      assert.notInclude(JSON.stringify([...store.keys.known]), secret.split("_")[2])
      yield* call("GET", "/v1/access/me", undefined, secret)
      const used = yield* Effect.repeat(Effect.delay(call("GET", `/v1/access/keys/${keyId}`), "10 millis"), {
        until: ({ body }) => body.lastUsedAt !== undefined
      })
      assert.strictEqual(used.body.lastUsedFrom.replace("::ffff:", ""), "127.0.0.1")
      // An instance under another key opens nothing, and takes no key of it.
      const stranger = yield* instance(server, "ROOST_CLUSTER_KEY", "ff".repeat(32))
      assert.strictEqual((yield* stranger.call("GET", "/v1/access/me", undefined, secret)).status, 401)
    })
  )

  it.live("are known to who asks over NATS, by digest, and are not when they were revoked", () =>
    Effect.gen(function* () {
      const { call, remote } = yield* instance(yield* natsServer())
      const made = yield* call("POST", "/v1/access/keys", { name: "k", grants: [developer("pk1")] })
      const found = yield* remote.find(made.body.secret, "192.0.2.1")
      assert.deepInclude(found, { _tag: "Known", requestsPerSecond: keyRequestsPerSecondDefault })
      assert.deepStrictEqual(yield* remote.find(`${made.body.secret}x`, ""), { _tag: "Unknown" })
      assert.deepStrictEqual(yield* remote.find(token, ""), { _tag: "Unknown" })
      yield* call("DELETE", `/v1/access/keys/${made.body.keyId}`)
      yield* Effect.repeat(Effect.delay(remote.find(made.body.secret, ""), "100 millis"), {
        until: ({ _tag }) => _tag === "Unknown"
      })
    })
  )
})
