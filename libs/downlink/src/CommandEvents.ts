import { CommandEvent, decodeToken, type DeviceEvent, Streams, Subjects, fromJsonText } from "@roost/contracts"
import { type ConsumedMessage, durableConsumer, EventPublisher, type NatsConnection } from "@roost/nats"
import { metrics } from "@roost/observability"
import { Effect, Layer, Result, Schema } from "effect"
import type { CommandInput } from "./CommandState.ts"
import { CommandStore } from "./CommandStore.ts"

const workersMax = 32

/**
 * Applies what devices did with their commands, from the stream COMMAND_EVENT, as one durable consumer of all
 * instances. An event comes at least once and changes a command once: a second `Fetched` of one delivery and a second
 * reply do nothing.
 */
export const layerCommandEvents: Layer.Layer<never, never, CommandStore | EventPublisher | NatsConnection> =
  Layer.effectDiscard(
    durableConsumer({
      stream: Streams.commandEvent.name,
      durable: "downlink-queue",
      filterSubject: Streams.commandEvent.subjects[0]!,
      // Events of one command in their order, commands side by side.
      handler: (messages) =>
        Effect.forEach(byCommand(messages), (events) => Effect.forEach(events, applyEvent, { discard: true }), {
          concurrency: workersMax,
          discard: true
        })
    })
  )

interface Received {
  readonly event: CommandEvent
  readonly productKey: string
  readonly deviceKey: string
}

const byCommand = (messages: ReadonlyArray<ConsumedMessage>): ReadonlyArray<ReadonlyArray<Received>> => {
  const groups = new Map<string, Array<Received>>()
  for (const message of messages) {
    const event = decodeEvent(utf8.decode(message.data))
    if (Result.isFailure(event)) {
      // It would come again for ever.
      malformed.inc()
      continue
    }
    const [, , , productKey = "", deviceKey = ""] = message.subject.split(".")
    const received = {
      event: event.success,
      productKey: decodeToken(productKey) ?? "",
      deviceKey: decodeToken(deviceKey) ?? ""
    }
    const group = groups.get(event.success.commandId)
    if (group === undefined) groups.set(event.success.commandId, [received])
    else group.push(received)
  }
  return [...groups.values()]
}

const applyEvent = Effect.fnUntraced(function* (received: Received) {
  const store = yield* CommandStore
  const { event } = received
  const applied = yield* store.apply(event.commandId, inputOf(event))
  if (event._tag !== "Replied" || applied._tag === "Changed") return
  // The reply that ended the command, once more.
  if (applied._tag === "Unchanged" && applied.command.finishedAt === event.at) return
  ignored.inc()
  const events = yield* EventPublisher
  const { productKey, deviceKey } = received
  const why = applied._tag === "Unknown" ? "is not known" : `is ${applied.command.state}`
  const deviceEvent: DeviceEvent = {
    productKey,
    deviceKey,
    kind: "command-reply-ignored",
    at: event.at,
    address: "",
    reason: `the device replied to command ${event.commandId}, which ${why}; nothing was changed`,
    detail: { commandId: event.commandId, code: event.code }
  }
  events.publish("event", Subjects.event(productKey, deviceKey, deviceEvent.kind), deviceEvent)
})

const inputOf = (event: CommandEvent): CommandInput => {
  switch (event._tag) {
    case "Hinted":
      return { _tag: "Hinted", at: event.at }
    case "Fetched":
      return { _tag: "Fetched", at: event.at, delivery: event.delivery }
    case "Overtaken":
      return { _tag: "Overtaken", at: event.at, by: event.by }
    case "Replied":
      return { _tag: "Replied", at: event.at, code: event.code, message: event.message, data: event.data }
  }
}

const decodeEvent = Schema.decodeUnknownResult(fromJsonText(CommandEvent))
const utf8 = new TextDecoder()
const ignored = metrics.counter("roost_command_replies_ignored_total", "Replies to commands that had ended.")
const malformed = metrics.counter("roost_command_events_malformed_total", "Events that are no command event: our bug.")
