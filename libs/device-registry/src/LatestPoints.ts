import { decodeToken, Setting, Streams, UplinkHeader } from "@roost/contracts"
import { numeralOf, reportedPoints } from "@roost/enos"
import { type ConsumedMessage, durableConsumer, awaitStreams, StoredMessages } from "@roost/nats"
import { Config, Effect, Layer, Schedule } from "effect"
import { type LatestPoint, type PointsOfDevice, RegistryStore } from "./RegistryStore.ts"

/** Whether the registry reads uplinks for the latest value of every point. */
export const LatestValuesEnabled = Setting.withDefault(
  "ROOST_LATEST_VALUES",
  "whether uplinks are read for the latest value of every point",
  Config.Boolean,
  true
)

/** Whether the registry copies uplinks that are ten minutes apart. */
export const UplinkCopiesEnabled = Setting.withDefault(
  "ROOST_UPLINK_COPIES",
  "whether the newest uplinks that are ten minutes apart are copied to the database, so that a history comes at once: 17 KB a device",
  Config.Boolean,
  true
)

/** Uplinks that wait in memory to be filed together: some 8 MB of them. */
export const latestPointsBatchMax = 8192

/**
 * Nobody waits for it but the API's readers: values are filed so often, one row for each device that reported meanwhile. With what filing
 * takes a reader is a second behind the stream at most.
 */
const batching = { batchMax: latestPointsBatchMax, batchEveryMillis: 900 } as const

/** How often the stream is asked since when it has uplinks. */
const forgetEveryMillis = 600_000

/**
 * Follows the uplinks of kind `measurepoint` and keeps the latest value of every point, behind the stream and never in a
 * device's way. Instances share the uplinks; which value is the latest is decided by time, not by order.
 */
export const layerLatestPoints = Layer.unwrap(
  Effect.map(LatestValuesEnabled, (enabled) => (enabled ? Layer.effectDiscard(followUplinks) : Layer.empty))
)

const followUplinks = Effect.gen(function* () {
  const store = yield* RegistryStore
  const copies = yield* UplinkCopiesEnabled
  yield* awaitStreams({ streams: [Streams.uplink, Streams.setAside], buckets: [] })
  yield* durableConsumer({
    stream: Streams.uplink.name,
    durable: "registry-latest-points",
    ...batching,
    filterSubject: "roost.uplink.*.*.measurepoint",
    handler: (messages) => store.applyPoints(latestOf(messages), { copies })
  })
  yield* Effect.forkScoped(forgetExpired)
})

/** What the stream has no more is not kept here either, of devices too that send nothing new. */
const forgetExpired = Effect.gen(function* () {
  const store = yield* RegistryStore
  const { since } = yield* (yield* StoredMessages).begin(Streams.uplink.name)
  if (since === undefined) return
  // Others have their turn between the transactions.
  while (yield* store.forgetCopies(since)) yield* Effect.yieldNow
}).pipe(
  // Without an answer of nats-server now, there is one the next time.
  Effect.ignore,
  Effect.repeat(Schedule.spaced(forgetEveryMillis))
)

/** The latest of each point of each device among these uplinks. */
const latestOf = (messages: ReadonlyArray<ConsumedMessage>): ReadonlyArray<PointsOfDevice> => {
  const devices = new Map<
    string,
    PointsOfDevice & { readonly points: Map<string, LatestPoint>; readonly uplinks: Array<ConsumedMessage> }
  >()
  for (const message of messages) {
    const { data, header, subject } = message
    const [, , productKey, deviceKey] = subject.split(".").map(decodeToken)
    if (productKey === undefined || deviceKey === undefined) continue
    const receivedAt = Number(header(UplinkHeader.time))
    let known = devices.get(subject)
    if (known === undefined) devices.set(subject, (known = { productKey, deviceKey, points: new Map(), uplinks: [] }))
    known.uplinks.push(message)
    for (const { id, ...point } of reportedPoints(data, receivedAt)) {
      // A clock that is ahead would keep out all that comes after it is set right.
      const latest = { ...point, order: Math.min(Number(numeralOf(point.time)), receivedAt) }
      if (latest.order >= (known.points.get(id)?.order ?? -Infinity)) known.points.set(id, latest)
    }
  }
  return [...devices.values()]
}
