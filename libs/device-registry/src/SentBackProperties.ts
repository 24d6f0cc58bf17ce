import type { Property } from "@roost/contracts"
import { isDeepStrictEqual } from "node:util"

type Values = Readonly<Record<string, unknown>>

/**
 * The values of a change of properties, by name: a member that is exactly as reading gives it, `value` and `updatedAt`, is its `value`. One
 * whose
 * value is still the stored one is left out, so that what was read and sent back changes nothing, not even a time.
 */
export const changedOf = (given: Values, stored: ReadonlyMap<string, Property>): Values =>
  Object.fromEntries(
    Object.entries(given).flatMap(([name, member]) => {
      if (!isProperty(member)) return [[name, member]]
      const known = stored.get(name)
      return known !== undefined && isSame(known.value, member.value) ? [] : [[name, member.value]]
    })
  )

const isProperty = (member: unknown): member is Property =>
  typeof member === "object" &&
  member !== null &&
  Object.keys(member).toSorted().join() === "updatedAt,value" &&
  Number.isSafeInteger((member as Property).updatedAt)

/** Many clients read numbers as doubles and sort the keys of objects: what they then send is what they read. */
const isSame = (one: unknown, other: unknown): boolean => isDeepStrictEqual(asRead(one), asRead(other))

const asRead = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
