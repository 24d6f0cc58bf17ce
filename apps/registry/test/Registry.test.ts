import { assert, describe, it } from "@effect/vitest"
import { RegistryRpcs } from "@roost/contracts"
import { NatsConnection, requestRpc } from "@roost/nats"
import { Health } from "@roost/observability"
import { endProgram, freeTcpPort, natsServer, temporaryDirectory } from "@roost/testkit"
import { ConfigProvider, Effect, Layer, Logger, Schedule } from "effect"
import { once } from "node:events"
import { connect } from "node:net"
import { app, environment, post, ready, token } from "./support/RegistryProcess.ts"

describe("the registry as a process", () => {
  it.live("has what it answered 201 to after SIGKILL, answers over NATS, and ends with 0 on SIGTERM", () =>
    Effect.gen(function* () {
      const nats = yield* natsServer()
      const port = yield* freeTcpPort
      const env = environment(nats, port, yield* temporaryDirectory)
      const base = `http://127.0.0.1:${port}`
      const first = yield* app(env)
      yield* ready(base)
      assert.strictEqual(yield* post(`${base}/v1/products`, { productName: "Meters", productKey: "pk1" }), 201)
      assert.strictEqual(yield* post(`${base}/v1/products/pk1/devices`, { deviceKey: "dev1" }), 201)
      yield* endProgram(first, "SIGKILL")

      const second = yield* app(env)
      yield* ready(base)
      assert.strictEqual(yield* post(`${base}/v1/products/pk1/devices`, { deviceKey: "dev1" }), 409)
      const request = { productKey: "pk1", deviceKey: "dev1", secureMode: 2 } as const
      const reply = yield* requestRpc(RegistryRpcs.psk, request).pipe(
        Effect.provide(
          NatsConnection.layer("test").pipe(
            Layer.provide(Health.layer),
            Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: nats.url }))),
            Layer.provide(Logger.layer([]))
          )
        )
      )
      assert.strictEqual(reply._tag, "Found")
      assert.strictEqual(yield* endProgram(second, "SIGTERM"), 0)
    })
  )

  it.live("says that it lives, and what it waits for, while no nats-server is there", () =>
    Effect.gen(function* () {
      const nats = yield* natsServer()
      yield* nats.stop("SIGKILL")
      const port = yield* freeTcpPort
      yield* app(environment(nats, port, yield* temporaryDirectory))
      const base = `http://127.0.0.1:${port}`
      const statusOf = (path: string) =>
        Effect.tryPromise(() => fetch(base + path)).pipe(Effect.map(({ status }) => status))
      const alive = yield* statusOf("/healthz").pipe(Effect.retry(Schedule.spaced("50 millis")))
      assert.deepStrictEqual([alive, yield* statusOf("/readyz")], [200, 503])
      assert.strictEqual(yield* post(`${base}/v1/products`, { productName: "Meters" }), 503)
      yield* nats.start
      yield* ready(base)
    })
  )

  it.live("does not start without a token", () =>
    Effect.gen(function* () {
      const nats = yield* natsServer()
      const port = yield* freeTcpPort
      const { ROOST_API_TOKEN: _, ...env } = environment(nats, port, yield* temporaryDirectory)
      const child = yield* app(env)
      const { code } = yield* Effect.promise(() => child.exited)
      assert.strictEqual(code, 1)
      assert.match(child.stdout, /"message":"configuration: ROOST_API_TOKEN: .*; it is not set"/)
    })
  )
})

const raw = (path: string) =>
  [
    `POST ${path} HTTP/1.1`,
    "Host: x",
    `Authorization: Bearer ${token}`,
    "Content-Type: application/x-ndjson",
    "Transfer-Encoding: chunked",
    "Connection: close",
    "",
    ""
  ].join("\r\n")

describe("an import", { timeout: 300_000 }, () => {
  it.live("of 100 000 devices ends for a client that reads nothing before its last line (trust F12)", () =>
    Effect.gen(function* () {
      const nats = yield* natsServer()
      const directory = yield* temporaryDirectory
      const port = yield* freeTcpPort
      yield* app(environment(nats, port, directory))
      yield* ready(`http://127.0.0.1:${port}`)
      yield* post(`http://127.0.0.1:${port}/v1/products`, { productName: "P", productKey: "pk" })
      const answer = yield* Effect.promise(async () => {
        const socket = connect(port, "127.0.0.1")
        await once(socket, "connect")
        socket.pause()
        socket.write(raw("/v1/products/pk/devices:import"))
        for (let i = 0; i < 100; i++) {
          const lines = Array.from({ length: 1_000 }, (_, n) => `{"deviceKey":"device-${i}-${n}"}\n`).join("")
          const chunk = `${lines.length.toString(16)}\r\n${lines}\r\n`
          if (!socket.write(chunk)) await once(socket, "drain")
        }
        socket.write("0\r\n\r\n")
        let text = ""
        for await (const data of socket) text = (text + String(data)).slice(-200)
        return text
      })
      assert.match(answer, /"_tag":"Done","imported":100000,"refused":0/)
    })
  )

  it.live("leaves the thread to others between its batches (trust F12)", () =>
    Effect.gen(function* () {
      const nats = yield* natsServer()
      const directory = yield* temporaryDirectory
      const port = yield* freeTcpPort
      const base = `http://127.0.0.1:${port}`
      yield* app(environment(nats, port, directory))
      yield* ready(base)
      yield* post(`${base}/v1/products`, { productName: "P", productKey: "pk" })
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" }
      const body = Array.from({ length: 20_000 }, (_, n) => `{"deviceKey":"d${n}"}\n`).join("")
      const ended = new AbortController()
      const imported = Effect.promise(async () => {
        const response = await fetch(`${base}/v1/products/pk/devices:import`, { method: "POST", headers, body })
        const text = await response.text()
        ended.abort()
        return text
      })
      const others = Effect.promise(async () => {
        let answered = 0
        for (; !ended.signal.aborted; answered++) await (await fetch(`${base}/v1/products/pk`, { headers })).text()
        return answered
      })
      const [text, answered] = yield* Effect.all([imported, others], { concurrency: 2 })
      assert.match(text, /"imported":20000,"refused":0/)
      // Batches of 64, and a call has its few turns of the loop between some of them. With 500 at one go they were some ten.
      assert.isAbove(answered, 30)
    })
  )
})
