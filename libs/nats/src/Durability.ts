import { Schema } from "effect"

/** The configuration that the servers had when they were asked last; in the bucket STORE at `durabilityKey`. */
export const Durability = Schema.Struct({
  /** Milliseconds since 1970. */
  at: Schema.Finite,
  servers: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      /** How often what was acknowledged is written to the disk; 0: before it is acknowledged. */
      syncMillis: Schema.Finite
    })
  )
})
export type Durability = typeof Durability.Type

export const durabilityKey = "durability"
/** How often the servers are asked, and how old an answer is still believed. */
export const askMillis = 60_000
const believedMillis = 3 * askMillis

/** The failures that an acknowledged message survives, for people, and the seconds of messages that a power cut may take. */
export interface StoredPromise {
  readonly text: string
  /** -1: nobody knows. */
  readonly powerCutLosesSeconds: number
}

/** Whether so long after its start a process says it: the registry, which starts too, may be about to ask the servers. */
export const isToldYet = ({ powerCutLosesSeconds }: StoredPromise, startedMillisAgo: number): boolean =>
  powerCutLosesSeconds >= 0 || startedMillisAgo >= askMillis

/**
 * The servers' promise. One that is older than 2.10 writes to the disk every two minutes and can't be told otherwise. Of a newer
 * one only the system account knows, which the registry asks where it has a login for it.
 */
export const promiseOf = (version: string, durability: Durability | undefined, now: number): StoredPromise => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  if (major < 2 || (major === 2 && minor < 10)) {
    return {
      text: `what is stored survives a crash of any process; a power cut takes up to two minutes of it, since nats-server ${version} can't be told otherwise: 2.10 or newer can (deploy/nats)`,
      powerCutLosesSeconds: 120
    }
  }
  if (durability === undefined || now - durability.at > believedMillis || durability.servers.length === 0) {
    return {
      text: "unknown what a power cut takes: what is stored survives a crash of any process, and no more is known without ROOST_NATS_SYSTEM_USER at the registry",
      powerCutLosesSeconds: -1
    }
  }
  const slowest = durability.servers.reduce((a, b) => (b.syncMillis > a.syncMillis ? b : a))
  return {
    text:
      slowest.syncMillis === 0
        ? "what is stored survives a power cut"
        : `what is stored survives a crash of any process; a power cut takes up to ${slowest.syncMillis} ms of it (sync_interval of ${slowest.name})`,
    powerCutLosesSeconds: slowest.syncMillis / 1_000
  }
}

/** Of a server's answer to `$SYS.REQ.SERVER.PING.JSZ`; undefined if it has no JetStream or says nothing of the kind. */
export const serverOf = (answer: unknown): Durability["servers"][number] | undefined => {
  const { data, server } = answer as {
    readonly data?: { readonly config?: { readonly sync_interval?: number; readonly sync_always?: boolean } }
    readonly server?: { readonly name?: string }
  }
  const nanos = data?.config?.sync_interval
  if (data?.config?.sync_always === true) return { name: String(server?.name), syncMillis: 0 }
  return nanos === undefined ? undefined : { name: String(server?.name), syncMillis: nanos / 1_000_000 }
}
