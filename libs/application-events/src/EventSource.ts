import {
  Buckets,
  Command,
  decodeToken,
  deviceCommands,
  encodeToken,
  type EventKind,
  isPending,
  issuedCommand,
  placeOf,
  Presence,
  Streams,
  UplinkHeader,
  fromJsonText
} from "@roost/contracts"
import { envelopeDepthMax, readJson } from "@roost/enos"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** Whose events; what is absent is everybody's. */
export interface EventFilter {
  readonly productKey?: string | undefined
  readonly deviceKey?: string | undefined
}

/** A message of one of the streams, as far as an event needs it. */
export interface StreamMessage {
  readonly subject: string
  readonly data: Uint8Array
  readonly header: (name: string) => string
}

/** One event in JSON; `docs/applications.md` has an example of each kind. Times in milliseconds since 1970. */
export interface ApplicationEvent {
  readonly type: EventKind
  readonly productKey: string
  readonly deviceKey: string
  readonly [field: string]: unknown
}

/** Where the events of a kind come from, and how a message becomes one. */
export interface EventSource {
  readonly stream: string
  readonly subject: (filter: EventFilter) => string
  /** Undefined: the message is none of the filter's, or none that applications hear of. */
  readonly read: (message: StreamMessage, filter: EventFilter) => ApplicationEvent | undefined
}

const device = ({ deviceKey, productKey }: EventFilter): string =>
  `${productKey === undefined ? "*" : encodeToken(productKey)}.${deviceKey === undefined ? "*" : encodeToken(deviceKey)}`

export const eventSources: Readonly<Record<EventKind, EventSource>> = {
  uplink: {
    stream: Streams.uplink.name,
    subject: (filter) => `roost.uplink.${device(filter)}.*`,
    read: ({ data, header, subject }) => {
      const [, , productToken = "", deviceToken = "", kind = ""] = subject.split(".")
      const productKey = decodeToken(productToken)
      const deviceKey = decodeToken(deviceToken)
      if (productKey === undefined || deviceKey === undefined) return undefined
      const topic = header(UplinkHeader.topic)
      const method = header(UplinkHeader.method)
      const time = Number(header(UplinkHeader.time))
      return { type: "uplink", productKey, deviceKey, kind, topic, method, time, ...uplinkPayload(data, method !== "") }
    }
  },
  presence: {
    stream: Streams.presence.name,
    subject: (filter) => `roost.presence.${device(filter)}`,
    read: ({ data }) => {
      const presence = decodePresence(textOf(data))
      if (Result.isFailure(presence)) return undefined
      const { address, at, cause, deviceKey, lastSeenAt, lifetimeSeconds, productKey, state } = presence.success
      return { type: "presence", productKey, deviceKey, state, cause, time: at, lastSeenAt, lifetimeSeconds, address }
    }
  },
  command: {
    stream: `KV_${Buckets.commandHistory.name}`,
    subject: ({ deviceKey, productKey }) =>
      // Keys of commands begin with the device's place; by product alone they can't be told apart.
      productKey === undefined || deviceKey === undefined
        ? `${historySubject}>`
        : `${historySubject}${deviceCommands(placeOf(productKey, deviceKey))}`,
    read: ({ data }, filter) => {
      const command = decodeCommand(textOf(data))
      if (Result.isFailure(command) || isPending(command.success.state) || !isOf(command.success, filter)) {
        return undefined
      }
      const told = issuedCommand(command.success)
      return { type: "command", time: told.finishedAt, ...told }
    }
  }
}

const historySubject = `$KV.${Buckets.commandHistory.name}.`

/** By device alone, without a product, every product's. */
const isOf = (event: EventFilter, { deviceKey, productKey }: EventFilter): boolean =>
  (productKey === undefined || productKey === event.productKey) &&
  (deviceKey === undefined || deviceKey === event.deviceKey)

/** What a device said in JSON is JSON here; raw bytes are base64. */
export const uplinkPayload = (
  data: Uint8Array,
  json: boolean
): { readonly payload: unknown } | { readonly raw: string } => {
  const read = json ? readJson(data, envelopeDepthMax) : undefined
  if (read !== undefined && Result.isSuccess(read)) return { payload: read.success }
  // Raw bytes, or a topic whose payload is not looked into.
  return { raw: Buffer.from(data).toString("base64") }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8")
const decodePresence = Schema.decodeUnknownResult(fromJsonText(Presence))
const decodeCommand = Schema.decodeUnknownResult(fromJsonText(Command))
