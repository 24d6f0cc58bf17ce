import { assert, describe, it } from "@effect/vitest"
import { Health } from "@roost/observability"
import { type NatsServer, natsServer, waitUntil } from "@roost/testkit"
import { ConfigProvider, Effect, Fiber, Layer, Redacted } from "effect"
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FrameBus, NatsConfig, NatsConnection } from "../src/index.ts"
import { connectionTo } from "./support/connectionTo.ts"

const utf8 = new TextEncoder()

/** Connects with `env` and asks the server for an answer. */
const reaches = (server: NatsServer, env: Record<string, string>) =>
  Effect.flatMap(NatsConnection, ({ client }) => Effect.promise(() => client.rtt())).pipe(
    Effect.provide(connectionTo(server, env)),
    Effect.scoped
  )

/** A connection that is refused keeps trying: what the health check says while it does. */
const refused = (server: NatsServer, env: Record<string, string>) =>
  Effect.gen(function* () {
    const health = yield* Health
    const attempt = yield* Effect.forkScoped(Layer.build(connectionLayer(server, env)), { startImmediately: true })
    yield* waitUntil(() => "nats" in health.readiness().checks)
    yield* Effect.sleep("300 millis")
    assert.isUndefined(attempt.pollUnsafe())
    const readiness = health.readiness()
    yield* Fiber.interrupt(attempt)
    return readiness.checks["nats"]
  }).pipe(Effect.provide(Health.layer), Effect.scoped)

const connectionLayer = (server: NatsServer, env: Record<string, string>) =>
  Layer.fresh(NatsConnection.layer("refused")).pipe(
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: server.url, ...env })))
  )

