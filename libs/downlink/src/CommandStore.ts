import { tickMillis } from "@roost/actors"
import { Buckets, Command, commandKey, deviceCommands, Streams, Subjects } from "@roost/contracts"
import { type Bucket, awaitStreams, type NatsConnection, type NatsError, openBucket, watchService } from "@roost/nats"
import { Health, metrics, waitBounds } from "@roost/observability"
import { Clock, type Config, Context, Effect, Layer, Option, Random } from "effect"
import { CommandMirror, deadlineGraceMillis, type Due } from "./CommandMirror.ts"
import { type CommandInput, hasEnded, transition } from "./CommandState.ts"

/**
 * The longest sleep between two looks at the deadlines. A command that comes meanwhile has `deadlineGraceMillis` on top of its
 * deadline and so is not late for it, unless it was when it came.
 */
const sleepMillisMax = deadlineGraceMillis
const retryMillis = 1_000
const workersMax = 32
/** Compare-and-set is lost to another instance or to an event of the same command: a few rounds are plenty. */
const conflictsMax = 10
const jitterMillisMax = 500

/** The effect of an input. */
export type Applied =
  | { readonly _tag: "Changed"; readonly command: Command }
  | { readonly _tag: "Unchanged"; readonly command: Command }
  | { readonly _tag: "Unknown" }

/**
 * The commands of all devices, in the buckets COMMANDS (pending) and COMMAND_HISTORY (ended). Every change is a
 * compare-and-set, so several instances work on them at once. A command that ends is first marked so, then copied to
 * the history, then deleted: whoever finds one that was left half-way goes on.
 */
export class CommandStore extends Context.Service<
  CommandStore,
  {
    /** Fails with `Conflict` if the id is taken. */
    readonly create: (command: Command) => Effect.Effect<void, NatsError>
    /** Into the history at once: for a command that ended as it was issued. */
    readonly record: (command: Command) => Effect.Effect<void, NatsError>
    readonly get: (commandId: string) => Effect.Effect<Option.Option<Command>, NatsError>
    readonly apply: (commandId: string, input: CommandInput) => Effect.Effect<Applied, NatsError>
    /** Keys of the device's commands, pending and ended, of the partition and hash. */
    readonly keysOf: (place: DeviceHash) => Effect.Effect<
      {
        readonly pending: ReadonlyArray<string>
        readonly ended: ReadonlyArray<string>
      },
      NatsError
    >
    /** By key, from either bucket. */
    readonly getByKey: (key: string) => Effect.Effect<Option.Option<Command>, NatsError>
    /** How many pending commands this process knows of the device; undefined until it has read the bucket. */
    readonly pendingOf: (deviceHash: string) => number | undefined
    /** Takes a command out as if it had never been. */
    readonly withdraw: (commandId: string) => Effect.Effect<void, NatsError>
  }
>()("@roost/downlink/CommandStore") {
  static readonly layer: Layer.Layer<CommandStore, Config.ConfigError, NatsConnection | Health> = Layer.effect(
    CommandStore,
    Effect.gen(function* () {
      yield* awaitStreams({
        streams: [Streams.commandEvent, Streams.credential, Streams.setAside],
        buckets: [Buckets.commands, Buckets.commandHistory]
      })
      yield* watchService(
        "registry",
        Subjects.registryDevice,
        "no command is taken, since it says which devices there are"
      )
      const commands = yield* openBucket(Buckets.commands, Command)
      const history = yield* openBucket(Buckets.commandHistory, Command)
      const mirror = new CommandMirror(yield* Clock.currentTimeMillis, (yield* Random.next) * jitterMillisMax)
      const loaded = yield* follow(commands, mirror)
      const store = { commands, history }
      yield* Effect.forkScoped(fireDeadlines(store, mirror))
      const getByKey = Effect.fnUntraced(function* (key: string) {
        // In this order: a command is in the history before it leaves the other bucket.
        const pending = yield* commands.get(key)
        return Option.map(Option.isSome(pending) ? pending : yield* history.get(key), (entry) => entry.value)
      })
      return CommandStore.of({
        create: (command) =>
          Effect.gen(function* () {
            const key = keyOf(command)
            const revision = yield* commands.create(key, command)
            // The watch says the same in a moment; the next command of this device counts this one already.
            mirror.put(yield* Clock.currentTimeMillis, key, command, revision)
            counters.created.inc()
          }),
        record: (command) => Effect.asVoid(history.put(keyOf(command), command)),
        get: (commandId) => {
          const key = commandKey(commandId)
          return key === undefined ? Effect.succeedNone : getByKey(key)
        },
        apply: (commandId, input) => applyTo(store, commandId, input),
        keysOf: (place) =>
          Effect.all(
            { pending: commands.keys(deviceCommands(place)), ended: history.keys(deviceCommands(place)) },
            { concurrency: 2 }
          ),
        getByKey,
        pendingOf: (deviceHash) => (loaded() ? mirror.pendingOf(deviceHash) : undefined),
        withdraw: (commandId) => commands.delete(commandKey(commandId) ?? "")
      })
    })
  )
}

