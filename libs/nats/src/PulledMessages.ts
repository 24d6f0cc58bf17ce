import type { JsMsg } from "@nats-io/jetstream"
import { type Msg, nanos } from "@nats-io/transport-node"
import { Effect, type Scope } from "effect"
import { deliveryOf } from "./internal/deliveryOf.ts"
import type { OutboundBatch } from "./internal/OutboundBatch.ts"
import { NatsConnection } from "./NatsConnection.ts"
import { NatsError } from "./NatsError.ts"

/** How long a request may wait for a first message, and how much later the server has to have said that there was none. */
const waitMillis = 5_000
const silenceMillisMax = 2_500

/** A durable consumer's readers need this of a message, of whichever way it came. */
export type Received = Pick<JsMsg, "subject" | "data" | "headers" | "seq" | "ack" | "nak"> & {
  readonly info: Pick<JsMsg["info"], "deliveryCount" | "timestampNanos">
}

/** Asks for what there is, `max` messages at most; empty if none came within `waitMillis`. */
export type Pull = (max: number) => Effect.Effect<ReadonlyArray<Received>, NatsError>

/**
 * Messages of a durable pull consumer when they are asked for, and at no other time. The client's `consume` keeps a request
 * standing. So the server sends each message as it comes, and both wake up for it. That is at 200 a second 260 µs of CPU for
 * one that nobody waits for.
 */
export const openPull = Effect.fnUntraced(function* (
  operation: string,
  stream: string,
  durable: string
): Effect.fn.Return<Pull, never, NatsConnection | Scope.Scope> {
  const { client, connected, newInbox, onStatus, outbound } = yield* NatsConnection
  const inbox = newInbox()
  let asked = 0
  let max = 0
  let received: Array<Received> = []
  let finish: ((fault?: string) => void) | undefined
  const take = (message: Msg): void => {
    const code = message.headers?.code ?? 0
    // Also what an earlier request brought too late: the server waits for its ack.
    if (code === 0) received.push(new PulledMessage(message, outbound))
    if (received.length >= max) return finish?.()
    if (code === 0 || message.subject !== `${inbox}.${asked}`) return
    finish?.(endings.has(code) ? undefined : `${code} ${message.headers?.description ?? ""}`)
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      const subscription = client.subscribe(`${inbox}.*`, { callback: (_, message) => take(message) })
      // The request is gone with the connection; the next one goes by the next.
      const unlisten = onStatus(() => finish?.())
      return () => {
        subscription.unsubscribe()
        unlisten()
      }
    }),
    (release) => Effect.sync(release)
  )
  const rejected = (detail: string) => new NatsError({ reason: "Rejected", operation, detail })
  const ask = () => {
    const wanted = { batch: max, no_wait: true, expires: nanos(waitMillis) }
    client.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`, JSON.stringify(wanted), {
      reply: `${inbox}.${++asked}`
    })
  }
  return (count) =>
    Effect.callback<ReadonlyArray<Received>, NatsError>((resume) => {
      max = count
      const timer = setTimeout(
        () => finish?.(connected() ? "its consumer is silent" : undefined),
        waitMillis + silenceMillisMax
      )
      finish = (fault) => {
        finish = undefined
        clearTimeout(timer)
        const found = received
        received = []
        resume(fault === undefined || found.length > 0 ? Effect.succeed(found) : Effect.fail(rejected(fault)))
      }
      if (connected()) ask()
      return Effect.sync(() => {
        finish = undefined
        clearTimeout(timer)
      })
    })
})

/** There was nothing, or no more (NATS ADR-13). */
const endings: ReadonlySet<number> = new Set([404, 408])

/** Reads the reply subject only when it is asked for. */
class PulledMessage implements Received {
  readonly #message: Msg
  readonly #outbound: OutboundBatch

  constructor(message: Msg, outbound: OutboundBatch) {
    this.#message = message
    this.#outbound = outbound
  }

  get subject(): string {
    return this.#message.subject
  }

  get data(): Uint8Array {
    return this.#message.data
  }

  get headers(): Received["headers"] {
    return this.#message.headers
  }

  get seq(): number {
    return deliveryOf(this.#message.reply).sequence
  }

  get info(): Received["info"] {
    return deliveryOf(this.#message.reply)
  }

  ack(): void {
    this.#respond(ack)
  }

  nak(millis = 0): void {
    this.#respond(utf8.encode(`-NAK {"delay":${nanos(millis)}}`))
  }

  #respond(answer: Uint8Array): void {
    this.#outbound.add(this.#message.reply ?? "", "", "", answer)
  }
}

const utf8 = new TextEncoder()
const ack = utf8.encode("+ACK")
