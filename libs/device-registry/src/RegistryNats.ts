import { Buckets, DeviceEvent, RegistryRpcs, registryQueue, Streams, Subjects } from "@roost/contracts"
import { type ConsumedMessage, durableConsumer, awaitStreams, NatsConnection, serveRpc } from "@roost/nats"
import { metrics } from "@roost/observability"
import { Clock, Effect, Layer, Result, Schedule, Schema } from "effect"
import { Credentials } from "./Credentials.ts"
import { answerPropertiesAsk } from "./DeviceProperties.ts"
import { decodePresence, eventOf } from "./PresenceMessages.ts"
import { RegistryStore } from "./RegistryStore.ts"
import { openToldProfiles } from "./ToldProfiles.ts"

/**
 * This instance tells its own changes at once. The store is asked for the rest this often: what an instance left that died, or
 * that could not be told while NATS was away.
 */
const tellEveryMillis = 2_000
/** And this often while something is not told: another instance may be telling, without this one's last change. */
const tellAgainMillis = 100
const tellBatchMax = 256

/**
 * One transaction per batch, each with a sync of the disk and every page that it touched. Filed as they come, presence and events
 * of 1 000 handshakes a second took two thirds of the registry's time. Nobody but the API's readers waits for them, at most a
 * second; what comes alone is filed at once. A batch on SQLite keeps questions waiting for some 15 ms.
 */
const batching = { batchMax: 1024, batchEveryMillis: 1_000 } as const

/** The registry's side of the bus (docs/architecture.md §3, §4): answers questions, follows presence and events. */
export const layerRegistryNats = Layer.effectDiscard(
  Effect.gen(function* () {
    const credentials = yield* Credentials
    const queue = { queue: registryQueue }
    yield* serveRpc(RegistryRpcs.psk, queue, (request) =>
      Effect.tap(credentials.psk(request), (reply) => Effect.sync(() => countAnswer(reply)))
    )
    yield* serveRpc(RegistryRpcs.activate, queue, (request) =>
      Effect.tap(credentials.activate(request), (reply) => Effect.sync(() => countActivation(reply)))
    )
    yield* serveRpc(RegistryRpcs.device, queue, credentials.describe)
    yield* serveRpc(RegistryRpcs.properties, queue, answerPropertiesAsk)
    yield* awaitStreams({
      streams: [Streams.presence, Streams.event, Streams.stranger, Streams.credential, Streams.setAside],
      buckets: [Buckets.profiles]
    })
    yield* followPresence
    yield* followEvents
    yield* Effect.forkScoped(tellChanges)
  })
)

const followPresence = Effect.gen(function* () {
  const store = yield* RegistryStore
  yield* durableConsumer({
    stream: Streams.presence.name,
    durable: "registry-presence",
    ...batching,
    filterSubject: Streams.presence.subjects[0]!,
    handler: Effect.fnUntraced(function* (messages) {
      const presences = readAll(decodePresence, messages)
      // Delivered again it changes nothing: presence is known by its time, an event by time, kind and reason.
      yield* store.filePresence(presences, presences.map(eventOf), yield* Clock.currentTimeMillis)
    })
  })
})

const followEvents = Effect.gen(function* () {
  const store = yield* RegistryStore
  yield* durableConsumer({
    stream: Streams.event.name,
    durable: "registry-events",
    ...batching,
    filterSubject: Streams.event.subjects[0]!,
    handler: Effect.fnUntraced(function* (messages) {
      const ofDevices = messages.filter(({ subject }) => subject.split(".").length === deviceEventTokens)
      yield* store.addEvents(readAll(decodeEvent, ofDevices), yield* Clock.currentTimeMillis)
    })
  })
})

/**
 * Puts every change of a credential into the stream CREDENTIAL, in order. Every product and model that changed goes into the
 * bucket PROFILES. Both happen at least once.
 */
