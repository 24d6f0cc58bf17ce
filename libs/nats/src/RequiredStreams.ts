import type { JetStreamManager } from "@nats-io/jetstream"
import { type NatsConnection as NatsClient, nuid } from "@nats-io/transport-node"
import { Buckets } from "@roost/contracts"
import { Effect, Schedule, type Scope } from "effect"
import { fromClient } from "./internal/fromClient.ts"
import { NatsError } from "./NatsError.ts"

/** How often a process looks whether the streams that it needs are there and can be written, and how long the answer may take. */
const lookMillis = 2_000
const answerMillisMax = 2_000
/** And how often one that starts looks. */
const awaitMillis = 250

/**
 * What a stream listens to until its sequence is right: it is there by name, and nothing can use it. Another one each time, so that
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
  readonly #required = new Set<string>()
  #present: ReadonlySet<string> = new Set()
  /** Why nobody knows; undefined when the last question was answered. */
  #unknown: string | undefined
  /** Why nothing can be written, as far as the last probe goes. */
  #unwritable: string | undefined

  /** `name`: of the process, whose probe is its own. */
  constructor(name: string, client: NatsClient, manager: JetStreamManager, connected: () => boolean) {
    this.#client = client
    this.#manager = manager
    this.#probe = `$KV.${Buckets.store.name}.probe.${name}`
    this.#connected = connected
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

  /** For as long as the scope is open. */
  get follow(): Effect.Effect<void, never, Scope.Scope> {
    const look = Effect.suspend(() => {
      return this.#required.size === 0 || !this.#connected() ? Effect.void : this.#look
    })
    return Effect.asVoid(Effect.forkScoped(Effect.forever(Effect.andThen(look, Effect.sleep(lookMillis)))))
  }

  get #look(): Effect.Effect<void> {
    return fromClient("names of the streams", async () => {
      const names = new Set<string>()
      for await (const name of this.#manager.streams.names()) names.add(name)
      // Asked after: one that is born in between is in neither answer's way.
      for await (const name of this.#manager.streams.names(`${unbornPrefix}>`)) names.delete(name)
      return names
    }).pipe(
      Effect.timeout(answerMillisMax),
      Effect.matchEffect({
        onSuccess: (names) => {
          this.#present = names
          this.#unknown = undefined
          return names.has(storeName) ? this.#write : Effect.void
        },
        onFailure: (error) => {
          this.#unknown = `JetStream can't be used: ${textOf(error)}`
          return Effect.void
        }
      })
    )
  }

  /** Overwrites a page, since servers list streams that they can't write: without a majority, or on a full disk. */
  get #write(): Effect.Effect<void> {
    return fromClient("a probe of the bucket STORE", async () => {
      const ack = await this.#client.request(this.#probe, page, { timeout: answerMillisMax })
      const { error } = JSON.parse(ack.string()) as { readonly error?: { readonly description?: string } }
      if (error !== undefined) throw new Error(`it refuses what is written (${error.description})`)
    }).pipe(
      Effect.match({
        onSuccess: () => void (this.#unwritable = undefined),
        onFailure: (error) => {
          // Permissions of a version before this probe: the look at the names has to do.
          const isUnknown = /permissions violation/i.test(error.detail)
          this.#unwritable = isUnknown ? undefined : `JetStream can't be written to: ${textOf(error)}`
        }
      })
    )
  }
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
