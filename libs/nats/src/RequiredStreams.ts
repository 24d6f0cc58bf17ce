import type { JetStreamManager } from "@nats-io/jetstream"
import { type NatsConnection as NatsClient, nuid } from "@nats-io/transport-node"
import { Buckets } from "@roost/contracts"
import { Effect, FiberSet, Schedule, type Scope } from "effect"
import { fromClient } from "./internal/fromClient.ts"
import { Questions } from "./internal/Questions.ts"
import { NatsError } from "./NatsError.ts"

/** How often a process looks whether the streams that it needs are there and can be written, and how long the answer may take. */
const lookMillis = 2_000
const answerMillisMax = 2_000
/** How often while they can't, whether or not the last question is answered: a cluster without a leader answers none, also not later. */
const troubledLookMillis = 500
/** And how often one that starts looks. */
const awaitMillis = 250

/**
 * A stream's subject until its sequence is right: it is there by name, and nothing can use it. Another one each time, so that
 * of two processes that make the same stream the server turns one down.
 */
export const unbornSubject = (name: string): string => `${unbornPrefix}${name}.${nuid.next()}`

export const isUnborn = ({ subjects }: { readonly subjects?: ReadonlyArray<string> }): boolean =>
  subjects?.some((subject) => subject.startsWith(unbornPrefix)) === true

const unbornPrefix = "roost.unborn."

/** The streams that a process needs, which of them are missing, and whether anything can be written. */
export class RequiredStreams {
  readonly #client: NatsClient
  readonly #manager: JetStreamManager
  readonly #probe: string
  readonly #connected: () => boolean
  readonly #noteRefusal: () => void
  readonly #required = new Set<string>()
  readonly #questions = new Questions()
  #onUsable: ReadonlyArray<() => void> = []
  #present: ReadonlySet<string> = new Set()
  /** Why nobody knows; undefined when the last question was answered. */
  #unknown: string | undefined
  /** Why nothing can be written, as far as the last probe goes. */
  #unwritable: string | undefined

  /** `name`: of the process, whose probe is its own. `noteRefusal` is told when the store refuses it. */
  constructor(
    name: string,
    client: NatsClient,
    manager: JetStreamManager,
    connected: () => boolean,
    noteRefusal: () => void
  ) {
    this.#client = client
    this.#manager = manager
    this.#probe = `$KV.${Buckets.store.name}.probe.${name}`
    this.#connected = connected
    this.#noteRefusal = noteRefusal
  }

  /** Why not all of them can be used; undefined when they can, as far as the last look goes. */
  readonly problem = (): string | undefined => {
    if (this.#required.size === 0) return undefined
    if (this.#unknown !== undefined) return this.#unknown
    const missing = [...this.#required].filter((name) => !this.#present.has(name))
    return missing.length === 0 ? this.#unwritable : `not there, the registry makes them: ${missing.join(", ")}`
  }

  /** Waits until these are there, and goes on looking after them. */
  await(names: ReadonlyArray<string>): Effect.Effect<void> {
    return Effect.suspend(() => {
      for (const name of names) this.#required.add(name)
      const isThere = () => this.#unknown === undefined && names.every((name) => this.#present.has(name))
      return this.#look.pipe(
        Effect.andThen(Effect.sync(isThere)),
        Effect.repeat({ until: (there) => there, schedule: Schedule.spaced(awaitMillis) }),
        Effect.asVoid
      )
    })
  }

  /** Whether JetStream answers and takes what is written, as far as anybody looked; streams may be missing. */
  get #isUsable(): boolean {
    return this.#unknown === undefined && this.#unwritable === undefined
  }

  /** Ends when JetStream can be used again after it could not. */
  get usableAgain(): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      const listener = () => resume(Effect.void)
      this.#onUsable = [...this.#onUsable, listener]
      return Effect.sync(() => void (this.#onUsable = this.#onUsable.filter((other) => other !== listener)))
    })
  }

  /** For as long as the scope is open. */
  get follow(): Effect.Effect<void, never, Scope.Scope> {
    const looks = Effect.gen({ self: this }, function* () {
      const run = yield* FiberSet.makeRuntime<never>()
      for (;;) {
        const isTroubled = this.problem() !== undefined
        if (this.#required.size > 0 && this.#connected()) {
          if (isTroubled) run(this.#look)
          else yield* this.#look
        }
        yield* Effect.sleep(isTroubled ? troubledLookMillis : lookMillis)
      }
    })
    return Effect.asVoid(Effect.forkScoped(looks))
  }

  /** Looks once; what was asked later and answered before has the last word. */
  get #look(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const question = this.#questions.ask()
      return this.#ask.pipe(
        Effect.map((found) => {
          if (!this.#questions.settles(question)) return
          const wasUsable = this.#isUsable
          if (found.present !== undefined) this.#present = found.present
          this.#unknown = found.unknown
          this.#unwritable = found.unwritable
          if (wasUsable || !this.#isUsable) return
          const listeners = this.#onUsable
          this.#onUsable = []
          for (const listener of listeners) listener()
        })
      )
    })
  }

  get #ask(): Effect.Effect<Found> {
    return fromClient("names of the streams", async () => {
      const names = new Set<string>()
      for await (const name of this.#manager.streams.names()) names.add(name)
      // Asked after: one that is born in between is in neither answer's way.
      for await (const name of this.#manager.streams.names(`${unbornPrefix}>`)) names.delete(name)
      return names
    }).pipe(
      Effect.timeout(answerMillisMax),
      Effect.matchEffect({
        onSuccess: (names) =>
          Effect.map(names.has(storeName) ? this.#write : Effect.succeed(undefined), (unwritable) => ({
            present: names,
            unknown: undefined,
            unwritable
          })),
        onFailure: (error) =>
          Effect.succeed({
            present: undefined,
            unknown: `JetStream can't be used: ${textOf(error)}`,
            unwritable: this.#unwritable
          })
      })
    )
  }

  /** Overwrites a page, since servers list streams that they can't write: without a majority, or on a full disk. Why it can't. */
  get #write(): Effect.Effect<string | undefined> {
    return fromClient("a probe of the bucket STORE", async () => {
      const ack = await this.#client.request(this.#probe, page, { timeout: answerMillisMax })
      const { error } = JSON.parse(ack.string()) as { readonly error?: { readonly description?: string } }
      if (error === undefined) return
      this.#noteRefusal()
      throw new Error(`it refuses what is written (${error.description})`)
    }).pipe(
      Effect.match({
        onSuccess: () => undefined,
        onFailure: (error) => {
          // Permissions of a version before this probe: the look at the names has to do.
          const isUnknown = /permissions violation/i.test(error.detail)
          return isUnknown ? undefined : `JetStream can't be written to: ${textOf(error)}`
        }
      })
    )
  }
}

/** The result of one look. */
interface Found {
  /** Undefined if nobody said. */
  readonly present: ReadonlySet<string> | undefined
  readonly unknown: string | undefined
  readonly unwritable: string | undefined
}

const storeName = `KV_${Buckets.store.name}`
/** As large as a page of most file systems: it needs room that no earlier write has left. */
const page = "0".repeat(4096)

const textOf = (error: Error): string => {
  if (!(error instanceof NatsError) || error.reason === "Timeout") {
    return `no answer within ${answerMillisMax} ms; a cluster needs most of its servers`
  }
  return error.reason === "NoResponders"
    ? "nobody answers for it: a cluster needs most of its servers, and a full disk or the configuration switches JetStream off"
    : error.detail
}
