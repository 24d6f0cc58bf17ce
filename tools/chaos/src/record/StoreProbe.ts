import { jetstream, jetstreamManager, StorageType } from "@nats-io/jetstream"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { setTimeout as sleep } from "node:timers/promises"
import type { StoreWait } from "./Recording.ts"

const stream = { name: "CHAOS_PROBE", subject: "chaos.probe", maxBytes: 1024 * 1024 } as const
const everyMillis = 500
/** Less than the 4 s after which an answer can't go with its ACK any more, by the time between two messages. */
const lateMillis = 3_500
/** After that a message was not taken, as for session-actors. */
const storeMillisMax = 10_000

/**
 * Stores a message of its own twice a second beside Roost's, and keeps the attempts that took long. They say what no app can be blamed
 * for: the servers, or the whole machine, were late.
 */
export const watchStore = async (
  servers: ReadonlyArray<string>,
  waits: Array<StoreWait>,
  signal: AbortSignal
): Promise<void> => {
  const nats = await connect({ servers: [...servers], maxReconnectAttempts: -1 })
  try {
    await makeStream(nats)
    const store = jetstream(nats, { timeout: storeMillisMax })
    while (!signal.aborted) {
      const at = Date.now()
      await store.publish(stream.subject).catch(() => undefined)
      const endedAt = Date.now()
      if (endedAt - at >= lateMillis) waits.push({ at, endedAt })
      await sleep(everyMillis, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    await nats.close()
  }
}

const makeStream = async (nats: NatsConnection): Promise<void> => {
  const manager = await jetstreamManager(nats, { timeout: storeMillisMax })
  const { maxBytes, name, subject } = stream
  await manager.streams.add({ name, subjects: [subject], storage: StorageType.File, max_bytes: maxBytes })
}
