import { calmMillisMax, clocksApartMillis, oncePerTurn, steadyNow, Ticker, wallOf } from "@roost/actors"
import { keepLeases, type Leases } from "@roost/cluster"
import { Buckets, CredentialChange, keyChecks, Sealing, sealPurpose, Streams, Subjects } from "@roost/contracts"
import { aes256Gcm, dtlsCrypto } from "@roost/dtls-crypto"
import { awaitStreams, FrameBus, tailConsumer, watchService } from "@roost/nats"
import { Health, metrics, tellEachMinute } from "@roost/observability"
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
 * The devices of one session-actors process on the bus: frames, commands, credential changes and questions go into the
 * host at once, in the callbacks that bring them; what the host produced for the edges goes out once per turn.
 */
export const DeviceSessionService = {
  layer: Layer.effectDiscard(
    Effect.gen(function* () {
      const config = yield* SessionActorsConfig
      const health = yield* Health
      const commandsRead = yield* Health.startup("commands", "the bucket COMMANDS is not read yet")
      yield* awaitStreams({
        streams: [Streams.uplink, Streams.presence, Streams.event, Streams.credential, Streams.commandEvent],
        buckets: [Buckets.commands, Buckets.sessions, Buckets.profiles]
      })
      yield* watchService("registry", Subjects.registryPsk, "devices without a session wait for their keys")
      const owned: { leases?: Leases } = {}
      const clock: { ticker?: Ticker } = {}
      const sealing = new Sealing(config.clusterKeys, sealPurpose.session, aes256Gcm)
      const formerSeals = new FormerSeals(sealing)
      yield* exportFormerSeals(formerSeals)
      const { flushSoon, host } = yield* makeHost({
        config,
        formerSeals,
        destinationOf: (partition) => owned.leases?.destinationOf(partition),
        mayStore: () => owned.leases?.isServing() === true,
        onTurn: () => {
          // What a turn brought may have set a deadline.
          clock.ticker?.wake()
          if (inbox.bytes > 0 && !mayServe()) inbox.discard()
          return inbox.turn()
        }
      })
      const inbox = new FrameInbox((frame) => host.handleFrame(steadyNow(), frame))
      let serving = true
      // A process that was paused goes on here, and its devices may be another's by now.
      const mayServe = () => owned.leases?.isServing() === true || owned.leases?.isRefusing() === true
      yield* health.register("partitions", () =>
        owned.leases === undefined ? "the leases are not kept yet" : owned.leases.unsettled()
      )
      const onFrame = (add: (frame: Uint8Array) => void) => (frame: Uint8Array) => {
        if (!mayServe()) {
          serving = false
          inbox.discard(1)
          return
        }
        add(frame)
        flushSoon()
      }
      yield* exportHostMetrics(host, inbox)
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
          if (Result.isFailure(change)) return
          host.handleCredential(steadyNow(), change.success)
          flushSoon()
        },
        {
          onCaughtUp: () => host.noteCredentialsHeard(true),
          onInterrupted: () => host.noteCredentialsHeard(false)
        }
      )
      const steps = clockSteps(host)
      const tick = () => {
        steps.look()
        const served = serving
        serving = mayServe()
        if (!serving) return
        if (!served) host.resume(steadyNow())
        host.handleTimeout(steadyNow())
        if (host.flush(steadyNow())) flushSoon()
      }
      const quietMillis = () => (serving ? host.quietMillis(steadyNow(), calmMillisMax) : 0)
      clock.ticker = yield* Effect.acquireRelease(
        Effect.sync(() => new Ticker(tick, quietMillis)),
        (ticker) => Effect.sync(() => ticker.stop())
      )
      const bus = yield* FrameBus
      yield* bus.subscribe(
        Subjects.frameToNode(config.host.nodeId),
        onFrame((frame) => inbox.routed(frame))
      )
      yield* bus.subscribe(
        Subjects.frameToNodes,
        onFrame((frame) => inbox.unrouted(frame))
      )
      const share = yield* makePartitions({ host, sealing, formerSeals, commands, flushSoon })
      owned.leases = yield* keepLeases({
        nodeId: config.host.nodeId,
        host: share,
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
  readonly destinationOf: (partition: number) => string | undefined
  /** False: devices are answered 5.00. */
  readonly mayStore: () => boolean
  /** A turn of the event loop ends; true if there is more to do in the next one. */
  readonly onTurn: () => boolean
}) {
  const { config, destinationOf, formerSeals, mayStore, onTurn } = options
  // Answers can't come before the host is there, which they are for.
  const answered: { host?: DeviceHost } = {}
  const flushSoon = oncePerTurn(() => {
    const hasFrames = onTurn()
    const hasHandshakes = answered.host?.flush(steadyNow()) === true
    // In the next turn: timers and what the connection brings come between.
    if (hasFrames || hasHandshakes) flushSoon()
  })
  const answer = (handle: (host: DeviceHost, now: number) => void) => {
    if (answered.host === undefined) return
    handle(answered.host, steadyNow())
    flushSoon()
  }
  const answers = {
    psk: (token, outcome) => answer((to, now) => to.handlePsk(now, token, outcome)),
    activation: (token, outcome) => answer((to, now) => to.handleActivation(now, token, outcome)),
    properties: (token, outcome) => answer((to, now) => to.handleProperties(now, token, outcome)),
    converted: (token, conversion) => answer((to, now) => to.handleConverted(now, token, conversion)),
    stored: (token, stored) => answer((to, now) => to.handleStored(now, token, stored)),
    saved: (token, outcome) => answer((to, now) => to.handleSaved(now, token, outcome)),
    read: (token, outcome) => answer((to, now) => to.handleRead(now, token, outcome)),
    recalled: (token, outcome) => answer((to, now) => to.handleRecalled(now, token, outcome))
  } satisfies HostAnswers
  const { clusterKeys } = config
  const carryOut = yield* makeNatsEffects({ clusterKeys, answers, destinationOf, mayStore, formerSeals })
  const host = new DeviceHost({
    config: config.host,
    carryOut: withWallTimes(carryOut, wallOf),
    crypto: dtlsCrypto,
    random: Math.random,
    now: steadyNow(),
    wallOf
  })
  answered.host = host
  return { host, flushSoon }
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

/** What an operator hears of as numbers; each has its device or its address in the registry. */
const troubles = (counters: DeviceHost["counters"]): ReadonlyArray<readonly [name: string, count: number]> => [
  ["handshakes refused", counters.handshakesRefused],
  ["handshakes not finished in time", counters.handshakesExpired],
  ["handshakes over the limit", counters.handshakesOverLimit],
  ["strangers refused", counters.strangersRefused],
  ["reports not stored", counters.uplinksFailed],
  ["sessions not saved", counters.savesFailed],
  ["sessions that do not open", counters.sessionsUnreadable]
]

/** Tells the host when the wall clock was set: what it keeps of times that others wrote is in another place then. */
const clockSteps = (host: DeviceHost) => {
  let apart = clocksApartMillis()
  return {
    look: () => {
      const stepped = clocksApartMillis() - apart
      if (Math.abs(stepped) < clockStepMillisMin) return
      apart += stepped
      host.handleClockStep(stepped)
    }
  }
}

/** Smaller corrections of the wall clock are left until they add up to this. */
const clockStepMillisMin = 1_000

const decodeChange = Schema.decodeUnknownResult(Schema.fromJsonString(CredentialChange))
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8")
