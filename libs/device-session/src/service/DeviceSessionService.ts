import { clocksApartMillis, makeActorHostService, steadyNow, type Tell, wallOf } from "@roost/actors"
import { keepLeases, type Leases } from "@roost/cluster"
import {
  Buckets,
  CredentialChange,
  frameStampHeader,
  keyChecks,
  readFrameStamp,
  Sealing,
  sealPurpose,
  Streams,
  Subjects
} from "@roost/contracts"
import { aes256Gcm, dtlsCrypto } from "@roost/dtls-crypto"
import { attachRecorder } from "@roost/flight-recorder"
import { awaitStreams, FrameBus, tailConsumer, tellOfProcess, watchService, type WithHeaders } from "@roost/nats"
import { Health, metrics, tellEachMinute, tracing } from "@roost/observability"
import { Effect, Layer, Result, Schema } from "effect"
import { mirrorCommands } from "./CommandWatch.ts"
import { DeviceHost } from "../host/DeviceHost.ts"
import { FormerSeals } from "./FormerSeals.ts"
import { FrameInbox } from "./FrameInbox.ts"
import { exportHostMetrics } from "./HostMetrics.ts"
import { type HostAnswers, makeNatsEffects } from "./NatsEffects.ts"
import { makePartitions } from "./Partitions.ts"
import { mirrorProfiles } from "./ProfileWatch.ts"
import { SessionActorsConfig } from "./SessionActorsConfig.ts"
import { sealedBy } from "./sealedBy.ts"
import { withWallTimes } from "./WallTimes.ts"

/**
 * The devices of one session-actors process on the bus. Frames, commands, credential changes and questions go into the
 * host at once, in the callbacks that bring them. The host's frames for the edges go out once per turn.
 */
export const DeviceSessionService = {
  layer: Layer.effectDiscard(
    Effect.gen(function* () {
      const config = yield* SessionActorsConfig
      const health = yield* Health
      yield* tellOfProcess("session-actors", config.host.nodeId)
      const commandsRead = yield* Health.startup("commands", "the bucket COMMANDS is not read yet")
      yield* awaitStreams({
        streams: [Streams.uplink, Streams.presence, Streams.event, Streams.credential, Streams.commandEvent],
        buckets: [Buckets.commands, Buckets.sessions, Buckets.profiles]
      })
      yield* watchService("registry", Subjects.registryPsk, "devices without a session wait for their keys")
      const owned: { leases?: Leases } = {}
      const sealing = new Sealing(config.clusterKeys, sealPurpose.session, aes256Gcm)
      const formerSeals = new FormerSeals(sealing)
      yield* exportFormerSeals(formerSeals)
      const lookForClockStep = clockSteps()
      const { flushSoon, host, inlet, serves, tell } = yield* makeActorHostService({
        make: (tell: Tell<DeviceHost>) =>
          makeHost({
            config,
            formerSeals,
            tell,
            destinationOf: (partition) => owned.leases?.destinationOf(partition),
            mayStore: () => owned.leases?.isServing() === true
          }),
        mayServe: () => owned.leases?.isServing() === true || owned.leases?.isRefusing() === true,
        onTick: lookForClockStep
      })
      yield* health.register("partitions", () =>
        owned.leases === undefined ? "the leases are not kept yet" : owned.leases.unsettled()
      )
      const onFrame =
        (add: (frame: Uint8Array, stamp: number) => void) => (frame: Uint8Array, message?: WithHeaders) => {
          if (!serves()) return inlet.discard(1)
          add(frame, readFrameStamp(message?.headers?.get(frameStampHeader)))
          flushSoon()
        }
      yield* exportHostMetrics(host, inlet)
      yield* tellEachMinute(
        () => troubles(host.counters),
        (grown) => `in the last minute: ${grown}; events of devices and GET /v1/strangers of the registry say whose`
      )
      yield* mirrorProfiles(host.profiles)
      const commands = yield* mirrorCommands(host, commandsRead, flushSoon)
      host.noteCredentialsHeard(false)
      yield* tailConsumer(
        Streams.credential.name,
        Streams.credential.subjects[0]!,
        ({ data }) => {
          const change = decodeChange(textOf(data))
          if (Result.isSuccess(change)) tell((_, now) => host.handleCredential(now, change.success))
        },
        {
          onCaughtUp: () => host.noteCredentialsHeard(true),
          onInterrupted: () => host.noteCredentialsHeard(false)
        }
      )
      const bus = yield* FrameBus
      yield* bus.subscribe(
        Subjects.frameToNode(config.host.nodeId),
        onFrame((frame, stamp) => inlet.routed(frame, stamp))
      )
      yield* bus.subscribe(
        Subjects.frameToNodes,
        onFrame((frame, stamp) => inlet.unrouted(frame, stamp))
      )
      const partitions = yield* makePartitions({ host, sealing, formerSeals, commands, flushSoon })
      yield* health.registerDegraded("load", partitions.troubles)
      owned.leases = yield* keepLeases({
        nodeId: config.host.nodeId,
        host: partitions,
        keyChecks: keyChecks(config.clusterKeys, "cluster"),
        sealedBy: yield* sealedBy(sealing),
        ...(config.routingKeys === undefined ? {} : { routingKeyChecks: keyChecks(config.routingKeys, "routing") })
      })
      yield* Effect.logInfo(
        `session-actors ${config.host.nodeId} is a node of the cluster, and asks for its share of the partitions`
      )
    })
  )
}

