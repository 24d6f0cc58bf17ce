import { sealingKeys } from "@roost/contracts"
import { Effect, Layer } from "effect"
import { loadavg } from "node:os"
import { monitorEventLoopDelay } from "node:perf_hooks"
import {
  Credentials,
  layerProductDeletions,
  layerSqlRegistryStore,
  LiveStatus,
  ProductRemains,
  Registry,
  RegistryStore,
  SecretVault,
  Vault
} from "../src/index.ts"
import { layerDatabase, onPostgres } from "./support/Database.ts"

/**
 * The waits of others while a product of many devices is deleted. It shows how long the registry's thread is held, and by which
 * call of the store for longest. It shows how long look-ups of keys take, each handshake's part. On SQLite, or on an empty
 * PostgreSQL database at DATABASE_URL. The argument is how many devices there are. On a busy machine the CPU time of the thread
 * is to be read: the rest is time of others.
 */
const devices = Number(process.argv[2] ?? 100_000)
const eventsPerDevice = 3
const lookupEveryMillis = 5

/** The longest that each call of the store held the thread, in milliseconds. */
interface Held {
  readonly wall: number
  readonly cpu: number
}
const longest = new Map<string, Held>()

/** Calls of SQLite begin and end in one turn; those of PostgreSQL hold the thread in between only. */
const timed = (name: string, call: Effect.Effect<unknown>) =>
  Effect.suspend(() => {
    const begun = performance.now()
    const used = process.threadCpuUsage()
    return Effect.tap(call, () =>
      Effect.sync(() => {
        const { system, user } = process.threadCpuUsage(used)
        const wall = performance.now() - begun
        if (wall > (longest.get(name)?.wall ?? 0)) longest.set(name, { wall, cpu: (system + user) / 1000 })
      })
    )
  })

const layerTimedStore = Layer.effect(
  RegistryStore,
  Effect.map(RegistryStore, (store) =>
    RegistryStore.of(
      Object.fromEntries(
        Object.entries(store).map(([name, call]) => [
          name,
          untimed.has(name)
            ? call
            : typeof call === "function"
              ? (...args: ReadonlyArray<never>) =>
                  timed(name, (call as (...args: ReadonlyArray<never>) => Effect.Effect<unknown>)(...args))
              : timed(name, call as Effect.Effect<unknown>)
        ])
      ) as unknown as typeof store
    )
  )
)
/** They wait, or run what is timed itself. */
const untimed = new Set([
  "somethingToDelete",
  "somethingToTell",
  "unlessDeletedElsewhere",
  "unlessToldElsewhere",
  "countDevices"
])

const bench = Effect.gen(function* () {
  const registry = yield* Registry
  const credentials = yield* Credentials
  const store = yield* RegistryStore
  const settings = { dataFormat: "Json", dynamicActivateEnabled: false, downlink: "pipelined" } as const
  for (const productKey of ["going", "staying"]) {
    yield* registry.createProduct({ ...settings, productKey, productName: "Meters" })
  }
  yield* registry.createDevices("staying", [{ deviceKey: "d" }])
  for (let i = 0; i < devices; i += 500) {
    const keys = Array.from({ length: Math.min(500, devices - i) }, (_, n) => `device-${i + n}`)
    yield* registry.createDevices(
      "going",
      keys.map((deviceKey) => ({ deviceKey }))
    )
    for (let at = 0; at < eventsPerDevice; at++) {
      const eventOf = (deviceKey: string) =>
        ({ productKey: "going", deviceKey, kind: "online", at, address: "", reason: "verified" }) as const
      yield* store.addEvents(keys.map(eventOf), at)
    }
  }

  const held = monitorEventLoopDelay({ resolution: 1 })
  const lookups: Array<number> = []
  longest.clear()
  held.enable()
  const started = performance.now()
  const lookUp = Effect.gen(function* () {
    const asked = performance.now()
    yield* credentials.psk({ productKey: "staying", deviceKey: "d", secureMode: 2 })
    lookups.push(performance.now() - asked)
    yield* Effect.sleep(lookupEveryMillis)
  })
  // As `tellChanges` does, without a nats-server.
  const tell = Effect.gen(function* () {
    yield* store.forgetChanges((yield* store.untoldChanges(256)).map(({ id }) => id))
    yield* Effect.sleep(1)
  })
  yield* Effect.forkScoped(Effect.forever(lookUp))
  yield* Effect.forkScoped(Effect.forever(tell))
  yield* registry.deleteProduct("going", true)
  yield* store
    .anyProduct("going")
    .pipe(Effect.delay("50 millis"), Effect.repeat({ until: (found) => found === undefined }))
  const seconds = (performance.now() - started) / 1000
  lookups.sort((a, b) => a - b)
  const at = (part: number) => lookups[Math.floor((lookups.length - 1) * part)]!.toFixed(1)
  console.log(
    `${devices} devices in ${seconds.toFixed(1)} s at load ${loadavg()[0]!.toFixed(0)}; the thread was held ${(held.percentile(99) / 1e6).toFixed(1)} ms at p99, ` +
      `${(held.max / 1e6).toFixed(1)} ms at most; ${lookups.length} look-ups took ${at(0.5)} ms at p50, ${at(0.99)} at p99, ${at(1)} at most`
  )
  if (onPostgres) return
  for (const [name, { cpu, wall }] of [...longest].toSorted(([, a], [, b]) => b.wall - a.wall).slice(0, 4)) {
    console.log(`${name} held it ${wall.toFixed(1)} ms at most, ${cpu.toFixed(1)} ms of CPU`)
  }
})

const layer = Layer.mergeAll(
  Registry.layer,
  Credentials.layer,
  layerProductDeletions.pipe(Layer.provide(ProductRemains.layerNone))
).pipe(
  Layer.provideMerge(layerTimedStore.pipe(Layer.provide(layerSqlRegistryStore), Layer.provide(layerDatabase))),
  Layer.provide(
    Layer.succeed(
      SecretVault,
      SecretVault.of(new Vault(sealingKeys(new Uint8Array(32)), sealingKeys(new Uint8Array(32))))
    )
  ),
  Layer.provide(LiveStatus.layerNone)
)
await Effect.runPromise(Effect.scoped(Effect.provide(bench, layer)))