const tellChanges = Effect.gen(function* () {
  const store = yield* RegistryStore
  const { connected, jetstream } = yield* NatsConnection
  const profiles = yield* openToldProfiles
  const tell = Effect.gen(function* () {
    const acknowledged: Array<number> = []
    yield* Effect.forEach(
      yield* store.untoldChanges(tellBatchMax),
      Effect.fnUntraced(function* ({ id, change }) {
        const subject = Subjects.credential(change.productKey, change.deviceKey)
        // By its id the stream knows a change that was stored before this process could forget it.
        const msgID = `${subject} ${change.credentialVersion}`
        yield* Effect.tryPromise(() => jetstream.publish(subject, JSON.stringify(change), { msgID }))
        acknowledged.push(id)
        told.inc()
      }),
      { discard: true }
      // In one commit, also where the stream took some of them: each commit holds the thread until the disk has it.
    ).pipe(
      Effect.ensuring(
        Effect.suspend(() => (acknowledged.length === 0 ? Effect.void : store.forgetChanges(acknowledged)))
      )
    )
    for (const { id, key, profile } of yield* store.untoldProfiles(tellBatchMax)) {
      yield* profiles.put(key, profile)
      yield* store.forgetProfile(id)
    }
  })
  const tellIfAny = Effect.gen(function* () {
    // The client would hold the message back until its timeout.
    if (!connected()) return false
    const catchUp = yield* profiles.outdated
    if (catchUp !== undefined) yield* store.unlessToldElsewhere(catchUp)
    if ((yield* store.untoldChanges(1)).length === 0 && (yield* store.untoldProfiles(1)).length === 0) return false
    yield* store.unlessToldElsewhere(tell)
    return true
  })
  yield* tellIfAny.pipe(
    // A database that is away for a while is no reason to stop telling.
    Effect.sandbox,
    Effect.tapError((cause) => Effect.logWarning("a change of a credential, product or model is not told yet", cause)),
    Effect.retry(Schedule.spaced("1 second")),
    Effect.flatMap((found) =>
      Effect.raceFirst(store.somethingToTell, Effect.sleep(found ? tellAgainMillis : tellEveryMillis))
    ),
    Effect.forever
  )
})

const countAnswer = (reply: typeof RegistryRpcs.psk.response.Type): void => {
  metrics
    .counter("roost_registry_psk_total", "Keys asked for by the actors.", {
      result: reply._tag === "Found" ? "Found" : reply.reason
    })
    .inc()
}

const countActivation = (reply: typeof RegistryRpcs.activate.response.Type): void => {
  metrics
    .counter("roost_registry_activations_total", "Secrets that devices asked for with their product's.", {
      result: reply._tag === "Issued" ? "Issued" : reply.reason
    })
    .inc()
}

/** A message that can't be read would come again for ever, so it is counted and left out. */
const readAll = <A>(
  decode: (data: Uint8Array) => A | undefined,
  messages: ReadonlyArray<ConsumedMessage>
): ReadonlyArray<A> => {
  const values: Array<A> = []
  for (const { data } of messages) {
    const value = decode(data)
    if (value === undefined) unreadable.inc()
    else values.push(value)
  }
  return values
}

const decodeEvent = (data: Uint8Array): DeviceEvent | undefined => {
  const decoded = decodeEventText(utf8.decode(data))
  return Result.isSuccess(decoded) ? decoded.success : undefined
}

/**
 * Events of Roost itself have fewer tokens, and are of no device: operators read them from the stream. A product may be called `operator`.
 */
const deviceEventTokens = Subjects.event("pk", "dk", "kind").split(".").length
const decodeEventText = Schema.decodeUnknownResult(Schema.fromJsonString(DeviceEvent))
const utf8 = new TextDecoder()
const told = metrics.counter("roost_registry_credential_changes_total", "Changes of credentials told to the actors.")
const unreadable = metrics.counter(
  "roost_registry_messages_unreadable_total",
  "Presence and events that do not decode."
)
