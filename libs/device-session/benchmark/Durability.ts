import { Code } from "@roost/coap"
import { Sealing, sealPurpose, sessionKey } from "@roost/contracts"
import { aes256Gcm } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import { exchangeId } from "../src/requests/ExchangeId.ts"
import { decodeStoredSession, encodeStoredSession } from "../src/state/StoredSession.ts"
import { World } from "../test/support/World.ts"

// The cost of durable sessions in this process: bytes and CPU per stored session, sessions taken over per second, CPU that
// an uplink's name adds. The work of nats-server for it is not in these numbers.
const count = 20_000
const world = new World()
for (let i = 0; i < count; i++) world.device(`dev${i}`, 1 + i, { connectionId: new Uint8Array(0) }).connect()
const sealing = new Sealing(new Uint8Array(32).fill(7), sealPurpose.session, aes256Gcm)
const keys = Array.from({ length: count }, (_, i) => sessionKey("pk1", `dev${i}`))
const records = keys.map((key) => world.store.entries.get(key)!.record)
const stored = records.map((record) => Result.getOrThrow(decodeStoredSession(record, 0)))

const measure = (name: string, work: (index: number) => void): void => {
  for (let i = 0; i < count; i++) work(i)
  const before = process.cpuUsage()
  for (let i = 0; i < count; i++) work(i)
  const { system, user } = process.cpuUsage(before)
  console.log(`${name}: ${((user + system) / count).toFixed(2)} µs`)
}

const sealed = keys.map((key, i) => sealing.seal(key, records[i]!))
console.log(`stored session: ${records[0]!.length} bytes, sealed ${sealed[0]!.length}`)
measure("key, encode and seal one session", (i) => {
  sealing.seal(sessionKey("pk1", `dev${i}`), encodeStoredSession(stored[i]!, 4096))
})
const payload = new Uint8Array(150).fill(65)
const request = {
  code: Code.Post,
  confirmable: true,
  messageId: 7,
  token: Uint8Array.of(1, 2, 3, 4),
  path: [],
  query: [],
  contentFormat: undefined,
  accept: undefined,
  payload
}
measure("name of an uplink of 150 bytes", () => exchangeId("0123456789abcdef", request))
const heir = new World()
const before = process.cpuUsage()
for (let i = 0; i < count; i++) heir.host.restore(heir.now, i + 1, sealing.open(keys[i]!, sealed[i]!))
const { system, user } = process.cpuUsage(before)
const micros = (user + system) / count
console.log(`open, decode and restore one session: ${micros.toFixed(2)} µs, ${Math.round(1e6 / micros)} per second`)
console.log(`${heir.host.gauges.devices} devices`)
