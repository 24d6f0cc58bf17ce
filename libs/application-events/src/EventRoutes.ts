import { Buckets, EventKind, Streams } from "@roost/contracts"
import { tokenCheck } from "@roost/http"
import { awaitStreams, NatsConnection } from "@roost/nats"
import { type Health, metrics } from "@roost/observability"
import { type Config, Effect, Layer, Schema, Stream } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse, ProblemDetails } from "effect/http"
import type { IncomingMessage } from "node:http"
import { parsePosition } from "./EventPosition.ts"
import { type EventReaders, eventStream } from "./EventStream.ts"

/** Readers at one instance: each costs a consumer per kind at the nats-server. */
export const readersMax = 256
/** A connection on which nothing moved for so long is closed: comments keep those in use busy. */
export const silentSocketMillisMax = 60_000

/**
 * `GET /v1/events?kinds=uplink,presence,command&product=…&device=…`: server-sent events behind the API's token, all kinds of all
 * devices unless the query says otherwise. `Last-Event-ID` goes on where the reader was.
 */
export const layerEventRoutes: Layer.Layer<never, Config.ConfigError, HttpRouter.HttpRouter | NatsConnection | Health> =
  Layer.unwrap(
    Effect.gen(function* () {
      const isToken = yield* tokenCheck
      const connection = yield* NatsConnection
      yield* awaitStreams({ streams: [Streams.uplink, Streams.presence], buckets: [Buckets.commandHistory] })
      const readers: EventReaders = new Set()
      yield* Effect.acquireRelease(
        Effect.sync(() =>
          metrics.gaugeFrom("roost_event_readers", "Readers of server-sent events.", () => readers.size)
        ),
        (release) => Effect.sync(release)
      )
      // The server waits for its responses to end: those that would not are ended.
      yield* Effect.addFinalizer(() => Effect.sync(() => readers.forEach((end) => end("stopped"))))
      return HttpRouter.add("GET", "/v1/events", (request: HttpServerRequest.HttpServerRequest) =>
        Effect.gen(function* () {
          const token = request.headers["authorization"]?.replace(/^Bearer /i, "")
          if (token === undefined || !isToken(token)) return unauthorized
          const query = new URL(request.url, "http://roost").searchParams
          const kinds = decodeKinds(query.get("kinds")?.split(",") ?? EventKind.literals)
          if (kinds._tag === "None")
            return wrong(`kinds: expected some of ${EventKind.literals.join(", ")}, with commas`)
          const position = parsePosition(request.headers["last-event-id"] ?? "")
          if (position === undefined) return wrong("Last-Event-ID: expected an id that this service sent")
          if (readers.size >= readersMax) return tooMany
          const filter = { productKey: query.get("product") ?? undefined, deviceKey: query.get("device") ?? undefined }
          const events = yield* eventStream({ kinds: [...new Set(kinds.value)], filter, position }, readers)
          dropWhenSilent(request)
          return HttpServerResponse.stream(
            Stream.encodeText(events).pipe(Stream.provideService(NatsConnection, connection)),
            { contentType: "text/event-stream", headers: { "cache-control": "no-store", "x-accel-buffering": "no" } }
          )
        }).pipe(
          Effect.provideService(NatsConnection, connection),
          Effect.catch((error) => Effect.succeed(unavailable(error.message)))
        )
      )
    })
  )

/** A reader that stopped reading would hold its connection, and a place here, until somebody closed it. */
const dropWhenSilent = ({ source }: HttpServerRequest.HttpServerRequest): void => {
  const { socket } = source as IncomingMessage
  socket.setTimeout(silentSocketMillisMax, () => socket.destroy())
}

const decodeKinds = Schema.decodeUnknownOption(Schema.Array(EventKind).check(Schema.isMinLength(1)))

const unauthorized = HttpServerResponse.setHeader(
  ProblemDetails.toResponse({
    type: "urn:roost:problem:unauthorized",
    status: 401,
    title: "The request needs the API's bearer token."
  }),
  "www-authenticate",
  'Bearer realm="roost"'
)
const tooMany = ProblemDetails.toResponse({
  type: "urn:roost:problem:too-many-readers",
  status: 503,
  title: `This instance serves ${readersMax} readers of events; try again, or consume the streams over NATS.`
})
const unavailable = (detail: string) =>
  ProblemDetails.toResponse({
    type: "urn:roost:problem:events-unavailable",
    status: 503,
    title: "The streams do not answer; try again.",
    detail
  })
const wrong = (detail: string) =>
  ProblemDetails.toResponse({
    type: "urn:roost:problem:bad-request",
    status: 400,
    title: "The request is not understood.",
    detail
  })
