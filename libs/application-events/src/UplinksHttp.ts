import { pageLengthDefault, RegistryApi, Streams, type StoredUplink, TemporarilyUnavailable } from "@roost/contracts"
import { StoredMessages } from "@roost/nats"
import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Registered } from "./Registered.ts"
import { readUplinks } from "./UplinkHistory.ts"

/** `GET …/uplinks`: what a device sent, out of the stream UPLINK, as JSON or as lines for a table. */
export const UplinkHandlers = HttpApiBuilder.group(
  RegistryApi,
  "uplinks",
  Effect.fnUntraced(function* (handlers) {
    const stored = yield* StoredMessages
    const registered = yield* Registered
    return handlers.handleAll({
      listUplinks: Effect.fnUntraced(
        function* ({ params, query: { cursor, from = 0, kind, limit = pageLengthDefault, to = Infinity }, request }) {
          const { createdAt } = yield* registered.requireDevice(params)
          const { incomplete, more, uplinks } = yield* readUplinks({
            ...params,
            kind,
            // Uplinks of a former device of these keys are not this one's.
            from: Math.max(from, createdAt),
            to,
            before: cursor === undefined ? Infinity : Number(cursor),
            limit,
            trail: yield* registered.trail(params),
            copies: yield* registered.copies(params)
          })
          if (wantsCsv(request.headers["accept"])) {
            return HttpServerResponse.text(csvOf(uplinks), { contentType: "text/csv; charset=utf-8; header=present" })
          }
          const { since } = yield* stored.begin(Streams.uplink.name)
          return {
            uplinks,
            ...(since !== undefined && { oldest: since }),
            ...(incomplete && { incomplete }),
            ...(more && uplinks.length > 0 && { nextCursor: String(uplinks.at(-1)!.sequence) })
          }
        },
        Effect.provideService(StoredMessages, stored),
        Effect.catchTag("NatsError", (error) =>
          Effect.fail(new TemporarilyUnavailable({ detail: `The stream of uplinks does not answer: ${error.message}` }))
        )
      )
    })
  })
)

/** Whether a line per uplink is wanted rather than JSON (RFC 9110 §12.5.1): named, and not less than JSON. */
const wantsCsv = (accept = ""): boolean => {
  const quality = (type: string) => {
    const range = accept.split(",").find((part) => part.trim().toLowerCase().startsWith(type))
    return range === undefined ? 0 : Number(/;\s*q=([0-9.]+)/.exec(range)?.[1] ?? 1)
  }
  return quality("text/csv") > quality("application/json")
}

/** RFC 4180. */
const csvOf = (uplinks: ReadonlyArray<StoredUplink>): string =>
  [
    ["sequence", "time", "kind", "topic", "method", "payload"],
    ...uplinks.map(({ kind, method, payload, raw, sequence, time, topic }) => [
      String(sequence),
      new Date(time).toISOString(),
      kind,
      topic,
      method,
      raw ?? JSON.stringify(payload)
    ])
  ]
    .map((cells) => `${cells.map(cellOf).join(",")}\r\n`)
    .join("")

const cellOf = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
