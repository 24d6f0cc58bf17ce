import { oncePerTurn, steadyNow } from "@roost/actors"
import { nodeSilenceMillisMax, PlacementMap } from "@roost/cluster"
import { PlacementAnnouncement, Subjects } from "@roost/contracts"
import { CookieSecrets, FrontHalf, SessionIds } from "@roost/dtls"
import { nodeCrypto } from "@roost/dtls-crypto"
import { FrameBus } from "@roost/nats"
import { Health } from "@roost/observability"
import { Effect, Layer, Result, Schema } from "effect"
import { EdgeConfig } from "./EdgeConfig.ts"
import { EdgeCore } from "./EdgeCore.ts"
import { defaultEdgeLimits } from "./EdgeLimits.ts"
import { exportEdgeMetrics } from "./EdgeMetrics.ts"
import { openUdpSocket } from "./UdpSocket.ts"

/** How often handshakes, resumptions and nodes are looked through for those that are over. */
const tickMillis = 50

/**
 * The udp-edge of one process: a socket, the core, the bus. The callbacks of socket and bus run the core at once; what
 * they produced goes out once per turn of the event loop, as one frame per node.
 */
export const EdgeService = {
  layer: Layer.effectDiscard(
    Effect.gen(function* () {
      const config = yield* EdgeConfig
      const bus = yield* FrameBus
      const health = yield* Health
      const runFork = Effect.runForkWith(yield* Effect.context<never>())
      const placement = new PlacementMap()
      const front = new FrontHalf({
        crypto: nodeCrypto,
        cookieSecrets: new CookieSecrets(config.routingKey),
        sessionIds: new SessionIds(config.routingKey)
      })
      let send: EdgeSend = () => {}
      const core = new EdgeCore({
        edgeId: config.edgeId,
        limits: defaultEdgeLimits,
        front,
        placement,
        now: steadyNow(),
        ports: { send: (peer, datagram) => send(peer, datagram), publish: bus.publish }
      })
      const flushSoon = oncePerTurn(() => core.flush())
      yield* exportEdgeMetrics(core, placement)

      yield* bus.subscribe(Subjects.placementAnnounce, (bytes) => {
        const announced = decodeAnnouncement(textOf(bytes))
        if (Result.isSuccess(announced)) placement.handle(steadyNow(), announced.success)
      })
      yield* bus.subscribe(Subjects.frameToEdge(config.edgeId), (bytes) => core.handleFrame(bytes))
      yield* Effect.sync(() => bus.publish(Subjects.placementAsk, new Uint8Array(0)))

      const socket = yield* openUdpSocket({
        ...config,
        onDatagram: (peer, datagram) => {
          core.handleDatagram(steadyNow(), peer, datagram)
          flushSoon()
        },
        onError: (error) => core.counters.drop(`Socket${(error as NodeJS.ErrnoException).code ?? "Error"}`)
      })
      send = socket.send
      yield* Effect.acquireRelease(
        Effect.sync(() =>
          setInterval(() => {
            const now = steadyNow()
            placement.expire(now)
            core.handleTimeout(now)
            flushSoon()
          }, tickMillis)
        ),
        (timer) => Effect.sync(() => clearInterval(timer))
      )
      yield* health.register("placement", () =>
        placement.nodes === 0
          ? `no session-actors node was heard of on ${Subjects.placementAnnounce} for ${nodeSilenceMillisMax} ms`
          : undefined
      )
      runFork(
        Effect.logInfo(
          `udp-edge ${config.edgeId} serves DTLS on ${config.host}:${socket.port}, receive buffer ${socket.receiveBufferBytes} bytes`
        )
      )
    })
  )
}

type EdgeSend = Parameters<typeof openUdpSocket>[0]["onDatagram"]

const decodeAnnouncement = Schema.decodeUnknownResult(Schema.fromJsonString(PlacementAnnouncement))
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8")
