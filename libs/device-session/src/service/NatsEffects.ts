import {
  type ActivateRequest,
  type CommandEvent,
  CredentialChange,
  Buckets,
  formatTraceparent,
  FrameWriter,
  mistakesContext,
  pskContext,
  type PropertiesRequest,
  type PskRequest,
  RegistryRpcs,
  Sealing,
  type SealingKeys,
  sessionKey,
  Streams,
  sealPurpose,
  secretContext,
  Subjects,
  type TraceContext,
  traceparentHeader,
  UplinkHeader
} from "@roost/contracts"
import { aes256Gcm } from "@roost/dtls-crypto"
import { type KeyMistake, keyMistakes, type MistakenKey } from "@roost/enos"
import {
  deleteMessage,
  EventPublisher,
  FrameBus,
  headerLines,
  lastMessage,
  makePatientPublisher,
  StoreOutcomes,
  makeStreamPublisher,
  NatsConnection,
  type NatsError,
  oneLine,
  requestRpc,
  type Settled,
  type StoredMessage
} from "@roost/nats"
import { Health } from "@roost/observability"
import { type Conversion, ScriptPool } from "@roost/raw-script"
import { Effect, FiberSet, Result, Schema, type Scope } from "effect"
import type { CarryOut, HostEffect } from "../host/HostEffect.ts"
import type { FormerSeals } from "./FormerSeals.ts"
import type {
  ActivationOutcome,
  PropertiesOutcome,
  PskOutcome,
  ReadOutcome,
  RecallOutcome,
  SaveOutcome,
  UplinkRecord,
  UplinkTrace
} from "../state/Outcomes.ts"

/** Where answers to what the host wanted go. */
export interface HostAnswers {
  readonly psk: (token: number, outcome: PskOutcome) => void
  readonly activation: (token: number, outcome: ActivationOutcome) => void
  readonly properties: (token: number, outcome: PropertiesOutcome) => void
  readonly converted: (token: number, conversion: Conversion) => void
  readonly stored: (token: number, stored: boolean) => void
  readonly saved: (token: number, outcome: SaveOutcome) => void
  readonly read: (token: number, outcome: ReadOutcome) => void
  readonly recalled: (token: number, outcome: RecallOutcome) => void
}

/** Subject of a key in the bucket SESSIONS, and the stream that the bucket is. */
export const sessionSubject = (key: string): string => `$KV.${Buckets.sessions.name}.${key}`
export const sessionStream = `KV_${Buckets.sessions.name}`

/** Uplinks and command events of this node that wait for the stream's ack. */
const storesInFlightMax = 65_536
/** How long the store may take before the device is told 5.00; a cluster of three chooses another leader in 2 to 5 s. */
export const storeMillisMax = 10_000

