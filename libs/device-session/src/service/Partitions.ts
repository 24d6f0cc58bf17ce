import { steadyNow, wallOf } from "@roost/actors"
import type { PartitionHost } from "@roost/cluster"
import { Buckets, Command, commandIdOfKey, deviceRpc, isPending, type Sealing, fromJsonText } from "@roost/contracts"
import { NatsConnection, readSnapshot, serveRpc, type TailMessage } from "@roost/nats"
import { Cause, Effect, Exit, Result, Schema, Scope } from "effect"
import { type CommandRevisions, deliveryOf } from "./CommandWatch.ts"
import type { DeviceHost } from "../host/DeviceHost.ts"
import type { FormerSeals } from "./FormerSeals.ts"
import { sessionStream, sessionSubject } from "./NatsEffects.ts"
import { type Acquisition, makePartitionLoader, type PartitionLoader } from "./PartitionLoader.ts"

/**
 * More partitions than this are read from a bucket at one go. For each one by itself the server looks through the whole
 * bucket, 12 ms with 50 000 entries, where all of it takes 200 ms.
 */
const singleReadsMax = 8
const together = { concurrency: singleReadsMax, discard: true } as const

/** The partitions of this process, and why some can't be loaded. */
export interface Partitions extends PartitionHost, Pick<PartitionLoader, "troubles"> {}

/** The partitions of one device host: loaded from the buckets, drained into them, or dropped (ADR 4). */
export const makePartitions = Effect.fnUntraced(function* (options: {
  readonly host: DeviceHost
  readonly sealing: Sealing
  readonly formerSeals: FormerSeals
  readonly commands: CommandRevisions
  /** The host has something to send. */
  readonly flushSoon: () => void
}): Effect.fn.Return<Partitions, never, NatsConnection | Scope.Scope> {
  const { commands, flushSoon, formerSeals, host, sealing } = options
  const connection = yield* NatsConnection
  const questions = new Map<number, Scope.Closeable>()
  const run = Effect.runForkWith(yield* Effect.context<never>())

  const restoreSession = ({ data, sequence, subject }: TailMessage) => {
    const key = subject.slice(sessionSubject("").length)
    formerSeals.read(key, sequence, data)
    host.restore(steadyNow(), sequence, sealing.open(key, data))
  }
  const restoreCommand = ({ data, header, sequence, subject }: TailMessage) => {
    if (header("KV-Operation") !== "" || !commands.isNewer(commandIdOfKey(keyOf(subject)), sequence)) return
    const command = decodeCommand(Buffer.from(data).toString("utf8"))
    if (Result.isFailure(command) || !isPending(command.success.state)) return
    const { deviceKey, productKey } = command.success
    host.handleCommand(productKey, deviceKey, deliveryOf(command.success))
  }
  const read = (filter: string, accept: (message: TailMessage) => void) => (stream: string) =>
    readSnapshot({ stream, filterSubject: `$${stream.replace("_", ".")}.${filter}`, onMessage: accept })

  const load = Effect.fnUntraced(
    function* (batch: ReadonlyArray<Acquisition>) {
      const filters = batch.length > singleReadsMax ? [">"] : batch.map(({ partition }) => `${partition}.>`)
      const ours = new Set(batch.map(({ partition }) => String(partition)))
      const faults: Array<unknown> = []
      const filtered = (accept: (message: TailMessage) => void) => (message: TailMessage) => {
        const key = keyOf(message.subject)
        if (!ours.has(key.slice(0, key.indexOf(".")))) return
        // An exception costs its entry alone: its device handshakes again, as with one that this cluster's key does not open.
        try {
          accept(message)
        } catch (cause) {
          faults.push(cause)
        }
      }
      yield* Effect.forEach(filters, (filter) => read(filter, filtered(restoreSession))(sessionStream), together)
      yield* Effect.forEach(filters, (filter) => read(filter, filtered(restoreCommand))(commandStream), together)
      host.counters.entryFaults += faults.length
      if (faults.length > 0) yield* Effect.logError(unreadText(faults))
      for (const { fencingToken, partition } of batch) host.open(steadyNow(), partition, fencingToken)
      flushSoon()
    },
    Effect.provideService(NatsConnection, connection)
  )
  const loader = yield* makePartitionLoader(load, () => host.counters.loadFaults++)

  const hush = (partition: number) => {
    loader.giveUp(partition)
    formerSeals.leave(partition)
    const scope = questions.get(partition)
    questions.delete(partition)
    if (scope !== undefined) run(Scope.close(scope, Exit.void))
  }
  yield* Effect.addFinalizer(() => Effect.sync(() => [...questions.keys()].forEach(hush)))

  return {
    acquire: Effect.fnUntraced(function* (partition: number, fencingToken: number) {
      hush(partition)
      host.acquire(steadyNow(), partition, fencingToken)
      if (!(yield* loader.load({ partition, fencingToken }))) return
      const scope = yield* Scope.make()
      questions.set(partition, scope)
      yield* serveRpc(deviceRpc(partition), {}, ({ deviceKey, productKey }) =>
        Effect.sync(() => {
          const answer = host.ask(productKey, deviceKey)
          return answer._tag === "Known" ? { ...answer, lastSeenAt: wallOf(answer.lastSeenAt) } : answer
        })
      ).pipe(Scope.provide(scope), Effect.provideService(NatsConnection, connection))
    }),
    release: (partition) =>
      Effect.callback<void>((resume) => {
        hush(partition)
        host.release(steadyNow(), partition, () => resume(Effect.void))
        flushSoon()
      }),
    abandon: (partition) => {
      hush(partition)
      host.abandon(partition)
    },
    troubles: loader.troubles
  }
})

const unreadText = (faults: ReadonlyArray<unknown>): string =>
  `${faults.length} entries of SESSIONS and COMMANDS met an exception and were left out. It is a fault of Roost. Report it with this text: ` +
  Cause.pretty(Cause.die(faults[0]))

/** `$KV.{bucket}.{key}`. */
const keyOf = (subject: string): string => subject.slice(subject.indexOf(".", 4) + 1)
const commandStream = `KV_${Buckets.commands.name}`
const decodeCommand = Schema.decodeUnknownResult(fromJsonText(Command))
