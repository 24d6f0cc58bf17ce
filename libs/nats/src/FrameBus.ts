import { type Msg } from "@nats-io/transport-node"
import { frameVersionFault } from "@roost/contracts"
import { metrics } from "@roost/observability"
import { Context, Effect, Layer, type Scope } from "effect"
import { isSubject } from "./internal/OutboundBatch.ts"
import { NatsConnection } from "./NatsConnection.ts"

/** The headers are read when somebody asks for them. */
export interface WithHeaders {
  readonly headers?: { get(name: string): string } | undefined
}

/** Core NATS without promises or fibers per message, for frames of datagrams and announcements. */
export class FrameBus extends Context.Service<
  FrameBus,
  {
    /**
     * `bytes` are copied, and go out when the turn ends. False, and counted, while no server is connected: a lost frame is a
     * lost datagram, and a queue of old datagrams helps nobody. False, too, for a subject with white space and for more bytes
     * than the server's `max_payload`, 1 MiB unless it is configured. `headers`: lines as `headerLines` renders them.
     */
    readonly publish: (subject: string, bytes: Uint8Array, headers?: string) => boolean
    /**
     * Calls `handler` with every message's bytes, which may be kept, and its headers. A handler that throws is counted and skipped; so is a frame of a
     * newer version, which is told.
     * With `queue`, the members of the group share the messages.
     */
    readonly subscribe: (
      subject: string,
      handler: (bytes: Uint8Array, message?: WithHeaders) => void,
      options?: { readonly queue?: string }
    ) => Effect.Effect<void, never, Scope.Scope>
  }
>()("@roost/nats/FrameBus") {
  static readonly layer: Layer.Layer<FrameBus, never, NatsConnection> = Layer.effect(
    FrameBus,
    Effect.gen(function* () {
      const { client, connected, outbound } = yield* NatsConnection
      const log = Effect.runForkWith(yield* Effect.context<never>())
      return FrameBus.of({
        publish: (subject, bytes, headers = "") => {
          const bytesMax = client.info?.max_payload ?? 0
          if (!connected() || client.isDraining() || bytes.length > bytesMax || !isSubject(subject)) {
            dropped.inc()
            return false
          }
          outbound.add(subject, "", headers, bytes)
          published.inc()
          return true
        },
        subscribe: (subject, handler, options) => {
          const hasFrames = subject.startsWith(framesPrefix)
          const callback = (error: Error | null, message: Msg) => {
            if (error !== null) return void log(Effect.logError(`subscription to ${subject}`, error))
            received.inc()
            const fault = hasFrames ? frameVersionFault(message.data) : undefined
            if (fault !== undefined) {
              newer.inc()
              return void log(Effect.logError(`a frame of ${subject} is passed over: ${fault}`))
            }
            try {
              handler(message.data, message)
            } catch (defect) {
              failed.inc()
              log(Effect.logError(`the handler of ${subject} threw`, defect))
            }
          }
          return Effect.acquireRelease(
            Effect.sync(() =>
              client.subscribe(
                subject,
                options?.queue === undefined ? { callback } : { callback, queue: options.queue }
              )
            ),
            (subscription) => Effect.sync(() => subscription.unsubscribe())
          ).pipe(Effect.asVoid)
        }
      })
    })
  )
}

const framesPrefix = "roost.frame."

const newer = metrics.counter("roost_nats_frames_newer_total", "Frames of a version that this app can't read.")
const published = metrics.counter("roost_nats_frames_sent_total", "Core NATS messages published.")
const received = metrics.counter("roost_nats_frames_received_total", "Core NATS messages received.")
const dropped = metrics.counter(
  "roost_nats_frames_dropped_total",
  "Messages not sent: no server, or larger than it takes."
)
const failed = metrics.counter("roost_nats_frame_handler_failures_total", "Messages whose handler threw: our bug.")