/** Carries out over NATS what a device host wants: no promise and no fiber per uplink, a fiber per question to the registry. */
export const makeNatsEffects = Effect.fnUntraced(function* (options: {
  readonly clusterKeys: SealingKeys
  readonly answers: HostAnswers
  /** `nodeId` of the other node that owns a partition or is about to. */
  readonly destinationOf: (partition: number) => string | undefined
  /** False: what devices report is refused. */
  readonly mayStore: () => boolean
  readonly formerSeals: FormerSeals
}): Effect.fn.Return<CarryOut, never, NatsConnection | FrameBus | EventPublisher | Health | Scope.Scope> {
  const { answers, clusterKeys, destinationOf, formerSeals, mayStore } = options
  const bus = yield* FrameBus
  const events = yield* EventPublisher
  const run = yield* FiberSet.makeRuntime<NatsConnection>()
  const scripts = yield* Effect.acquireRelease(
    Effect.sync(() => new ScriptPool()),
    (pool) => Effect.promise(() => pool.close())
  )
  const pskSealing = new Sealing(clusterKeys, sealPurpose.psk, aes256Gcm)
  const sessionSealing = new Sealing(clusterKeys, sealPurpose.session, aes256Gcm)
  const secretSealing = new Sealing(clusterKeys, sealPurpose.secret, aes256Gcm)
  const outcomes = new StoreOutcomes(Streams.uplink.name)
  yield* (yield* Health).register("uplink", () => outcomes.problem(performance.now()))
  const onSettled = (token: number, settled: Settled) => {
    if (settled._tag === "Stored") outcomes.stored()
    else outcomes.refused(performance.now(), settled.reason)
    answers.stored(token, settled._tag === "Stored")
  }
  const stores = yield* makePatientPublisher({ onSettled, inFlightMax: storesInFlightMax, storeMillisMax })
  // Nobody waits for these: who fetched a command again has another event.
  const notes = yield* makeStreamPublisher({ onSettled: () => {}, inFlightMax: storesInFlightMax })

  const onSaved = (token: number, settled: Settled) => {
    formerSeals.written(token, settled._tag === "Stored" || settled.reason === "conflict")
    if (settled._tag === "Stored") answers.saved(token, { _tag: "Saved", revision: settled.sequence })
    else answers.saved(token, notSaved[settled.reason])
  }
  const sessions = yield* makeStreamPublisher({ onSettled: onSaved, inFlightMax: storesInFlightMax })

  const openPsk = (request: PskRequest, sealed: string): Uint8Array | undefined =>
    pskSealing.open(pskContext(request), Buffer.from(sealed, "base64"))

  const openMistakes = (request: PskRequest, sealed: string): ReadonlyArray<MistakenKey> => {
    const opened = pskSealing.open(mistakesContext(request), Buffer.from(sealed, "base64"))
    const keys =
      opened === undefined ? {} : (JSON.parse(Buffer.from(opened).toString("utf8")) as Record<string, string>)
    return Object.entries(keys).flatMap(([mistake, key]) =>
      // A newer registry may know more of them.
      mistake in keyMistakes ? [{ mistake: mistake as KeyMistake, key: Uint8Array.fromHex(key) }] : []
    )
  }

  const askKey = (token: number, request: PskRequest) =>
    requestRpc(RegistryRpcs.psk, request).pipe(
      Effect.map((reply): PskOutcome => {
        // A refusal has a key too, which nobody has: opening it takes the time that any other answer takes.
        const psk = reply.sealedPsk === undefined ? undefined : openPsk(request, reply.sealedPsk)
        const { sealedMistakes } = reply
        const mistakes = sealedMistakes === undefined ? {} : { mistakes: openMistakes(request, sealedMistakes) }
        if (reply._tag === "Refused") return { _tag: "Refused", reason: reply.reason, ...mistakes }
        if (psk === undefined) return clusterKeysDiffer
        const { previous, ...found } = reply
        const former = previous && openPsk(request, previous.sealedPsk)
        if (former === undefined) return { ...found, psk, ...mistakes }
        const version = previous!.credentialVersion
        return { ...found, psk, previous: { psk: former, credentialVersion: version }, ...mistakes }
      }),
      Effect.catch(unavailable),
      Effect.map((outcome) => answers.psk(token, outcome))
    )

  const askActivation = (token: number, request: ActivateRequest) =>
    requestRpc(RegistryRpcs.activate, request).pipe(
      Effect.map((reply): ActivationOutcome => {
        if (reply._tag === "Refused") return reply
        const sealed = Buffer.from(reply.sealedSecret, "base64")
        const secret = secretSealing.open(secretContext(request), sealed)
        if (secret === undefined) return clusterKeysDiffer
        return { _tag: "Issued", assetId: reply.assetId, deviceSecret: Buffer.from(secret).toString("utf8") }
      }),
      Effect.catch(unavailable),
      Effect.map((outcome) => answers.activation(token, outcome))
    )

  const askProperties = (token: number, request: PropertiesRequest) =>
    requestRpc(RegistryRpcs.properties, request).pipe(
      Effect.catch(unavailable),
      Effect.map((outcome) => answers.properties(token, outcome))
    )

  const readSession = (token: number, productKey: string, deviceKey: string) => {
    const key = sessionKey(productKey, deviceKey)
    return lastMessage(sessionStream, sessionSubject(key)).pipe(
      Effect.map((message): ReadOutcome => {
        if (message === undefined) return { _tag: "None" }
        formerSeals.read(key, message.sequence, message.data)
        return { _tag: "Found", revision: message.sequence, record: sessionSealing.open(key, message.data) }
      }),
      Effect.catch(storeUnavailable),
      Effect.map((outcome) => answers.read(token, outcome))
    )
  }

  const recall = ({ deviceKey, kinds, productKey, token }: HostEffect & { readonly _tag: "Recall" }) => {
    const credential = lastMessage(Streams.credential.name, Subjects.credential(productKey, deviceKey))
    const uplinks = kinds.map((kind) => lastMessage(Streams.uplink.name, Subjects.uplink(productKey, deviceKey, kind)))
    return Effect.all([credential, Effect.all(uplinks, { concurrency: "unbounded" })], {
      concurrency: "unbounded"
    }).pipe(
      Effect.map(([change, found]): RecallOutcome => ({
        _tag: "Recalled",
        uplinks: found.flatMap((message) => (message === undefined ? [] : [traceOf(message)])),
        credentialVersion: change === undefined ? 0 : versionOf(change.data)
      })),
      Effect.catch(storeUnavailable),
      Effect.map((outcome) => answers.recalled(token, outcome))
    )
  }

  const storeUplink = (token: number, uplink: UplinkRecord): boolean => {
    if (!mayStore()) return false
    const subject = Subjects.uplink(uplink.productKey, uplink.deviceKey, uplink.kind)
    return stores.publish(subject, uplinkHeaders(uplink), uplink.payload, token)
  }

  const storeCommandEvent = (effect: HostEffect & { readonly _tag: "StoreCommandEvent" }): boolean => {
    const { deviceKey, event, productKey, token } = effect
    const subject = subjectOf(productKey, deviceKey, event)
    const payload = utf8.encode(JSON.stringify(event))
    // An overtaken command that nobody hears of stays pending until its time is over.
    if (token === 0 && event._tag !== "Overtaken") return notes.publish(subject, "", payload, token)
    const id = `${event.commandId}-${event._tag}-${event.at}`
    const lines = headerLines([["Nats-Msg-Id", id]])
    return stores.publish(subject, lines + traceLine(effect.trace), payload, token)
  }

  const saveSession = (effect: HostEffect & { readonly _tag: "SaveSession" }): boolean => {
    const { deviceKey, productKey, record, revision, token } = effect
    const key = sessionKey(productKey, deviceKey)
    const lines = headerLines([["Nats-Expected-Last-Subject-Sequence", String(revision)]])
    formerSeals.write(token, revision)
    return sessions.publish(sessionSubject(key), lines, sessionSealing.seal(key, record), token)
  }

  const forward = ({ body, edgeId, kind, partition, peer }: HostEffect & { readonly _tag: "Forward" }): boolean => {
    const nodeId = destinationOf(partition)
    if (nodeId === undefined) return false
    // The edge's name stays on it: the answer goes there.
    const writer = new FrameWriter(edgeId)
    writer.add(kind, partition, peer, body)
    return bus.publish(Subjects.frameToNode(nodeId), writer.takeView())
  }

  return (effect) => {
    switch (effect._tag) {
      case "StoreUplink":
        return storeUplink(effect.token, effect.uplink)
      case "Frame":
        bus.publish(Subjects.frameToEdge(effect.edgeId), effect.frame, effect.headers)
        return true
      case "Forward":
        return forward(effect)
      case "SaveSession":
        return saveSession(effect)
      case "StoreCommandEvent":
        return storeCommandEvent(effect)
      case "AskKey":
        run(askKey(effect.token, effect.request))
        return true
      case "AskActivation":
        run(askActivation(effect.token, effect.request))
        return true
      case "AskProperties":
        run(askProperties(effect.token, effect.request))
        return true
      case "RunScript": {
        const { direction, input, script } = effect.call
        scripts.convert(script, direction, input, (conversion) => answers.converted(effect.token, conversion))
        return true
      }
      case "ReadSession":
        run(readSession(effect.token, effect.productKey, effect.deviceKey))
        return true
      case "DeleteSession":
        // A session that is not deleted now is dropped by its next owner for the same reason.
        formerSeals.deleted(effect.revision)
        run(deleteMessage(sessionStream, effect.revision))
        return true
      case "Recall":
        run(recall(effect))
        return true
      case "Presence": {
        const { presence } = effect
        events.publish("presence", Subjects.presence(presence.productKey, presence.deviceKey), presence)
        return true
      }
      case "Event": {
        const { event } = effect
        events.publish("event", Subjects.event(event.productKey, event.deviceKey, event.kind), event)
        return true
      }
      case "Stranger":
        // Without an ack and a second try: what strangers caused is worth a message, and no queue.
        bus.publish(Subjects.stranger, utf8.encode(JSON.stringify(effect.event)))
        return true
    }
  }
})

