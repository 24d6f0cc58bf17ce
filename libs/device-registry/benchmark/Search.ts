import type { DeviceStatus, Presence } from "@roost/contracts"
import { Clock, Effect, Layer, Result } from "effect"
import { type DeviceQuery, layerSqlRegistryStore, RegistryStore } from "../src/index.ts"
import { layerDatabase } from "./support/Database.ts"

/**
 * The cost of a search for the registry's thread, and how long it takes, by what is searched for. On SQLite, or on an empty PostgreSQL
 * database at DATABASE_URL; a million devices unless DEVICES says otherwise. And what a device costs when it is registered, its part of the
 * index included.
 */
const devices = Number(process.env["DEVICES"] ?? 1_000_000)
const rounds = 5
const batch = 64

const products = ["pk1", "pk2", "pk3"]
const productOf = (i: number): string => products[Math.floor(i / batch) % products.length]!
/** Keys as makers give them: alike at their beginning, scattered over the order of registration. */
const keyOf = (i: number): string => `imei-${860_000_000_000_000 + ((i * 7_919) % devices) * 13}`
const secret = { keyId: "k", bytes: new Uint8Array(60) }

const threadMicros = (): number => {
  const { system, user } = process.threadCpuUsage()
  return system + user
}

const register = Effect.gen(function* () {
  const store = yield* RegistryStore
  for (const productKey of products) {
    yield* store.createProduct({
      productKey,
      productName: productKey,
      dataFormat: "Json",
      dynamicActivateEnabled: false,
      downlink: "pipelined",
      createdAt: 1,
      secret
    })
  }
  const [cpu, began] = [threadMicros(), performance.now()]
  for (let first = 0; first < devices; first += batch) {
    yield* store.createDevices(
      Array.from({ length: Math.min(batch, devices - first) }, (_, j) => {
        const i = first + j
        const deviceKey = keyOf(i)
        const deviceName = i % 3 === 0 ? `Meter ${i} north hall` : deviceKey
        return { productKey: productOf(i), deviceKey, assetId: `asset${i}`, deviceName, secret, createdAt: 1 }
      })
    )
  }
  const each = (micros: number) => (micros / devices).toFixed(1)
  console.log(
    `registering: ${each(threadMicros() - cpu)} µs CPU of the thread a device, ${each((performance.now() - began) * 1e3)} µs in all`
  )
})

const heard = (i: number, at: number): Presence => ({
  productKey: productOf(i),
  deviceKey: keyOf(i),
  state: i % 5 === 0 ? "offline" : "online",
  cause: "handshake",
  at,
  lastSeenAt: at,
  secureMode: 2,
  lifetimeSeconds: 86_400,
  address: "192.0.2.1:10000",
  suite: "TLS_PSK_WITH_AES_128_CCM_8",
  connectionId: false,
  credentialVersion: 1
})

const hear = Effect.fnUntraced(function* (now: number) {
  const store = yield* RegistryStore
  for (let first = 0; first < devices / 2; first += 1_000) {
    yield* store.applyPresence(Array.from({ length: 1_000 }, (_, j) => heard(first + j, now - (first + j) * 100)))
  }
  for (let i = 0; i < devices; i += 1_000) {
    const id = { productKey: productOf(i), deviceKey: keyOf(i) }
    yield* store.changeProperties(id, "tag", { site: `site-${i % 7}` }, now)
  }
})

const complete = Effect.gen(function* () {
  const store = yield* RegistryStore
  const began = performance.now()
  yield* Effect.result(store.searchDevices({ part: "site-6", sort: "deviceKey", limit: 1 })).pipe(
    Effect.delay("1 second"),
    Effect.repeat({ until: (result) => Result.isSuccess(result) && result.success.found > 0 })
  )
  console.log(`the index is complete after ${((performance.now() - began) / 1e3).toFixed(1)} s more`)
})

const online: DeviceStatus = "online"

const queries = (now: number): Readonly<Record<string, Partial<DeviceQuery>>> => ({
  "all, by key": {},
  "all, heard of last": { sort: "-lastSeen" },
  "a part of every key": { part: "imei-86" },
  "the same, heard of last": { part: "imei-86", sort: "-lastSeen" },
  "one letter": { part: "i" },
  "two letters that begin no name": { part: "zz" },
  "digits that many keys have": { part: "0000" },
  "the end of one key": { part: keyOf(devices - 1).slice(-8) },
  "digits that no key has": { part: "999999999" },
  "a third of all names": { part: "meter" },
  "the same, backwards": { part: "meter", sort: "-deviceKey" },
  "a value of a tag": { part: "site-3" },
  "a tag": { tag: { name: "site", value: "site-3" } },
  "a product": { productKey: "pk2" },
  "a state": { status: online },
  "a state of a product, by time": { status: online, productKey: "pk2", sort: "lastSeen" },
  "silent for 12 hours": { seenBefore: now - 43_200_000 },
  "a state that nobody is in, and a part of every key": { status: "disabled", part: "imei-86" },
  "four conditions": {
    part: "meter",
    status: online,
    productKey: "pk2",
    seenBefore: now - 3_600_000,
    sort: "-lastSeen"
  }
})

const bench = Effect.gen(function* () {
  const store = yield* RegistryStore
  yield* register
  const now = yield* Clock.currentTimeMillis
  yield* hear(now)
  yield* complete
  for (const [name, query] of Object.entries(queries(now))) {
    const times: Array<number> = []
    const held: Array<number> = []
    let found = 0
    for (let round = 0; round < rounds; round++) {
      const [cpu, began] = [threadMicros(), performance.now()]
      found = (yield* store.searchDevices({ sort: "deviceKey", limit: 51, ...query })).found
      times.push(performance.now() - began)
      held.push((threadMicros() - cpu) / 1e3)
    }
    const of = (numbers: ReadonlyArray<number>) => {
      const sorted = numbers.toSorted((a, b) => a - b)
      return `${sorted[Math.floor(rounds / 2)]!.toFixed(1)} ms, at most ${sorted.at(-1)!.toFixed(1)}`
    }
    console.log(`${name}: ${found} found, thread ${of(held)}; answer after ${of(times)}`)
  }
  const [cpu, began] = [threadMicros(), performance.now()]
  yield* store.countByStatus
  console.log(
    `counts by product and state: thread ${((threadMicros() - cpu) / 1e3).toFixed(1)} ms, after ${(performance.now() - began).toFixed(0)} ms`
  )
}).pipe(Effect.provide(layerSqlRegistryStore.pipe(Layer.provide(layerDatabase))))

await Effect.runPromise(bench)