interface DeviceHash {
  readonly partition: number
  readonly hash: string
}

interface Store {
  readonly commands: Bucket<Command>
  readonly history: Bucket<Command>
}

const keyOf = (command: Command): string => commandKey(command.commandId)!

/** Mirrors the bucket; tells whether all of it was read. */
const follow = Effect.fnUntraced(function* (commands: Bucket<Command>, mirror: CommandMirror) {
  const health = yield* Health
  const clock = yield* Clock.Clock
  let loaded = false
  yield* health.register("commands", () => (loaded ? undefined : "the pending commands are being read"))
  for (const state of ["created", "sent"] as const) {
    const help = "Commands that wait for their device, or for its reply, as this instance sees the bucket."
    yield* Effect.acquireRelease(
      Effect.sync(() => metrics.gaugeFrom("roost_commands_waiting", help, () => mirror.waiting[state], { state })),
      (release) => Effect.sync(release)
    )
  }
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      metrics.gaugeFrom("roost_commands_pending", "Commands of all devices that have not ended.", () => mirror.size)
    ),
    (release) => Effect.sync(release)
  )
  yield* commands.watch(">", {
    onPut: ({ key, value, revision }) => mirror.put(clock.currentTimeMillisUnsafe(), key, value, revision),
    onDelete: (key, revision) => mirror.remove(clock.currentTimeMillisUnsafe(), key, revision),
    onInitialDone: () => {
      loaded = true
    }
  })
  return () => loaded
})

const fireDeadlines = (store: Store, mirror: CommandMirror) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    yield* Effect.forEach(
      mirror.advance(now),
      (due) =>
        handleDue(store, mirror, due, now).pipe(
          Effect.catch((error) => Effect.as(Effect.logInfo(error.message), false)),
          Effect.map((done) => done || mirror.again(now, due, retryMillis))
        ),
      { concurrency: workersMax, discard: true }
    )
    const quiet = mirror.quietMillis(yield* Clock.currentTimeMillis, sleepMillisMax)
    yield* Effect.sleep(Math.max(quiet, tickMillis))
  }).pipe(Effect.forever)

/**
 * Several instances may do this at once; the first one's write makes the others' conflict. False if it is not done: the clock was
 * set back.
 */
const handleDue = Effect.fnUntraced(function* (store: Store, mirror: CommandMirror, due: Due, now: number) {
  if (due._tag === "Marker") {
    // Rejected: another instance removed it before.
    yield* store.commands.forget(due.revision).pipe(unless("Rejected"))
  } else if (hasEnded(due.command)) {
    yield* move(store, due)
  } else {
    const next = transition(due.command, { _tag: "TimePassed", at: now })
    if (next === undefined) return false
    if (Option.isSome(yield* store.history.get(due.key))) {
      // It ended, and a write that was on its way brought it back (see `move`).
      yield* store.commands.delete(due.key)
      return true
    }
    const stored = yield* write(store, due, next).pipe(
      Effect.as(true),
      Effect.catchIf(
        (error) => error.reason === "Conflict",
        () => Effect.succeed(false)
      )
    )
    if (!stored) yield* readAnew(store, mirror, due.key)
  }
  return true
})

