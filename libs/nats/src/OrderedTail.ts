import { AckPolicy, DeliverPolicy, type JetStreamManager, ReplayPolicy } from "@nats-io/jetstream"
import { type Msg, nanos, nuid } from "@nats-io/transport-node"
import { FormatHeader, formatFault } from "@roost/contracts"
import { metrics } from "@roost/observability"
import { Effect, Schedule } from "effect"
import { deliveryOf } from "./internal/deliveryOf.ts"
import { fromClient } from "./internal/fromClient.ts"
import { type Place, readAgainFrom, wasSetBack } from "./internal/Place.ts"
import { whenConnected } from "./internal/whenConnected.ts"
import { NatsConnection } from "./NatsConnection.ts"
import { NatsError } from "./NatsError.ts"

/** A consumer that is silent for two heartbeats is made anew. */
const heartbeatMillis = 2_000
const silenceMillisMax = 2 * heartbeatMillis + 500
const inactiveMillis = 60_000
/**
 * A cluster may choose a server that has just died; the next attempt is likely to have another. Doubled each time that it was too
 * short. Where server and process share a machine that has no time for them, as at its start, an attempt may take longer.
 */
const createMillisMin = 2_000
const createMillisMax = 16_000
/** A timer that is so late: this process stood still, and what came meanwhile waits to be read. */
const stoodStillMillis = 1_000
/**
 * After this a tail `from: "last"` reads all again, whatever happened: what a consumer passed over nobody tells. Not before a
 * thousand times the time that reading takes, so that it costs a thousandth of a core at most.
 */
const readAnewDefault = { millisMin: 600_000, readingsMin: 1_000 }

export interface TailMessage {
  readonly subject: string
  readonly data: Uint8Array
  /** A header's value, empty if there is none. */
  readonly header: (name: string) => string
  /** Sequence in the stream; the revision of a bucket's entry. */
  readonly sequence: number
  /** When the stream stored it, in milliseconds since 1970 on its nats-server's clock. */
  readonly storedAt: number
}

export interface TailOptions {
  readonly stream: string
  readonly filterSubject: string
  /**
   * `last`: the last message of every subject, then what follows. After an interruption all of it again, as after the store
   * refused writes and every ten minutes. `new`: what is stored from now on; after an interruption from where it was.
   */
  readonly from: "last" | "new"
  /** With `from: "new"`: begins with this sequence, or the first that the stream still has after it. */
  readonly fromSequence?: number
  /**
   * With `from: "new"`: what came since the store began to refuse writes comes once more when it takes again, with what the
   * consumer may have skipped. So does what came in the last minute before the stream was set back, with all that came since.
   */
  readonly repeats?: boolean
  /** With `from: "last"`: after how long all is read again in any case, at least, also in times that reading took. */
  readonly readAnew?: { readonly millisMin: number; readonly readingsMin: number }
  /** A consumer was made, anew after an interruption: what follows comes from where `from` says. */
  readonly onStart?: () => void
  readonly onMessage: (message: TailMessage) => void
  /**
   * All messages from before the consumer was made have come, but for those that were replaced while they were read: their successors
   * follow. Once after every `onStart`.
   */
  readonly onCaughtUp?: () => void
  /** Nothing is heard until the next `onStart`: what is stored meanwhile comes behind it. */
  readonly onInterrupted?: () => void
}

/**
 * Reads a stream in order, without acks, and never ends: an ephemeral push consumer that is made anew after a
 * reconnect, a gap or silence. The client's own ordered consumers do the same with heartbeats of 30 s. The loss of
 * a consumer alone (its server died, ours did not) would cost a minute. Here it costs seconds.
 */
export const followTail = (options: TailOptions): Effect.Effect<never, never, NatsConnection> =>
  Effect.suspend(() => {
    const cursor: Cursor = {
      next: options.fromSequence,
      last: undefined,
      safe: undefined,
      createMillis: createMillisMin
    }
    return whenConnected.pipe(
      Effect.andThen(Effect.suspend(() => Effect.scoped(followOnce(options, cursor)))),
      Effect.tapError(({ detail, operation, reason }) =>
        Effect.logInfo(`${operation} begins anew: ${reason === "Disconnected" ? detail : `${reason}, ${detail}`}`)
      ),
      Effect.retry(Schedule.spaced("500 millis")),
      Effect.orDie
    )
  })