const makeHost = Effect.fnUntraced(function* (options: {
  readonly config: SessionActorsConfig
  readonly formerSeals: FormerSeals
  readonly tell: Tell<DeviceHost>
  readonly destinationOf: (partition: number) => string | undefined
  /** False: devices are answered 5.00. */
  readonly mayStore: () => boolean
}) {
  const { config, destinationOf, formerSeals, mayStore, tell } = options
  const answers = {
    psk: (token, outcome) => tell((host, now) => host.handlePsk(now, token, outcome)),
    activation: (token, outcome) => tell((host, now) => host.handleActivation(now, token, outcome)),
    properties: (token, outcome) => tell((host, now) => host.handleProperties(now, token, outcome)),
    converted: (token, conversion) => tell((host, now) => host.handleConverted(now, token, conversion)),
    stored: (token, stored) => tell((host, now) => host.handleStored(now, token, stored)),
    saved: (token, outcome) => tell((host, now) => host.handleSaved(now, token, outcome)),
    read: (token, outcome) => tell((host, now) => host.handleRead(now, token, outcome)),
    recalled: (token, outcome) => tell((host, now) => host.handleRecalled(now, token, outcome))
  } satisfies HostAnswers
  const { clusterKeys } = config
  const carryOut = yield* makeNatsEffects({ clusterKeys, answers, destinationOf, mayStore, formerSeals })
  const recordingSealing = new Sealing(clusterKeys, sealPurpose.recording, aes256Gcm)
  const host = new DeviceHost({
    config: config.host,
    carryOut: withWallTimes(carryOut, wallOf),
    crypto: dtlsCrypto,
    recorder: yield* attachRecorder({
      process: `session-actors ${config.host.nodeId}`,
      now: steadyNow,
      wallOf,
      sealing: recordingSealing
    }),
    tracing,
    random: Math.random,
    now: steadyNow(),
    wallOf
  })
  return { host, inlet: new FrameInbox((frame, stamp) => host.handleFrame(steadyNow(), frame, stamp)) }
})

const exportFormerSeals = (formerSeals: FormerSeals) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      metrics.gaugeFrom(
        "roost_actors_sessions_under_previous_key",
        "Sessions of this node that ROOST_CLUSTER_KEY_PREVIOUS sealed; at 0 on every node it can go.",
        () => formerSeals.size
      )
    ),
    (release) => Effect.sync(release)
  )

/** Troubles that an operator hears of as numbers; each has its device or its address in the registry. */
const troubles = (counters: DeviceHost["counters"]): ReadonlyArray<readonly [name: string, count: number]> => [
  ["handshakes refused", counters.handshakesRefused],
  ["handshakes not finished in time", counters.handshakesExpired],
  ["handshakes over the limit", counters.handshakesOverLimit],
  ["strangers refused", counters.strangersRefused],
  ["reports not stored", counters.uplinksFailed],
  ["sessions not saved", counters.savesFailed],
  ["sessions that do not open", counters.sessionsUnreadable],
  ["exceptions of Roost", counters.actorFaults + counters.handshakeFaults + counters.entryFaults]
]

/** Tells a host when the wall clock was set: what it keeps of times that others wrote is in another place then. */
const clockSteps = () => {
  let apart = clocksApartMillis()
  return (host: DeviceHost): void => {
    const stepped = clocksApartMillis() - apart
    if (Math.abs(stepped) < clockStepMillisMin) return
    apart += stepped
    host.handleClockStep(stepped)
  }
}

/** Smaller corrections of the wall clock are left until they add up to this. */
const clockStepMillisMin = 1_000

const decodeChange = Schema.decodeUnknownResult(Schema.fromJsonString(CredentialChange))
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8")