/** The watch mostly tells the same in a moment, and may have missed it. */
const readAnew = Effect.fnUntraced(function* ({ commands }: Store, mirror: CommandMirror, key: string) {
  const found = Option.getOrUndefined(yield* commands.get(key))
  const now = yield* Clock.currentTimeMillis
  if (found === undefined) mirror.remove(now, key, 0)
  else mirror.put(now, key, found.value, found.revision)
})

const applyTo = (store: Store, commandId: string, input: CommandInput): Effect.Effect<Applied, NatsError> =>
  Effect.gen(function* () {
    const key = commandKey(commandId)
    if (key === undefined) return { _tag: "Unknown" } as const
    const found = yield* store.commands.get(key)
    if (Option.isNone(found)) {
      const ended = yield* store.history.get(key)
      return Option.isNone(ended) ? unknown : ({ _tag: "Unchanged", command: ended.value.value } as const)
    }
    const { value: command, revision } = found.value
    const next = transition(command, input)
    if (next === undefined) return { _tag: "Unchanged", command } as const
    yield* write(store, { key, command, revision }, next)
    return { _tag: "Changed", command: next } as const
  }).pipe(Effect.retry({ times: conflictsMax, while: (error) => error.reason === "Conflict" }))

const unknown = { _tag: "Unknown" } as const

interface Found {
  readonly key: string
  readonly command: Command
  readonly revision: number
}

const write = Effect.fnUntraced(function* (store: Store, found: Found, next: Command) {
  yield* store.commands.update(found.key, next, found.revision)
  observeStages(found.command, next)
  if (next.state !== found.command.state) counters[next.state].inc()
  if (hasEnded(next)) yield* move(store, { key: found.key, command: next })
})

const move = Effect.fnUntraced(function* (store: Store, { key, command }: Pick<Found, "key" | "command">) {
  yield* store.history.put(key, command)
  // The deletion asks for no revision. A cluster of nats-server 2.9 takes two writes that expect the same revision if both are on their way
  // at once. The second one must not bring a command back that has ended.
  yield* store.commands.delete(key)
})

const unless =
  (reason: NatsError["reason"]) =>
  <A>(effect: Effect.Effect<A, NatsError>): Effect.Effect<void, NatsError> =>
    effect.pipe(
      Effect.asVoid,
      Effect.catchIf(
        (error) => error.reason === reason,
        () => Effect.void
      )
    )

/** Only the instance that writes a change tells how long it took. */
const observeStages = (before: Command, { createdAt, fetchedAt, hintedAt, repliedAt, sentAt }: Command) => {
  if (hintedAt !== undefined && before.hintedAt === undefined) stages.announce.observe((hintedAt - createdAt) / 1e3)
  if (fetchedAt !== undefined && before.fetchedAt === undefined)
    stages.fetch.observe((fetchedAt - (hintedAt ?? createdAt)) / 1e3)
  if (repliedAt !== undefined && before.repliedAt === undefined)
    stages.reply.observe((repliedAt - (sentAt ?? createdAt)) / 1e3)
}

const stage = (stage: string) =>
  metrics.histogram(
    "roost_command_seconds",
    "Of a command. announce: until Option 2100 names it. fetch: from there until its device fetches it. reply: until the device replies.",
    waitBounds,
    { stage }
  )
const stages = { announce: stage("announce"), fetch: stage("fetch"), reply: stage("reply") }

const counter = (state: string) =>
  metrics.counter("roost_commands_total", "Commands that came into a state, by this instance.", { state })
const counters = {
  created: counter("created"),
  cancelled: counter("cancelled"),
  expired: counter("expired"),
  sent: counter("sent"),
  succeeded: counter("succeeded"),
  failed: counter("failed"),
  timedOut: counter("timedOut")
}