interface Cursor {
  /** Sequence to go on from, for tails `from: "new"`. */
  next: number | undefined
  /** The message before it, of tails that repeat. */
  last: Place | undefined
  /** Where it was when the store began to refuse writes. */
  safe: number | undefined
  /** How long the making of the next consumer may take. */
  createMillis: number
}

/** Follows one consumer until it fails. */
const followOnce = Effect.fnUntraced(function* (options: TailOptions, cursor: Cursor) {
  const { client, connected, manager, newInbox, onStatus, trouble } = yield* NatsConnection
  const operation = `tail of ${options.filterSubject}`
  const inbox = newInbox()
  const log = Effect.runForkWith(yield* Effect.context<never>())
  const refuse = (text: string) => void log(Effect.logError(`${operation}: ${text}`))
  const state = new TailState(options, cursor, (subject) => client.publish(subject), refuse)
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      const subscription = client.subscribe(inbox, { callback: (_, message) => state.take(message) })
      let timer: NodeJS.Timeout | undefined
      // Looked at when it can be over, not at every heartbeat.
      let dueAt = Infinity
      const listenFor = (millis: number) => {
        dueAt = performance.now() + millis
        timer = setTimeout(listen, millis)
      }
      const listen = () => {
        const left = state.silenceLeft()
        if (left > 0) listenFor(left)
        else if (performance.now() - dueAt > stoodStillMillis) listenFor(heartbeatMillis)
        else state.fail("its consumer is silent")
      }
      listen()
      const unlisten = onStatus((up) => state.fail(up ? "another nats-server" : "the nats-server is gone"))
      const unwatch = trouble.listen({
        began: () => state.doubt(),
        over: (last) => state.readAgain("the store refused writes", last)
      })
      return () => {
        state.close()
        subscription.unsubscribe()
        clearTimeout(timer)
        unlisten()
        unwatch()
      }
    }),
    (release) => Effect.sync(release)
  )
  if (!connected()) state.fail("no nats-server is connected")
  const failed = Effect.callback<never, NatsError>((resume) =>
    state.onFailure((why) => resume(Effect.fail(new NatsError({ reason: "Disconnected", operation, detail: why }))))
  )
  const made = fromClient(operation, async () =>
    manager.consumers.add(options.stream, {
      name: `tail_${nuid.next()}`,
      deliver_subject: inbox,
      filter_subject: options.filterSubject,
      ...(await startOf(manager, options, cursor)),
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      flow_control: true,
      idle_heartbeat: nanos(heartbeatMillis),
      inactive_threshold: nanos(inactiveMillis),
      max_deliver: 1,
      mem_storage: true,
      num_replicas: 1
    })
  )
  const { createMillis } = cursor
  const late = new NatsError({
    reason: "Timeout",
    operation,
    detail: `the consumer was not made in ${createMillis} ms`
  })
  // Not the consumer's own count of what is pending alone: nats-server 2.9 may end one above zero and stay there.
  const end = options.from === "last" ? fromClient(operation, () => manager.streams.info(options.stream)) : none
  const timely = Effect.all([end, made], { concurrency: 2 }).pipe(
    Effect.timeoutOrElse({ duration: createMillis, orElse: () => Effect.fail(late) }),
    Effect.tapError((error) =>
      Effect.sync(() => {
        if (error === late) cursor.createMillis = Math.min(2 * createMillis, createMillisMax)
      })
    ),
    Effect.tap(() => Effect.sync(() => void (cursor.createMillis = createMillisMin)))
  )
  const [stream, info] = yield* Effect.raceFirst(timely, failed)
  // Nobody waits for it: a cluster takes tens of milliseconds, and what is not deleted goes when it has been inactive.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => void manager.consumers.delete(options.stream, info.name).catch(() => undefined))
  )
  starts.inc()
  state.start(info.num_pending, info.delivered.stream_seq, stream?.state.last_seq ?? Infinity)
  return yield* failed
})

const none = Effect.succeed(undefined)

const startOf = async (manager: JetStreamManager, options: TailOptions, { last, next }: Cursor) => {
  if (options.from === "last") return { deliver_policy: DeliverPolicy.LastPerSubject }
  if (next === undefined) return { deliver_policy: DeliverPolicy.New }
  return last !== undefined && (await wasSetBack(manager, options.stream, last))
    ? { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(readAgainFrom(last)).toISOString() }
    : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: next }
}

