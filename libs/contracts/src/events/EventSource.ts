import { envelopeDepthMax, readJson } from "@roost/enos"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { DeviceEvent, Presence } from "../Device.ts"
import { Command, isPending } from "../downlink/Command.ts"
import { deviceCommands } from "../downlink/CommandId.ts"
import { issuedCommand } from "../downlink/IssuedCommand.ts"
import { fromJsonText } from "../JsonText.ts"
import { placeOf } from "../Partition.ts"
import type { FollowedKind } from "../registry/EventsApi.ts"
import { Buckets, Streams, UplinkHeader } from "../Streams.ts"
import { decodeToken, encodeToken } from "../SubjectToken.ts"

/** The owner of the events; an absent one is everybody. */
export interface EventFilter {
  readonly productKey?: string | undefined
  readonly deviceKey?: string | undefined
}

/** A message of one of the streams, as far as an event needs it. */
export interface StreamMessage {
  readonly subject: string
  readonly data: Uint8Array
  readonly header: (name: string) => string
  readonly sequence: number
  readonly storedAt: number
}

/** One event in JSON; `docs/applications.md` has an example of each kind. Times in milliseconds since 1970. */
export interface ApplicationEvent {
  readonly type: FollowedKind
  /** The same whenever and by whatever way it comes again. */
  readonly id: string
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

export const eventSources: Readonly<Record<FollowedKind, EventSource>> = {
  uplink: {
    stream: Streams.uplink.name,
    subject: (filter) => `roost.uplink.${device(filter)}.*`,
    read: (message) => {
      const { data, header, subject } = message
      const [, , productToken = "", deviceToken = "", kind = ""] = subject.split(".")
      const productKey = decodeToken(productToken)
      const deviceKey = decodeToken(deviceToken)
      if (productKey === undefined || deviceKey === undefined) return undefined
      const topic = header(UplinkHeader.topic)
      const method = header(UplinkHeader.method)
      const time = Number(header(UplinkHeader.time))
      const id = idOf("uplink", message)
      return {
        type: "uplink",
        id,
        productKey,
        deviceKey,
        kind,
        topic,
        method,
        time,
        ...uplinkPayload(data, method !== "")
      }
    }
  },
  presence: {
    stream: Streams.presence.name,
    subject: (filter) => `roost.presence.${device(filter)}`,
    read: (message) => {
      const presence = decodePresence(textOf(message.data))
      if (Result.isFailure(presence)) return undefined
      const { address, at, cause, deviceKey, lastSeenAt, lifetimeSeconds, productKey, state } = presence.success
      const id = idOf("presence", message)
      return {
        type: "presence",
        id,
        productKey,
        deviceKey,
        state,
        cause,
        time: at,
        lastSeenAt,
        lifetimeSeconds,
        address
      }
    }
  },
  command: {
    stream: `KV_${Buckets.commandHistory.name}`,
    subject: ({ deviceKey, productKey }) =>
      // Keys of commands begin with the device's place; by product alone they can't be told apart.
      productKey === undefined || deviceKey === undefined
        ? `${historySubject}>`
        : `${historySubject}${deviceCommands(placeOf(productKey, deviceKey))}`,
    read: (message, filter) => {
      const command = decodeCommand(textOf(message.data))
      if (Result.isFailure(command) || isPending(command.success.state) || !isOf(command.success, filter)) {
        return undefined
      }
      const told = issuedCommand(command.success)
      return { type: "command", id: idOf("command", message), time: told.finishedAt, ...told }
    }
  },
  log: {
    stream: Streams.event.name,
    // Those of products have an empty device key, those of Roost itself a token fewer.
    subject: (filter) => `roost.event.${device(filter)}.*`,
    read: (message) => {
      const event = decodeEvent(textOf(message.data))
      if (Result.isFailure(event)) return undefined
      const { at, ...told } = event.success
      return { type: "log", id: idOf("log", message), time: at, ...told }
    }
  }
}

/** With its time: a stream that was set back gives a sequence twice. */
const idOf = (kind: FollowedKind, { sequence, storedAt }: StreamMessage): string => `${kind}-${sequence}-${storedAt}`

const historySubject = `$KV.${Buckets.commandHistory.name}.`

/** By device alone, without a product, every product's. */
const isOf = (event: EventFilter, { deviceKey, productKey }: EventFilter): boolean =>
  (productKey === undefined || productKey === event.productKey) &&
  (deviceKey === undefined || deviceKey === event.deviceKey)

/** A device's JSON is JSON here; raw bytes are base64. */
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
const decodeEvent = Schema.decodeUnknownResult(fromJsonText(DeviceEvent))
const decodeCommand = Schema.decodeUnknownResult(fromJsonText(Command))
