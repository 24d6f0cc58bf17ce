import {
  BadRequest,
  Buckets,
  EventKind,
  type FollowedKind,
  RegistryApi,
  Streams,
  TemporarilyUnavailable,
  TooManyReaders
} from "@roost/contracts"
import { awaitStreams, NatsConnection } from "@roost/nats"
import { metrics } from "@roost/observability"
import { Effect, Stream } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import type { IncomingMessage } from "node:http"
import { parsePosition } from "./EventPosition.ts"
import { type EventReaders, eventStream } from "./EventStream.ts"
import { Registered } from "./Registered.ts"

/** Readers at one instance: each costs a consumer per kind at the nats-server. */
export const readersMax = 256
/** A connection on which nothing moved for so long is closed: comments keep those in use busy. */
export const silentSocketMillisMax = 60_000

/**
 * `GET /v1/events?kinds=uplink,presence,command&productKey=…&deviceKey=…`: server-sent events, all kinds of all devices unless the query
 * says otherwise. `Last-Event-ID` goes on where the reader was.
 */
export const EventHandlers = HttpApiBuilder.group(
  RegistryApi,
  "events",
  Effect.fnUntraced(function* (handlers) {
    const connection = yield* NatsConnection
    const registered = yield* Registered
    yield* awaitStreams({
      streams: [Streams.uplink, Streams.presence, Streams.event],
      buckets: [Buckets.commandHistory]
    })
    const readers: EventReaders = new Set()
    yield* Effect.acquireRelease(
      Effect.sync(() => metrics.gaugeFrom("roost_event_readers", "Readers of server-sent events.", () => readers.size)),
      (release) => Effect.sync(release)
    )
    // The server waits for its responses to end: those that would not are ended.
    yield* Effect.addFinalizer(() => Effect.sync(() => readers.forEach((end) => end("stopped"))))
    return handlers.handleAll({
      followEvents: Effect.fnUntraced(
        function* ({ headers, query, request }) {
          const { device, deviceKey = device, kinds, product, productKey = product } = query
          // A reader that mistyped it would wait for ever; a device may be registered while its reader is there already.
          if (productKey !== undefined) yield* registered.requireProduct(productKey)
          const lastEventId = headers["last-event-id"] ?? ""
          const position = parsePosition(lastEventId)
          if (position === undefined) return yield* unknownPosition(lastEventId)
          if (readers.size >= readersMax) {
            return yield* new TooManyReaders({
              detail: `It serves ${readersMax}; try again, or consume the streams over NATS.`
            })
          }
          const wanted = kinds === undefined ? EventKind.literals : (kinds.split(",") as ReadonlyArray<FollowedKind>)
          const events = yield* eventStream(
            { kinds: [...new Set(wanted)], filter: { productKey, deviceKey }, position },
            readers
          )
          dropWhenSilent(request)
          return HttpServerResponse.stream(
            Stream.encodeText(events).pipe(Stream.provideService(NatsConnection, connection)),
            { contentType: "text/event-stream", headers: { "cache-control": "no-store", "x-accel-buffering": "no" } }
          )
        },
        Effect.provideService(NatsConnection, connection),
        Effect.catchTag("NatsError", (error) =>
          Effect.fail(new TemporarilyUnavailable({ detail: `The streams do not answer: ${error.message}` }))
        )
      )
    })
  })
)

const unknownPosition = (lastEventId: string) => {
  const path = ["headers", "last-event-id"]
  const shown = JSON.stringify(lastEventId.slice(0, shownLengthMax))
  const message = `expected an id of an event of this service, such as uplink=12@1796026279945,command=7, or no header to begin now; got ${shown}`
  return Effect.fail(new BadRequest({ detail: `${path.join(".")}: ${message}`, errors: [{ path, message }] }))
}

/** Characters of an unknown id that are told back. */
const shownLengthMax = 60

/** A reader that stopped reading would hold its connection, and a place here, until somebody closed it. */
const dropWhenSilent = ({ source }: HttpServerRequest.HttpServerRequest): void => {
  const { socket } = source as IncomingMessage
  socket.setTimeout(silentSocketMillisMax, () => socket.destroy())
}
