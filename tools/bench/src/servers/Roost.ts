import {
  freeTcpPort,
  freeUdpPort,
  loginsOf,
  ProcessFailed,
  temporaryDirectory,
  untilReady,
  versionOf,
  writeConfiguration
} from "@roost/testkit"
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import { join, resolve } from "node:path"
import { deviceKeyOf } from "../load/LoadDevices.ts"
import type { Contestant, Place } from "./Contestant.ts"
import { memoryLine, pinned } from "./Pinned.ts"

export const root = resolve(import.meta.dirname, "../../../..")

/** Four apps over one nats-server, every uplink in a file-backed stream before its answer; all on one core. */
export const roostOf = (actors: number): Contestant => ({
  key: actors === 1 ? "roost" : `roost-${actors}`,
  name: actors === 1 ? "Roost, single node" : `Roost, ${actors} session-actors`,
  suites: ["CCM_8", "CBC_SHA256"],
  prepare: () => undefined,
  start: (place) => startRoost(place, actors),
  // As Californium: V8 too goes on compiling for some thousand handshakes.
  warmUp: { handshakeRounds: 4, seconds: 8 },
  sessionsMax: 1_000_000
})

const startRoost = Effect.fnUntraced(function* (place: Place, actors: number) {
  const directory = yield* temporaryDirectory
  const natsPort = yield* freeTcpPort
  const command = process.env["NATS_SERVER"] ?? "nats-server"
  const sync = process.env["NATS_SYNC"]
  const {
    env: variables,
    file,
    passwords
  } = writeConfiguration(join(directory, "nats"), {
    version: versionOf(command) ?? "0.0.0",
    storeDirectory: join(directory, "store"),
    ...(sync === undefined ? {} : { sync })
  })
  const nats = yield* pinned(place.core, {
    command,
    args: ["-c", file, "-a", "127.0.0.1", "-p", `${natsPort}`],
    env: variables,
    readyWhen: /Server is ready/
  })
  const token = randomBytes(16).toString("hex")
  const env = {
    NATS_URL: `nats://127.0.0.1:${natsPort}`,
    ROOST_CLUSTER_KEY: randomBytes(32).toString("hex"),
    ROOST_ROUTING_KEY: randomBytes(32).toString("hex"),
    ROOST_API_TOKEN: token,
    ROOST_DATA_DIR: directory,
    ROOST_UDP_HOST: "127.0.0.1",
    ROOST_HTTP_HOST: "127.0.0.1",
    // The other servers keep no values either; docs/performance/log.md has its cost.
    ROOST_LATEST_VALUES: "false",
    ROOST_LOG_LEVEL: "Warn"
  }
  const start = Effect.fnUntraced(function* (app: string, portVariable: string, more: Record<string, string> = {}) {
    const port = yield* freeTcpPort
    const child = yield* pinned(place.core, {
      command: process.execPath,
      args: ["--expose-gc", "--import", join(import.meta.dirname, "memoryProbe.ts"), `apps/${app}/src/main.ts`],
      cwd: root,
      env: { ...env, ...loginsOf(app, passwords), [portVariable]: `${port}`, ...more }
    })
    return { app, child, port }
  })
  const udpPort = yield* freeUdpPort
  const registry = yield* start("registry", "ROOST_REGISTRY_PORT")
  const others = [
    yield* start("downlink-queue", "ROOST_DOWNLINK_PORT"),
    yield* start("udp-edge", "ROOST_EDGE_PORT", { ROOST_UDP_PORT: `${udpPort}` })
  ]
  const hosts = yield* Effect.forEach(
    Array.from({ length: actors }, (_, i) => i),
    () => start("session-actors", "ROOST_ACTORS_PORT")
  )
  const apps = [registry, ...others, ...hosts]
  yield* Effect.forEach(apps, ({ app, port }) => ready(app, port), { concurrency: "unbounded" })
  yield* provision(registry.port, token, place)
  return {
    port: udpPort,
    processes: [["nats-server", nats.pid] as const, ...apps.map(({ app, child }) => [app, child.pid] as const)],
    liveBytes: Effect.map(
      Effect.forEach(hosts, ({ child }) => memoryLine(child, child.signal("SIGUSR2"))),
      (bytes) =>
        bytes.reduce<number | undefined>((sum, n) => (sum === undefined || n === undefined ? undefined : sum + n), 0)
    )
  }
})

const ready = (app: string, port: number): Effect.Effect<void, ProcessFailed> =>
  Effect.tryPromise({
    try: () => untilReady(app, port, { millisMax: readyMillisMax }),
    catch: (error) => new ProcessFailed({ reason: "NotReady", command: app, detail: (error as Error).message })
  })

/** One product, and every device with the same secret: what is measured is not the loading of secrets. */
export const provision = (port: number, token: string, { devices, productKey, secret }: Place) =>
  Effect.tryPromise({
    try: async () => {
      const post = async (path: string, contentType: string, body: string) => {
        const headers = { authorization: `Bearer ${token}`, "content-type": contentType }
        const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers, body })
        const text = await response.text()
        if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 200)}`)
        return text
      }
      await post("/v1/products", "application/json", JSON.stringify({ productName: "Benchmark", productKey }))
      const lines = Array.from({ length: devices }, (_, i) =>
        JSON.stringify({ deviceKey: deviceKeyOf(i), deviceSecret: secret })
      )
      const result = await post(`/v1/products/${productKey}/devices:import`, "application/x-ndjson", lines.join("\n"))
      if (!result.includes(`"imported":${devices}`)) throw new Error(`import: ${result.slice(-200)}`)
    },
    catch: (error) => new ProcessFailed({ reason: "NotReady", command: "registry", detail: `${error}` })
  })

/** Four processes that strip types on one core. */
const readyMillisMax = 300_000
