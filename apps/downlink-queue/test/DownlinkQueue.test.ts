import { assert, describe, it } from "@effect/vitest"
import { RegistryRpcs } from "@roost/contracts"
import { allStreams, ensureStreams, NatsConnection, serveRpc } from "@roost/nats"
import { Health } from "@roost/observability"
import { endProgram, freeTcpPort, natsServer, scopedProgram } from "@roost/testkit"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
const token = "0123456789abcdef"
const { NODE_COMPILE_CACHE = "", PATH = "" } = process.env

/** The app as a process; it is gone with the scope. */
const app = (env: Readonly<Record<string, string>>) =>
  scopedProgram({
    command: process.execPath,
    args: [main],
    env: { NODE_COMPILE_CACHE, PATH, ROOST_API_TOKEN: token, ...env }
  })

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

const call = (url: string, body?: unknown): Effect.Effect<Answer> =>
  Effect.promise(async () => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
    const init = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) }
    const response = await fetch(url, init)
    return { status: response.status, body: (await response.json()) as Answer["body"] }
  })

/** Asks until the port is open and the answer is the one that is waited for. */
const until = (url: string, holds: (answer: Answer) => boolean) =>
  call(url).pipe(
    Effect.sandbox,
    Effect.delay("50 millis"),
    Effect.retry({ times: 2400 }),
    Effect.repeat({ until: holds }),
    Effect.orDie
  )

describe("downlink-queue as a process", () => {
  it.live("says that it waits for NATS, then serves; keeps what it took after SIGKILL; ends with 0 on SIGTERM", () =>
    Effect.gen(function* () {
      const nats = yield* natsServer()
      yield* nats.stop()
      const port = yield* freeTcpPort
      const base = `http://127.0.0.1:${port}`
      const env = { NATS_URL: nats.url, ROOST_DOWNLINK_PORT: String(port) }
      const first = yield* app(env)
      const waiting = yield* until(`${base}/readyz`, ({ status }) => status === 503)
      const { api, nats: why } = waiting.body["checks"] as Readonly<Record<string, string>>
      assert.strictEqual(api, "the API is being built")
      assert.include(why, nats.url.replace("nats://", ""))
      assert.strictEqual((yield* call(`${base}/healthz`)).status, 200)

      yield* nats.start
      yield* registry(nats.url)
      yield* until(`${base}/readyz`, ({ status }) => status === 200)
      const path = `${base}/v1/products/pk/devices/d/services/open:invoke`
      const accepted = yield* call(path, { inputData: { angle: 90 }, pendingTtl: 3_600 })
      assert.strictEqual(accepted.status, 202)
      yield* endProgram(first, "SIGKILL")

      const second = yield* app(env)
      yield* until(`${base}/readyz`, ({ status }) => status === 200)
      const found = yield* call(`${base}/v1/commands/${String(accepted.body["commandId"])}`)
      assert.deepStrictEqual([found.status, found.body["state"]], [200, "created"])
      assert.strictEqual(yield* endProgram(second, "SIGTERM"), 0)
    })
  )
})

/** Knows every device, as an active one that is offline. */
const registry = Effect.fnUntraced(function* (url: string) {
  const connection = yield* Layer.build(
    NatsConnection.layer("registry").pipe(
      Layer.provide(Health.layer),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: url }))),
      Layer.provide(Logger.layer([]))
    )
  )
  yield* Effect.provide(ensureStreams(allStreams), connection)
  yield* serveRpc(RegistryRpcs.device, { queue: "registry" }, () =>
    Effect.succeed({ _tag: "Found" as const, status: "offline" as const, activated: true, dataFormat: "Json" as const })
  ).pipe(Effect.provide(connection))
})
