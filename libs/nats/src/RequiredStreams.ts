import type { JetStreamManager } from "@nats-io/jetstream"
import { nuid } from "@nats-io/transport-node"
import { Effect, Schedule, type Scope } from "effect"
import { fromClient } from "./internal/fromClient.ts"

/** How often a process looks whether the streams that it needs are there. */
const lookMillis = 2_000
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

/** The streams that a process needs, and which of them are missing. */
export class RequiredStreams {
  readonly #manager: JetStreamManager
  readonly #connected: () => boolean
  readonly #required = new Set<string>()
  #present: ReadonlySet<string> = new Set()
  /** Why nobody knows; undefined when the last question was answered. */
  #unknown: string | undefined

  constructor(manager: JetStreamManager, connected: () => boolean) {
    this.#manager = manager
    this.#connected = connected
  }

  /** Why not all of them can be used; undefined when they can, as far as the last look goes. */
  readonly problem = (): string | undefined => {
    if (this.#required.size === 0) return undefined
    if (this.#unknown !== undefined) return this.#unknown
    const missing = [...this.#required].filter((name) => !this.#present.has(name))
    return missing.length === 0 ? undefined : `not there, the registry makes them: ${missing.join(", ")}`
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
      if (this.#required.size === 0 || !this.#connected()) return Effect.void
      const before = this.problem()
      return this.#look.pipe(Effect.andThen(Effect.suspend(() => this.#tell(before))))
    })
    return Effect.asVoid(Effect.forkScoped(Effect.forever(Effect.andThen(look, Effect.sleep(lookMillis)))))
  }

  #tell(before: string | undefined): Effect.Effect<void> {
    const now = this.problem()
    if (now === before) return Effect.void
    return now === undefined ? Effect.logInfo("all streams are there") : Effect.logError(`streams: ${now}`)
  }

  get #look(): Effect.Effect<void> {
    return fromClient("names of the streams", async () => {
      const names = new Set<string>()
      for await (const name of this.#manager.streams.names()) names.add(name)
      // Asked after: one that is born in between is in neither answer's way.
      for await (const name of this.#manager.streams.names(`${unbornPrefix}>`)) names.delete(name)
      return names
    }).pipe(
      Effect.match({
        onSuccess: (names) => {
          this.#present = names
          this.#unknown = undefined
        },
        onFailure: (error) => {
          this.#unknown = `JetStream does not answer: ${error.message}`
        }
      })
    )
  }
}
