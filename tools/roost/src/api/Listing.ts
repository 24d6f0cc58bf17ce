import { Effect, Option } from "effect"
import { Flag } from "effect/cli"
import { listWriter } from "../output/print.ts"
import { Api } from "./Api.ts"
import { type Operation, resolve } from "./Operation.ts"
import type { List } from "./Placement.ts"
import { requestOf, type Written } from "./Request.ts"

/** Of a command that lists. */
export const listFlags = ({ usual }: List) => ({
  limit: Flag.Int("limit").pipe(
    Flag.withDescription(`list so many at most (default: ${usual ?? "all"})`),
    Flag.optional
  ),
  all: Flag.Boolean("all").pipe(Flag.withDescription("list all"), Flag.withDefault(false)),
  cursor: Flag.String("cursor").pipe(Flag.withDescription("where a list before ended: its nextCursor"), Flag.optional),
  quiet: Flag.Boolean("quiet").pipe(
    Flag.withAlias("q"),
    Flag.withDescription("print the keys alone, one a line"),
    Flag.withDefault(false)
  )
})

interface Listing {
  readonly limit: Option.Option<number>
  readonly all: boolean
  readonly cursor: Option.Option<string>
  readonly quiet: boolean
}

/** Page after page, each printed when it came. */
export const listAll = Effect.fnUntraced(function* (
  operation: Operation,
  list: List,
  written: Written,
  given: Readonly<Record<string, unknown>>
) {
  const { call } = yield* Api
  const { all, cursor: from, limit, quiet } = given as unknown as Listing
  let left = all ? Infinity : Option.getOrElse(limit, () => list.usual ?? Infinity)
  let cursor = Option.getOrUndefined(from)
  const writer = yield* listWriter({ ...list, fields: fieldsOf(operation, list) }, quiet)
  const pageMax = pageMaxOf(operation)
  for (;;) {
    const page = {
      ...(pageMax === undefined ? {} : { limit: Math.min(pageMax, left) }),
      ...(cursor === undefined ? {} : { cursor })
    }
    const request = yield* requestOf(operation, { ...written, query: { ...written.query, ...page } })
    const answer = (yield* call(operation, request)) as Readonly<Record<string, unknown>>
    const items = (answer[list.items] as ReadonlyArray<unknown> | undefined) ?? []
    yield* writer.page(items.slice(0, left))
    left -= items.length
    cursor = answer["nextCursor"] as string | undefined
    if (cursor === undefined || left <= 0) return yield* writer.end(cursor)
  }
})

/** Fields that an item may have by the specification; undefined where an item is of several kinds. */
const fieldsOf = ({ answer, definitions }: Operation, { items }: List): ReadonlyArray<string> | undefined => {
  if (answer === undefined) return undefined
  const item = resolve(answer, definitions).properties?.[items]?.items
  const properties = item === undefined ? undefined : resolve(item, definitions).properties
  return properties === undefined ? undefined : Object.keys(properties)
}

/** How many items one answer has at most; undefined: it has all. */
const pageMaxOf = ({ fields }: Operation): number | undefined =>
  fields.find(({ name, place }) => place === "query" && name === "limit")?.schema["maximum"] as number | undefined