describe("a connection", () => {
  it.live("comes back after the server was killed; subscriptions go on, readiness and publish know meanwhile", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* Effect.gen(function* () {
        const bus = yield* FrameBus
        const health = yield* Health
        const received: Array<number> = []
        yield* bus.subscribe("roost.frame.edge.a", (bytes) => received.push(bytes[1]!))
        assert.isTrue(bus.publish("roost.frame.edge.a", Uint8Array.of(1, 1)))
        yield* waitUntil(() => received.length === 1)
        assert.isTrue(health.readiness().ready)

        yield* server.stop("SIGKILL")
        yield* waitUntil(() => !health.readiness().ready)
        assert.isFalse(bus.publish("roost.frame.edge.a", Uint8Array.of(1, 2)))

        yield* server.start
        yield* waitUntil(() => health.readiness().ready)
        assert.isTrue(bus.publish("roost.frame.edge.a", Uint8Array.of(1, 3)))
        yield* waitUntil(() => received.length === 2)
        assert.deepStrictEqual(received, [1, 3])
      }).pipe(Effect.provide(FrameBus.layer.pipe(Layer.provideMerge(connectionTo(server)))))
    })
  )

  it.live("notices a server that is silent but not gone", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* Effect.gen(function* () {
        const { connected } = yield* NatsConnection
        yield* server.pause
        yield* waitUntil(() => !connected())
        yield* server.resume
        yield* waitUntil(connected)
      }).pipe(Effect.provide(connectionTo(server)))
    })
  )

  it.live("shares the messages of a queue group, and skips a handler that throws", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* Effect.gen(function* () {
        const bus = yield* FrameBus
        const counts = [0, 0]
        yield* bus.subscribe("work", () => counts[0]!++, { queue: "q" })
        yield* bus.subscribe(
          "work",
          () => {
            counts[1]!++
            throw new Error("a bug")
          },
          { queue: "q" }
        )
        for (let i = 0; i < 100; i++) bus.publish("work", utf8.encode("x"))
        yield* waitUntil(() => (counts[0] ?? 0) + (counts[1] ?? 0) >= 100)
        assert.isAbove(counts[0]!, 0)
        assert.isAbove(counts[1]!, 0)
      }).pipe(Effect.provide(FrameBus.layer.pipe(Layer.provideMerge(connectionTo(server)))))
    })
  )

  it.live("logs in with user and password, and keeps trying with a wrong one", () =>
    Effect.gen(function* () {
      const server = yield* natsServer({ config: `authorization { user: "u", password: "p" }` })
      yield* reaches(server, { NATS_USER: "u", NATS_PASSWORD: "p" })
      const why = yield* refused(server, { NATS_USER: "u", NATS_PASSWORD: "wrong" })
      assert.include(why, `127.0.0.1:${server.port}`)
    })
  )

  it.live("logs in with a token", () =>
    Effect.gen(function* () {
      const server = yield* natsServer({ config: `authorization { token: "s3cret" }` })
      yield* reaches(server, { NATS_TOKEN: "s3cret" })
      yield* refused(server, {})
    })
  )

  it.live("uses TLS with a CA of its own and a client certificate, and refuses a server of another CA", () =>
    Effect.gen(function* () {
      const pki = yield* certificates
      const server = yield* natsServer({
        config: `tls { cert_file: "${pki}/server.pem", key_file: "${pki}/server.key", ca_file: "${pki}/ca.pem", verify: true }`
      })
      const login = {
        NATS_URL: `nats://localhost:${server.port}`,
        NATS_TLS_CERT: `${pki}/client.pem`,
        NATS_TLS_KEY: `${pki}/client.key`
      }
      yield* reaches(server, { ...login, NATS_TLS_CA: `${pki}/ca.pem` })
      yield* refused(server, { ...login, NATS_TLS_CA: `${pki}/other.pem` })
    })
  )

  it.live("compares a server's certificate with the address or name by which it is asked", () =>
    Effect.gen(function* () {
      const pki = yield* certificates
      const withCertificate = (name: string) =>
        natsServer({ config: `tls { cert_file: "${pki}/${name}.pem", key_file: "${pki}/${name}.key" }` })
      const env = { NATS_TLS_CA: `${pki}/ca.pem` }
      const address = yield* withCertificate("address")
      yield* reaches(address, env)
      yield* refused(address, { ...env, NATS_URL: `nats://localhost:${address.port}` })
      const name = yield* withCertificate("server")
      yield* reaches(name, { ...env, NATS_URL: `nats://localhost:${name.port}` })
      yield* refused(name, env)
    })
  )

  it.effect("uses the login that stands in the URL, and shows it nowhere", () =>
    Effect.gen(function* () {
      const read = (NATS_URL: string, more = {}) => NatsConfig.parse(ConfigProvider.fromUnknown({ NATS_URL, ...more }))
      const config = yield* read("nats://a:b%40c@h1:4223, nats://a:b%40c@h2")
      assert.deepStrictEqual([config.servers, config.user], [["h1:4223", "h2:4222"], "a"])
      assert.strictEqual(Redacted.value(config.password!), "b@c")
      assert.notInclude(JSON.stringify(config), "b@c")
      const byToken = yield* read("tls://s3cret@h1")
      assert.strictEqual(Redacted.value(byToken.token!), "s3cret")
      assert.isDefined(byToken.tls)
      const both = yield* Effect.flip(read("nats://a:s3cret@h1", { NATS_USER: "a" }))
      assert.match(both.message, /expected one login/)
      assert.notInclude(both.message, "s3cret")
    })
  )

  for (const url of [
    "http://127.0.0.1:4222",
    "foo",
    "nats://h:99999",
    "nats://",
    ",",
    "nats://h/path",
    "nats://a:s3cret@h1,nats://b:s3cret@h2",
    "nats://a:s3cret@h 1",
    "nats://a:s3cret%@h"
  ]) {
    it.effect(`refuses what waiting can't mend: NATS_URL=${url}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(NatsConfig.parse(ConfigProvider.fromUnknown({ NATS_URL: url })))
        assert.match(error.message, /expected .*\bNATS_URL\b/s)
        assert.notInclude(error.message, "s3cret")
      })
    )
  }

  it.effect("refuses files that are missing, of another kind, or do not belong together", () =>
    Effect.gen(function* () {
      const pki = yield* certificates
      const faultOf = (config: Readonly<Record<string, string>>) =>
        Effect.map(Effect.flip(NatsConfig.parse(ConfigProvider.fromUnknown(config))), ({ message }) => message)
      assert.match(yield* faultOf({ NATS_TLS_CA: `${pki}/none.pem` }), /no such file or directory.*NATS_TLS_CA/s)
      assert.match(yield* faultOf({ NATS_TLS_CA: `${pki}/server.key` }), /certificate of the authority.*NATS_TLS_CA/s)
      assert.match(yield* faultOf({ NATS_TLS_CERT: `${pki}/client.pem` }), /belongs to NATS_TLS_CERT.*NATS_TLS_KEY/s)
      const others = { NATS_TLS_CERT: `${pki}/client.pem`, NATS_TLS_KEY: `${pki}/server.key` }
      assert.match(yield* faultOf(others), /it is another's.*NATS_TLS_KEY/s)
      assert.match(yield* faultOf({ NATS_CREDENTIALS: `${pki}/ca.pem` }), /no JWT and nkey seed.*NATS_CREDENTIALS/s)
      assert.match(yield* faultOf({ NATS_PASSWORD: "p" }), /NATS_USER/)
      assert.match(yield* faultOf({ NATS_USER: "u", NATS_TOKEN: "t" }), /one login/)
    }).pipe(Effect.scoped)
  )
})

/** A directory with a CA, a server's and a client's certificate of it, and another CA. */
const certificates = Effect.acquireRelease(
  Effect.sync(() => {
    const directory = mkdtempSync(join(tmpdir(), "roost-pki-"))
    const openssl = (...args: Array<string>) => execFileSync("openssl", args, { cwd: directory, stdio: "ignore" })
    const authority = (name: string) =>
      openssl(
        "req",
        "-x509",
        ..."-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(" "),
        "-subj",
        `/CN=${name}`,
        "-keyout",
        `${name}.key`,
        "-out",
        `${name}.pem`
      )
    const issue = (name: string, host: string) => {
      openssl(
        "req",
        ..."-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes".split(" "),
        "-subj",
        `/CN=${name}`,
        "-addext",
        `subjectAltName=${host}`,
        "-keyout",
        `${name}.key`,
        "-out",
        `${name}.csr`
      )
      openssl(
        "x509",
        "-req",
        "-in",
        `${name}.csr`,
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-copy_extensions",
        "copy",
        "-out",
        `${name}.pem`
      )
    }
    authority("ca")
    authority("other")
    issue("server", "DNS:localhost")
    issue("client", "DNS:localhost")
    issue("address", "IP:127.0.0.1")
    return directory
  }),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
)