/** The messages that one consumer delivered so far. Messages that come before its creation was confirmed wait for `start`. */
class TailState {
  readonly #options: TailOptions
  readonly #cursor: Cursor
  readonly #publish: (subject: string) => void
  readonly #refuse: (text: string) => void
  #early: Array<Msg> | undefined = []
  #delivered = 0
  #heardAt = performance.now()
  #onFailure: ((why: string) => void) | undefined
  #failure: string | undefined
  #caughtUp = false
  readonly #madeAt = performance.now()
  #readAnew: NodeJS.Timeout | undefined
  /** The stream's last message when the consumer was made; what replaced an older one since then may be behind it. */
  #end = Infinity

  constructor(
    options: TailOptions,
    cursor: Cursor,
    publish: (subject: string) => void,
    refuse: (text: string) => void
  ) {
    this.#options = options
    this.#cursor = cursor
    this.#publish = publish
    this.#refuse = refuse
  }

  start(pending: number, lastSequence: number, end: number): void {
    this.#end = end
    const early = this.#early ?? []
    this.#early = undefined
    this.#cursor.next ??= lastSequence + 1
    this.#options.onStart?.()
    if (pending === 0) this.#catchUp()
    for (const message of early) this.take(message)
  }

  #catchUp(): void {
    if (this.#caughtUp || this.#failure !== undefined) return
    this.#caughtUp = true
    this.#options.onCaughtUp?.()
    if (this.#options.from === "new" || this.#failure !== undefined) return
    const { millisMin, readingsMin } = this.#options.readAnew ?? readAnewDefault
    const millis = Math.max(millisMin, readingsMin * (performance.now() - this.#madeAt))
    // Not all processes at once.
    this.#readAnew = setTimeout(() => this.readAgain("it is time to read all again"), millis * (1 + Math.random() / 4))
    this.#readAnew.unref()
  }

  /** The messages from now on may not be all. */
  doubt(): void {
    this.#cursor.safe ??= this.#cursor.next
  }

  readAgain(why: string, last = true): void {
    const { from, repeats } = this.#options
    const { safe } = this.#cursor
    if (last) this.#cursor.safe = undefined
    if (from === "new" && (repeats !== true || safe === undefined)) return
    if (from === "new") {
      this.#cursor.next = safe
      // Of an earlier place nothing is known but its sequence.
      this.#cursor.last = undefined
    }
    this.fail(why)
  }

  close(): void {
    clearTimeout(this.#readAnew)
  }

  onFailure(listener: (why: string) => void): void {
    this.#onFailure = listener
    if (this.#failure !== undefined) listener(this.#failure)
  }

  fail(why: string): void {
    if (this.#failure !== undefined) return
    this.#failure = why
    this.#options.onInterrupted?.()
    this.#onFailure?.(why)
  }

  /** Milliseconds until the consumer is taken for gone. */
  silenceLeft(): number {
    return Math.ceil(this.#heardAt + silenceMillisMax - performance.now())
  }

  take(message: Msg): void {
    this.#heardAt = performance.now()
    if (this.#failure !== undefined) return
    if (this.#early !== undefined) return void this.#early.push(message)
    if (message.headers?.code === 100) return this.#control(message)
    const { delivery, pending, sequence, timestampNanos } = deliveryOf(message.reply)
    const storedAt = Math.floor(timestampNanos / 1e6)
    if (delivery !== this.#delivered + 1) return this.fail("a message was lost on the way")
    this.#delivered = delivery
    this.#cursor.next = sequence + 1
    if (this.#options.repeats === true) this.#cursor.last = { sequence, storedAt }
    const { subject, data, headers } = message
    const fault = formatFault(headers?.get(FormatHeader) ?? "")
    if (fault === undefined) {
      this.#options.onMessage({ subject, data, sequence, storedAt, header: (name) => headers?.get(name) ?? "" })
    } else this.#refuse(`message ${sequence} (${subject}) is passed over, ${fault}`)
    if (pending === 0 || sequence >= this.#end) this.#catchUp()
  }

  /** Idle heartbeats and requests for flow control (NATS ADR-9). */
  #control(message: Msg): void {
    if (message.reply) return void message.respond()
    const last = Number(message.headers?.get("Nats-Last-Consumer") ?? 0)
    if (last > this.#delivered) return this.fail("a message was lost on the way")
    const stalled = message.headers?.get("Nats-Consumer-Stalled")
    if (stalled) return this.#publish(stalled)
    // Idle: the last message that was pending may have been removed before it came.
    this.#catchUp()
  }
}

const starts = metrics.counter("roost_nats_tails_started_total", "Consumers made to read a stream or bucket in order.")
