import { JetStreamApiCodes } from "@nats-io/jetstream"
import { type Msg } from "@nats-io/transport-node"
import { metrics } from "@roost/observability"
import { Effect, type Scope } from "effect"
import { watchRefusals } from "./internal/Refusals.ts"
import { isSubject } from "./internal/OutboundBatch.ts"
import { NatsConnection } from "./NatsConnection.ts"

/** Messages that wait for their ack at most, and how long each may. */
export const inFlightMaxDefault = 16_384
export const ackTimeoutMillisDefault = 5_000
/** Timeouts are found by a sweep this often, not by a timer per message. */
export const sweepMillis = 100
/** `NATS/1.0`, and the line ends around the headers. */
const headerFrameBytes = 12

/** The fate of a message. */
export type Settled =
  | { readonly _tag: "Stored"; readonly sequence: number; readonly duplicate: boolean }
  /**
   * `timeout`, `disconnected`: it may be stored. `noResponders`: no stream takes the subject, or JetStream is down.
   * `rejected`: the stream refused. With a `Nats-Msg-Id` header it is safe to publish again.
   * `conflict`: the subject's last sequence is not the one that `Nats-Expected-Last-Subject-Sequence` named.
   */
  | { readonly _tag: "Failed"; readonly reason: "timeout" | "noResponders" | "rejected" | "conflict" | "disconnected" }

export interface StreamPublisherOptions {
  /** Called once for every message that `publish` took, from the subscription's callback. Must not throw. */
  readonly onSettled: (token: number, settled: Settled) => void
  readonly inFlightMax?: number
  readonly ackTimeoutMillis?: number
}

export interface StreamPublisher {
  /**
   * Publishes to the stream that has `subject`. `headers` as `headerLines` renders them; `token` comes back with
   * `onSettled`. False, and nothing sent, when `inFlightMax` messages wait or no server is connected. So it is
   * if the subject has white space, or the message is larger than the server's `max_payload`.
   */
  readonly publish: (subject: string, headers: string, payload: Uint8Array, token: number) => boolean
  readonly inFlight: () => number
}

/**
 * JetStream publishing with one reply inbox for all messages and no promise per message: 3–5 µs where the client's
 * own `publish()` takes 25 µs (benchmark/StreamPublisher.ts).
 */
export const makeStreamPublisher = Effect.fnUntraced(function* (
  options: StreamPublisherOptions
): Effect.fn.Return<StreamPublisher, never, NatsConnection | Scope.Scope> {
  const { client, connected, newInbox, onStatus, outbound, trouble } = yield* NatsConnection
  const inFlight = new InFlight(options.inFlightMax ?? inFlightMaxDefault, options.onSettled)
  const timeoutMillis = options.ackTimeoutMillis ?? ackTimeoutMillisDefault
  const inbox = newInbox()
  const sweeper = new Sweeper(inFlight)
  const refusals = yield* watchRefusals
  const onAck = (error: Error | null, message: Msg) => {
    if (error !== null) return
    const slot = inFlight.find(Number(message.subject.slice(inbox.length + 1)))
    if (slot < 0) return
    const settled = readAck(message)
    if (settled === failures.rejected) refusals.note(message.data)
    if (settled === failures.rejected || settled === failures.noResponders) trouble.note()
    if (settled._tag === "Stored")
      storing.observe((performance.now() - inFlight.deadlineOf(slot) + timeoutMillis) / 1e3)
    inFlight.settle(slot, settled)
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      const subscription = client.subscribe(`${inbox}.*`, { callback: onAck })
      const unlisten = onStatus((up) => {
        if (!up) inFlight.failAll("disconnected")
      })
      return () => {
        sweeper.stop()
        unlisten()
        subscription.unsubscribe()
        inFlight.failAll("disconnected")
      }
    }),
    (close) => Effect.sync(close)
  )

  return {
    publish: (subject, lines, payload, token) => {
      // Three bytes are the most that UTF-8 takes for one UTF-16 unit.
      const bytesMax = payload.length + 3 * lines.length + headerFrameBytes
      const tooLarge = bytesMax > (client.info?.max_payload ?? 0)
      if (!connected() || client.isDraining() || tooLarge || !isSubject(subject)) {
        refused.inc()
        return false
      }
      const id = inFlight.add(token, performance.now() + timeoutMillis)
      if (id < 0) {
        refused.inc()
        return false
      }
      outbound.add(subject, `${inbox}.${id}`, lines, payload)
      sweeper.start()
      return true
    },
    inFlight: () => inFlight.size
  }
})

/** Slots of waiting messages; an id names slot and use, so that a late ack finds nothing. */
class InFlight {
  readonly #onSettled: (token: number, settled: Settled) => void
  readonly #capacity: number
  readonly #tokens: Float64Array
  /** 0: the slot is free. */
  readonly #deadlines: Float64Array
  readonly #uses: Uint32Array
  readonly #free: Uint32Array
  #freeCount: number

  constructor(capacity: number, onSettled: (token: number, settled: Settled) => void) {
    this.#onSettled = onSettled
    this.#capacity = capacity
    this.#tokens = new Float64Array(capacity)
    this.#deadlines = new Float64Array(capacity)
    this.#uses = new Uint32Array(capacity)
    this.#free = Uint32Array.from({ length: capacity }, (_, i) => i)
    this.#freeCount = capacity
  }

  get size(): number {
    return this.#capacity - this.#freeCount
  }

