import { encodeToken, Streams, type StoredUplink, UplinkHeader } from "@roost/contracts"
import type { UplinkKind } from "@roost/enos"
import { type NatsConnection, type NatsError, readMessages, type TailMessage } from "@roost/nats"
import { Effect } from "effect"
import { uplinkPayload } from "./EventSource.ts"

/** Which uplinks of a device to read, newest first. */
export interface UplinkQuery {
  readonly productKey: string
  readonly deviceKey: string
  readonly kind?: UplinkKind | undefined
  /** Stored at or after this, milliseconds since 1970. */
  readonly from?: number | undefined
  /** Stored before this. */
  readonly to?: number | undefined
  /** With lower sequences than this only. */
  readonly before?: number | undefined
  readonly limit: number
}

export const readUplinks = Effect.fnUntraced(function* ({
  before = Infinity,
  deviceKey,
  from = 0,
  kind,
  limit,
  productKey,
  to = Infinity
}: UplinkQuery): Effect.fn.Return<ReadonlyArray<StoredUplink>, NatsError, NatsConnection> {
  const subject = `roost.uplink.${encodeToken(productKey)}.${encodeToken(deviceKey)}.${kind ?? "*"}`
  const messages = yield* readMessages(Streams.uplink.name, subject, Number.MAX_SAFE_INTEGER)
  return messages
    .map(uplinkOf)
    .filter(({ sequence, time }) => sequence < before && time >= from && time < to)
    .toReversed()
    .slice(0, limit)
})

const uplinkOf = ({ data, header, sequence, subject }: TailMessage): StoredUplink => {
  const method = header(UplinkHeader.method)
  return {
    sequence,
    time: Number(header(UplinkHeader.time)),
    kind: subject.split(".").at(-1)!,
    topic: header(UplinkHeader.topic),
    method,
    ...uplinkPayload(data, method !== "")
  }
}
