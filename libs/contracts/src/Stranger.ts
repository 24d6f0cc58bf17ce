import * as Schema from "effect/Schema"
import { explained } from "./Explained.ts"

const Times = Schema.Int.annotate({ description: "How many were alike, this one included." })

/**
 * Stream STRANGER, `roost.stranger`: what udp-edge and session-actors refused of a peer that names no registered device, or of
 * those that say no name. A node tells at most 20 a second; `not-told` sums up the others.
 */
export const StrangerEvent = Schema.Struct({
  /** A `StrangerKind`, or one of another version of Roost. */
  kind: Schema.String,
  ...explained,
  at: Schema.Finite.annotate({ description: "Milliseconds since 1970." }),
  node: Schema.String.annotate({ description: "The edge or the session-actors node that refused." }),
  address: Schema.String.annotate({ description: "IP address and port (RFC 5952); empty in a summary." }),
  proven: Schema.Boolean.annotate({
    description: "Whether the peer showed that it receives at this address: others may be forged."
  }),
  identity: Schema.optionalKey(
    Schema.String.annotate({ description: "The PSK identity as it came; every byte but printable ASCII is escaped." })
  ),
  reason: Schema.String.annotate({ description: "What came, what was expected, the likely cause and the cure." }),
  times: Schema.optionalKey(Times),
  /** In a summary: who was left out most. */
  busiest: Schema.optionalKey(
    Schema.Array(Schema.Struct({ address: Schema.String, times: Times, identity: Schema.optionalKey(Schema.String) }))
  ),
  /** In a summary: how many of each kind. */
  kinds: Schema.optionalKey(Schema.Record(Schema.String, Schema.Int))
})
export type StrangerEvent = typeof StrangerEvent.Type

/** A page of `GET /v1/strangers` has these; `id` is the stream's sequence. */
export const Stranger = Schema.Struct({ id: Schema.Int, ...StrangerEvent.fields }).annotate({ identifier: "Stranger" })
export type Stranger = typeof Stranger.Type
