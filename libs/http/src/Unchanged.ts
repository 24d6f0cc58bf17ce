import { FieldsFixed, type RequestFault } from "@roost/contracts"
import { Effect } from "effect"

/**
 * Of a change that says more than what it changes (`sentBack` of `@roost/contracts`). The fields `fixed`, where it has them, must be as
 * `read` gives them. Else nothing is changed, and the answer names them.
 */
export const requireUnchanged = <E, R>(
  change: object,
  fixed: ReadonlyArray<string>,
  read: Effect.Effect<object, E, R>
): Effect.Effect<void, E | FieldsFixed, R> => {
  const given = Object.entries(change).filter(([name]) => fixed.includes(name))
  if (given.length === 0) return Effect.void
  return Effect.flatMap(read, (current) => {
    const known = new Map(Object.entries(current))
    const errors = given
      .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(known.get(name)))
      .map(([name]): RequestFault => ({
        path: ["payload", name],
        message: "can't be changed; leave it as it is, or out"
      }))
    if (errors.length === 0) return Effect.void
    const detail = errors.map(({ message, path }) => `${path.join(".")}: ${message}`).join("; ")
    return Effect.fail(new FieldsFixed({ detail, errors }))
  })
}
