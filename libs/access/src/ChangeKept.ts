import type { NatsError } from "@roost/nats"
import { Effect } from "effect"
import type { Kept, Table } from "./AccessStore.ts"

/** Changes of one entry at once, of which each gets done: with every conflict one of the others was. */
export const changersMax = 20

/**
 * Reads an entry by `find`, changes it and writes it. Of two who change it at once the second reads what the first one made, and changes
 * that. A store that does not answer is a defect.
 */
export const changeKept = <A, E>(
  table: Table<A>,
  id: string,
  find: Effect.Effect<Kept<A>, E>,
  to: (value: A) => A
): Effect.Effect<A, Exclude<E, NatsError>> =>
  find.pipe(
    Effect.flatMap(({ revision, value }) => {
      const changed = to(value)
      return changed === value ? Effect.succeed(value) : Effect.as(table.update(id, changed, revision), changed)
    }),
    Effect.retry({ times: changersMax - 1, while: isConflict }),
    Effect.catchIf(isNatsError, Effect.die)
  ) as Effect.Effect<A, Exclude<E, NatsError>>

export const isNatsError = (error: unknown): error is NatsError =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "NatsError"
export const isConflict = (error: unknown): error is NatsError => isNatsError(error) && error.reason === "Conflict"
