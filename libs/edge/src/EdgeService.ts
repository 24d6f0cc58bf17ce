import { calmMillisMax, oncePerTurn, steadyNow, Ticker, wallOf } from "@roost/actors"
import { nodeSilenceMillisMax, type PlacementMap, watchPlacement } from "@roost/cluster"
import {
  formatHostPort,
  frameTracesHeader,
  keyChecks,
  partitionCount,
  readFrameTraces,
  type StrangerEvent,
  Subjects
} from "@roost/contracts"
import { CookieSecrets, FrontHalf, SessionIds } from "@roost/dtls"
import { dtlsCrypto } from "@roost/dtls-crypto"
import { attachRecorder } from "@roost/flight-recorder"
import { FrameBus, tellOfProcess } from "@roost/nats"
import { Health, tellEachMinute, tracing } from "@roost/observability"
import { Effect, Layer, Schedule } from "effect"
import { EdgeConfig } from "./EdgeConfig.ts"
import { EdgeCore } from "./EdgeCore.ts"
import { defaultEdgeLimits } from "./EdgeLimits.ts"
import { exportEdgeMetrics, uplinkSeconds } from "./EdgeMetrics.ts"
import { recordAnswered } from "./EdgeTraces.ts"
import { FramePace } from "./FramePace.ts"
import { openUdpSocket, type UdpSocket } from "./UdpSocket.ts"

/**
 * The udp-edge of one process: a socket, the core, the bus. The callbacks of socket and bus run the core at once. All
 * that they produced goes out as one frame per node, at most once per turn of the event loop and per millisecond.
 */
export const EdgeService = {
  layer: Layer.effectDiscard(
    Effect.gen(function* () {
      const config = yield* EdgeConfig
      const bus = yield* FrameBus
      const health = yield* Health
      yield* tellOfProcess("udp-edge", config.edgeId)
      const placement = yield* watchPlacement
      const { current, previous } = config.routingKeys
      const front = new FrontHalf({
        crypto: dtlsCrypto,
        cookieSecrets: new CookieSecrets(current.bytes, wallOf, previous?.bytes),
        sessionIds: new SessionIds(current.bytes, previous?.bytes)
      })
      // Without an ack and a second try: what strangers caused is worth a message, and no queue.
      const tell = (event: StrangerEvent) =>
        void bus.publish(Subjects.stranger, utf8.encode(JSON.stringify({ ...event, at: wallOf(event.at) })))
      const late: { socket?: UdpSocket; ticker?: Ticker } = {}
      const core = new EdgeCore({
        edgeId: config.edgeId,
        limits: { ...defaultEdgeLimits, routesMax: config.routesMax },
        front,
        placement,
        now: steadyNow(),
        recorder: yield* attachRecorder({ process: `udp-edge ${config.edgeId}`, now: steadyNow, wallOf }),
        ports: { send: (peer, datagram) => late.socket?.send(peer, datagram), publish: bus.publish, tell }
      })
      const endTurnSoon = oncePerTurn(() => {
        pace.endTurn()
        // The turn's datagrams may have set a deadline.
        late.ticker?.wake()
      })
      const pace = yield* Effect.acquireRelease(
        Effect.sync(
          () =>
            new FramePace(
              () => core.flush(),
              { pause: () => late.socket?.pause(), resume: () => late.socket?.resume() },
              steadyNow
            )
        ),
        (pace) => Effect.sync(() => pace.stop())
      )
      yield* bus.subscribe(Subjects.frameToEdges, (bytes) => {
        if (core.handleStrays(steadyNow(), bytes)) endTurnSoon()
      })
      yield* bus.subscribe(Subjects.frameToEdge(config.edgeId), (bytes, message) => {
        core.handleFrame(steadyNow(), bytes)
        const traced = message?.headers?.get(frameTracesHeader)
        if (traced !== undefined) recordAnswered(tracing, steadyNow(), wallOf, readFrameTraces(traced), uplinkSeconds())
        endTurnSoon()
      })

      const socket = yield* openUdpSocket({
        ...config,
        onDatagram: (peer, datagram) => {
          core.handleDatagram(steadyNow(), peer, datagram)
          endTurnSoon()
        },
        onUnanswerable: () => core.counters.drop("SourcePortZero"),
        onError: (error) => core.counters.drop(`Socket${(error as NodeJS.ErrnoException).code ?? "Error"}`)
      })
      late.socket = socket
      yield* exportEdgeMetrics(core, placement, socket)
      yield* tellEachMinute(
        // A NAT's mapping is kept by them: nothing is wrong.
        () => [...core.counters.dropped].filter(([reason]) => reason !== "KeepAlive"),
        (grown) =>
          `datagrams that went nowhere in the last minute: ${grown}; GET /v1/strangers of the registry says whose`
      )
      const tick = () => {
        core.handleTimeout(steadyNow())
        pace.endTurn()
      }
      late.ticker = yield* Effect.acquireRelease(
        Effect.sync(() => new Ticker(tick, () => core.quietMillis(steadyNow(), calmMillisMax))),
        (ticker) => Effect.sync(() => ticker.stop())
      )
      yield* Effect.addFinalizer(() => finishHandshakes(core))
      yield* health.register("placement", () => nobodyServes(placement))
      yield* health.registerDegraded("partitions", () => someAreNotServed(placement))
      const checks = keyChecks(config.routingKeys, "routing")
      yield* health.register("routingKey", () => {
        const others = placement.withOtherRoutingKey(checks)
        return others.length === 0
          ? undefined
          : `ROOST_ROUTING_KEY here (check ${checks[0]}) is not that of session-actors ${others.join(", ")}: give all edges and nodes one key, or cookies and resumptions fail`
      })
      yield* Effect.logInfo(
        `udp-edge ${config.edgeId} serves DTLS on ${formatHostPort(config.host, socket.port)}, datagrams ${socket.batched ? "in batches by recvmmsg and sendmmsg" : "one by one"}, receive buffer ${socket.receiveBufferBytes} bytes`
      )
    })
  )
}

/**
 * A client that had its ServerHello from an edge that ended would repeat its flight for a minute and hear nothing. A slow one, or one
 * that left, is waited for this long; the devices that come meanwhile wait with it.
 */
export const handshakesDrainMillisMax = 5_000
export const drainLookMillis = 50

const finishHandshakes = (core: EdgeCore): Effect.Effect<void> =>
  Effect.sync(() => core.drain()).pipe(
    Effect.andThen(
      Effect.repeat(
        Effect.sync(() => core.gauges.handshakes === 0),
        {
          until: (finished) => finished,
          schedule: Schedule.spaced(drainLookMillis),
          times: handshakesDrainMillisMax / drainLookMillis
        }
      )
    ),
    Effect.asVoid
  )

/** Why no device is served. */
const nobodyServes = (placement: PlacementMap): string | undefined => {
  if (placement.nodes === 0) {
    return `no session-actors node was heard of on ${Subjects.placementAnnounce} for ${nodeSilenceMillisMax} ms`
  }
  if (placement.unowned === partitionCount) return "no session-actors node owns a partition: its /readyz says why"
  return placement.notServing.length === placement.nodes
    ? "no session-actors node holds its lease, which NATS has to renew: its /readyz says why"
    : undefined
}

/** Names the devices that are not served. */
const someAreNotServed = (placement: PlacementMap): string | undefined => {
  const { notServing, unowned } = placement
  if (notServing.length > 0)
    return `without a lease, and so without answers for their devices: ${notServing.join(", ")}`
  return unowned === 0 ? undefined : `${unowned} of ${partitionCount} partitions have no owner: their devices wait`
}

const utf8 = new TextEncoder()