/** As `headerLines` would render them, without its lists: they were a tenth of what an uplink allocates. */
const uplinkHeaders = ({ at, id, method, record, repeats, session, topic, trace }: UplinkRecord): string =>
  `${UplinkHeader.session}: ${session}\r\n${UplinkHeader.topic}: ${oneLine(topic)}\r\n` +
  `${UplinkHeader.method}: ${oneLine(method)}\r\n${UplinkHeader.time}: ${at}\r\n` +
  `${UplinkHeader.record}: ${record}\r\nNats-Msg-Id: ${id}\r\n${repeats === undefined ? "" : `${UplinkHeader.repeats}: ${repeats}\r\n`}${traceLine(trace)}`

const traceLine = (trace: TraceContext | undefined): string =>
  trace === undefined ? "" : `${traceparentHeader}: ${formatTraceparent(trace)}\r\n`

const subjectOf = (productKey: string, deviceKey: string, event: CommandEvent): string =>
  Subjects.command(commandEventKinds[event._tag], productKey, deviceKey)

const commandEventKinds = { Hinted: "hinted", Fetched: "fetched", Replied: "replied", Overtaken: "overtaken" } as const

const traceOf = ({ header }: StoredMessage): UplinkTrace => {
  // Uplinks of an older version have no record number.
  const record = Number(header(UplinkHeader.record) || -1)
  return {
    session: header(UplinkHeader.session),
    id: header("Nats-Msg-Id"),
    record: Number.isSafeInteger(record) ? record : -1,
    at: Number(header(UplinkHeader.time)) || 0
  }
}

const versionOf = (data: Uint8Array): number => {
  const change = decodeChange(Buffer.from(data).toString("utf8"))
  return Result.isSuccess(change) ? change.success.credentialVersion : 0
}

const decodeChange = Schema.decodeUnknownResult(Schema.fromJsonString(CredentialChange))

const unknown: SaveOutcome = { _tag: "Unknown" }
const refused: SaveOutcome = { _tag: "Refused" }
const notSaved: Readonly<Record<Extract<Settled, { readonly _tag: "Failed" }>["reason"], SaveOutcome>> = {
  conflict: { _tag: "Conflict" },
  rejected: refused,
  noResponders: refused,
  timeout: unknown,
  disconnected: unknown
}

const storeUnavailable = (error: NatsError) => Effect.succeed({ _tag: "Unavailable" as const, reason: error.message })

const unavailable = (error: NatsError) =>
  Effect.succeed({ _tag: "Unavailable" as const, reason: `the registry did not answer: ${error.message}` })

const clusterKeysDiffer = {
  _tag: "Unavailable",
  differs: true,
  reason: "the registry's answer does not open: ROOST_CLUSTER_KEY of registry and session-actors differ"
} as const

const utf8 = new TextEncoder()
