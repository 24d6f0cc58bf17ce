import type { Exchange, Recording, RecordSeen } from "../../src/record/Recording.ts"

const start = 1_700_000_000_000
/** Of a second of the recording, in milliseconds since 1970. */
export const at = (seconds: number): number => start + seconds * 1000

/**
 * A recording without a fault. Device 0 posts every 5 s for 100 s. Device 1, Lifetime 30 s, posts at 5 s and 80 s: offline at 35 s.
 */
export const clean = (): Draft => {
  const exchanges: Array<Exchange> = []
  const records: Array<RecordSeen> = []
  const uplinks: Array<{ deviceKey: string; id: string }> = []
  const post = (device: number, seconds: number): void => {
    const id = `${device}-${seconds}`
    const sequence = exchanges.length
    const key = device
    records.push({ device, key, direction: "up", epoch: 1, sequence, at: at(seconds) })
    records.push({ device, key, direction: "down", epoch: 1, sequence, at: at(seconds) + 20 })
    exchanges.push({ device, kind: "uplink", id, sentAt: [at(seconds)], endedAt: at(seconds) + 20, code: "2.04" })
    uplinks.push({ deviceKey: `d${device}`, id })
  }
  for (let seconds = 5; seconds <= 100; seconds += 5) post(0, seconds)
  post(1, 5)
  post(1, 80)
  return {
    startedAt: start,
    endedAt: at(100),
    devices: [
      { deviceKey: "d0", role: "steady", lifetimeSeconds: 60 },
      { deviceKey: "d1", role: "sleeper", lifetimeSeconds: 30 }
    ],
    records,
    exchanges,
    handshakes: [
      { device: 0, at: at(1), resumed: false, reason: "first" },
      { device: 1, at: at(1), resumed: false, reason: "first" }
    ],
    commands: [{ commandId: "c1", device: 0, at: at(10), state: "succeeded", ends: ["succeeded"] }],
    attempts: [
      { device: 0, key: 0, sentAt: [at(0.9)], serverHelloAt: at(0.95), endedAt: at(1), completed: true },
      { device: 1, key: 1, sentAt: [at(0.9)], serverHelloAt: at(0.95), endedAt: at(1), completed: true }
    ],
    faults: [{ kind: "sigkill", target: "session-actors-1", at: at(50), endedAt: at(52) }],
    storeWaits: [],
    stored: {
      uplinks,
      commandTraces: [],
      presence: [
        { deviceKey: "d0", state: "online", at: at(1) },
        { deviceKey: "d1", state: "online", at: at(1) },
        { deviceKey: "d1", state: "offline", at: at(35) },
        { deviceKey: "d1", state: "online", at: at(80) }
      ]
    }
  }
}

type Mutable<T> = T extends object
  ? { -readonly [K in keyof T]: T[K] extends ReadonlyArray<infer A> ? Array<Mutable<A>> : Mutable<T[K]> }
  : T
/** A recording that a test spoils. */
export type Draft = Mutable<Recording>
