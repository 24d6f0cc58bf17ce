import { Effect, Stream } from "effect"
import { Sse } from "effect/encoding"
import { Api } from "../api/Api.ts"
import { operations } from "../api/Operation.ts"
import { requestOf } from "../api/Request.ts"
import { ofResponse } from "../api/Unanswered.ts"
import { FoundContext } from "../context/FindContext.ts"
import { Failure } from "../Failure.ts"

export interface StreamedEvent {
  readonly id: string
  /** `uplink`, `presence`, `command`, or why the stream ended. */
  readonly event: string
  /** JSON as Roost wrote it, on one line. */
  readonly data: string
}

/** The silence after which a stream is taken for dead: Roost says something each 15 s. */
const silenceMillisMax = 45_000
/** How long to wait before the stream is asked for again: twice as long after each failure. */
const waitMillisMin = 500
const waitMillisMax = 10_000

/** Events named so say why the stream ended; it goes on where it was. */
const endings = new Set(["overrun", "stopped", "unavailable"])

export interface Followed {
  readonly query: Readonly<Record<string, string>>
  /** The id of the last event that was read before; undefined: from now on. */
  readonly lastId: string | undefined
  readonly onEvent: (event: StreamedEvent) => Effect.Effect<unknown>
  /** Why it broke off, and that it goes on. */
  readonly onBreak: (why: string) => Effect.Effect<void>
}

/**
 * Events without end. A stream that breaks off is asked for again with the id of the last event, so that nothing is missed or told
 * twice. Fails where asking again would not help: a token that is refused, a product that is not there.
 */
export const followEvents = ({ lastId, onBreak, onEvent, query }: Followed) =>
  Effect.gen(function* () {
    let id = lastId
    let failures = 0
    const note = (event: StreamedEvent) => {
      if (event.id !== "") id = event.id
      failures = 0
      if (event.event === "") return Effect.void
      if (!endings.has(event.event)) return onEvent(event)
      return new Failure({ outcome: "roostFailed", what: `${event.event}: ${event.data}` })
    }
    for (;;) {
      const broken: Failure | undefined = yield* readOnce(query, id, note).pipe(
        Effect.as(undefined),
        Effect.catchIf(
          ({ outcome }) => outcome === "roostFailed" || (outcome === "noConnection" && id !== undefined),
          (failure) => Effect.succeed(failure)
        )
      )
      const waitMillis = Math.min(waitMillisMax, waitMillisMin * 2 ** failures++)
      yield* onBreak(`${broken?.what ?? "the stream ended"}; again in ${waitMillis / 1000} s`)
      yield* Effect.sleep(waitMillis)
    }
  })

const readOnce = Effect.fnUntraced(function* (
  query: Readonly<Record<string, string>>,
  id: string | undefined,
  note: (event: StreamedEvent) => Effect.Effect<unknown, Failure>
) {
  const { respond } = yield* Api
  const found = yield* FoundContext
  const operation = operations.get("followEvents")!
  const request = yield* requestOf(operation, { params: {}, query, headers: {}, body: undefined })
  const more = { accept: "text/event-stream", ...(id === undefined ? {} : { "last-event-id": id }) }
  const response = yield* respond(operation, { ...request, headers: {}, more })
  if (response.status >= 400) {
    const text = yield* response.text.pipe(Effect.orElseSucceed(() => ""))
    return yield* ofResponse(response, text, found)
  }
  const parsed: Array<StreamedEvent> = []
  const parser = Sse.makeParser(
    (event) => {
      if (event._tag === "Event") parsed.push({ id: event.id ?? "", event: event.event, data: event.data })
    },
    { dispatchEmptyNamedEvents: true }
  )
  yield* response.stream.pipe(
    Stream.timeout(silenceMillisMax),
    Stream.decodeText,
    Stream.mapError((error) => brokenOff(String(error))),
    Stream.runForEach((text) => {
      const fault = parser.feed(text)
      if (fault !== undefined) return brokenOff(String(fault))
      return Effect.forEach(parsed.splice(0), note, { discard: true })
    })
  )
})

const brokenOff = (what: string): Failure =>
  new Failure({ outcome: "noConnection", what: `the stream broke off: ${what}` })