  /** The message's id, or -1 when all slots wait. */
  add(token: number, deadline: number): number {
    if (this.#freeCount === 0) return -1
    const slot = this.#free[--this.#freeCount]!
    this.#tokens[slot] = token
    this.#deadlines[slot] = deadline
    return ++this.#uses[slot]! * this.#capacity + slot
  }

  /** The slot that waits under this id, or -1. */
  find(id: number): number {
    const slot = id % this.#capacity
    return this.#deadlines[slot] !== 0 && this.#uses[slot] === (id - slot) / this.#capacity ? slot : -1
  }

  deadlineOf(slot: number): number {
    return this.#deadlines[slot]!
  }

  settle(slot: number, settled: Settled): void {
    this.#deadlines[slot] = 0
    this.#free[this.#freeCount++] = slot
    if (settled._tag === "Stored") stored.inc()
    else failed[settled.reason].inc()
    this.#onSettled(this.#tokens[slot]!, settled)
  }

  expire(now: number): void {
    if (this.size === 0) return
    for (let slot = 0; slot < this.#capacity; slot++) {
      const deadline = this.#deadlines[slot]!
      if (deadline !== 0 && deadline <= now) this.settle(slot, failures.timeout)
    }
  }

  failAll(reason: "disconnected"): void {
    if (this.size === 0) return
    for (let slot = 0; slot < this.#capacity; slot++) {
      if (this.#deadlines[slot] !== 0) this.settle(slot, failures[reason])
    }
  }
}

/** Looks for messages whose time is over as long as there are any: an idle process has no timer for it. */
class Sweeper {
  readonly #inFlight: InFlight
  #timer: NodeJS.Timeout | undefined

  constructor(inFlight: InFlight) {
    this.#inFlight = inFlight
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.#inFlight.expire(performance.now())
      if (this.#inFlight.size === 0) this.stop()
    }, sweepMillis)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

/**
 * `{"stream":"UPLINK","seq":7}`, with `"duplicate":true`, or `{"error":{…},"seq":0}`. Without a body: nobody listens.
 * Sequences begin with 1, and a refusal has one too: 0.
 */
const readAck = (message: Msg): Settled => {
  const body = message.data
  if (body.length === 0) return failures.noResponders
  const sequence = plainSequence(body)
  if (sequence > 0) return { _tag: "Stored", sequence, duplicate: false }
  try {
    const ack: Ack = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1"))
    if (ack.error?.err_code === JetStreamApiCodes.StreamWrongLastSequence) return failures.conflict
    return ack.error !== undefined || !ack.seq
      ? failures.rejected
      : { _tag: "Stored", sequence: ack.seq, duplicate: ack.duplicate === true }
  } catch {
    return failures.rejected
  }
}

/** The sequence of an ack that is `{"stream":"…","seq":…}` and no more; 0 for any other body. */
const plainSequence = (body: Uint8Array): number => {
  let at = body.length - 1
  if (body[at] !== closingBrace) return 0
  let sequence = 0
  for (let unit = 1, digit = body[--at]! - zero; digit >= 0 && digit <= 9; digit = body[--at]! - zero) {
    sequence += digit * unit
    unit *= 10
  }
  // No name of a stream has a quotation mark, so what stands between these two is one member.
  const endsAt = at - beforeSequence.length + 1
  for (let i = 0; i < beforeSequence.length; i++) if (body[endsAt + i] !== beforeSequence[i]) return 0
  for (let i = 0; i < beforeStream.length; i++) if (body[i] !== beforeStream[i]) return 0
  for (let i = beforeStream.length; i < endsAt; i++) if (body[i] === quotationMark) return 0
  return Number.isSafeInteger(sequence) ? sequence : 0
}

const beforeStream = Buffer.from('{"stream":"')
const beforeSequence = Buffer.from('","seq":')
const [closingBrace, quotationMark, zero] = [0x7d, 0x22, 0x30]

interface Ack {
  readonly seq?: number
  readonly duplicate?: boolean
  readonly error?: { readonly err_code?: number }
}

type Failure = Extract<Settled, { readonly _tag: "Failed" }>
const failures: Readonly<Record<Failure["reason"], Failure>> = {
  timeout: { _tag: "Failed", reason: "timeout" },
  noResponders: { _tag: "Failed", reason: "noResponders" },
  rejected: { _tag: "Failed", reason: "rejected" },
  conflict: { _tag: "Failed", reason: "conflict" },
  disconnected: { _tag: "Failed", reason: "disconnected" }
}

const failedHelp = "Messages for a stream without a positive ack."
const failed = {
  timeout: metrics.counter("roost_nats_stream_failed_total", failedHelp, { reason: "timeout" }),
  noResponders: metrics.counter("roost_nats_stream_failed_total", failedHelp, { reason: "noResponders" }),
  rejected: metrics.counter("roost_nats_stream_failed_total", failedHelp, { reason: "rejected" }),
  conflict: metrics.counter("roost_nats_stream_failed_total", failedHelp, { reason: "conflict" }),
  disconnected: metrics.counter("roost_nats_stream_failed_total", failedHelp, { reason: "disconnected" })
}
const storing = metrics.histogram(
  "roost_nats_store_seconds",
  "From the publishing of a message to the stream's acknowledgement; a device waits for it."
)
const stored = metrics.counter("roost_nats_stream_stored_total", "Messages that a stream acknowledged.")
const refused = metrics.counter(
  "roost_nats_stream_refused_total",
  "Messages not sent: too many wait, no server, or too large."
)
